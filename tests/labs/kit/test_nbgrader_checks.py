"""Checks made of an nbgrader assignment's tests, run by a real grader against a real student's kernel."""

from __future__ import annotations

from labs import nbgrader
from tests.labs.kit.roles import Role, grade
from tests.labs.notebooks import code, notebook
from tests.labs.test_nbgrader import ASSIGNMENT


def test_hidden_tests_run_in_the_grader_and_never_reach_the_student(student: Role) -> None:
    made = nbgrader.convert(ASSIGNMENT)
    ids = list(made.points)
    pristine: dict[str, bytes | str] = {"main.ipynb": made.starter.dump()}

    def statuses(answers: bytes) -> list[str]:
        files: dict[str, bytes | str] = {"main.ipynb": answers}
        return [c["status"] for c in grade(student, made.checks, files, ids, pristine=pristine)[1]["checks"]]

    assert statuses(made.solution.dump()) == ["passed", "passed"]
    assert statuses(made.starter.dump()) == ["failed", "failed"]
    wrong = notebook(code("suma", "def suma(ns):\n    return sum(ns) if ns else None"))
    assert statuses(wrong) == ["failed", "passed"]
