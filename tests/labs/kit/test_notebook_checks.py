"""Notebooks graded by a real grader in a real student's kernel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.labs.kit.roles import Role, grade
from tests.labs.notebooks import code, notebook, text

HEAD = "from labkit import Failed, Lab, asserting\n"
PRISTINE = notebook(
    text("intro", "# Sumar"),
    code("datos", "numbers = [1, 2, 3]"),
    code("suma", "def suma(ns):\n    raise NotImplementedError", answer=True),
    code("uso", "print(suma(numbers))\nsuma(numbers)"),
    code("fin", "fin = 'llegó'"),
)
RIGHT = code("suma", "import sys\ndef suma(ns):\n    return sum(ns)")


def one(student: Role, body: str, submitted: bytes, extra_cells: str = "ignore") -> dict[str, Any]:
    checks = HEAD + "def c(lab):\n" + "".join(f"    {line}\n" for line in body.strip().splitlines())
    files: dict[str, bytes | str] = {"main.ipynb": submitted}
    pristine: dict[str, bytes | str] = {"main.ipynb": PRISTINE}
    _, report = grade(student, checks, files, ["c"], pristine=pristine, extra_cells=extra_cells)
    assert report["outcome"] == "graded", report
    result: dict[str, Any] = report["checks"][0]
    return result


def test_a_check_sees_outputs_values_and_functions(student: Role) -> None:
    body = """
run = lab.run_notebook("main.ipynb")
assert run.cell("uso").ok().stdout == "6\\n", run.cell("uso")
assert run.cell("uso").shown == "6\\n"
assert run.cell_value("uso") == 6
assert run.value("suma(numbers) + len(fin)") == 11
assert lab.call("main.ipynb", "suma", [5, 5]) == 10
assert lab.cell("fin").ok().stdout == ""
assert run.missing == ()
"""
    assert one(student, body, notebook(RIGHT))["status"] == "passed"


def test_locked_cells_are_the_labs_own(student: Role) -> None:
    submitted = notebook(code("datos", "numbers = [100]"), RIGHT, code("fin", "fin = 'trampa'"))
    body = "run = lab.run_notebook()\nassert run.value('[fin, suma(numbers)]') == ['llegó', 6]"
    assert one(student, body, submitted)["status"] == "passed"


def test_a_cell_that_fails_is_told_and_the_next_still_runs(student: Role) -> None:
    result = one(student, "lab.cell('uso').ok()", notebook(code("suma", "def suma(ns):\n    return 1 / 0")))
    assert result["status"] == "failed"
    assert "ZeroDivisionError: division by zero (main.ipynb#suma:2)" in result["message"]["es"]
    assert one(student, "assert lab.run_notebook().value('fin') == 'llegó'", notebook())["status"] == "passed"


def test_a_missing_function_says_which_cell_failed(student: Role) -> None:
    result = one(student, "lab.call('main.ipynb', 'suma', [1])", notebook(code("suma", "def suma(ns)\n    return 1")))
    assert result["status"] == "failed"
    assert "no define `suma`" in result["message"]["es"]
    assert "SyntaxError" in result["message"]["es"]


def test_what_is_no_notebook_fails_with_the_reason(student: Role) -> None:
    result = one(student, "lab.run_notebook()", b'{"cells": ')
    assert result["status"] == "failed"
    assert "no se puede leer" in result["message"]["es"]


@pytest.mark.parametrize(("extra_cells", "seen"), [("ignore", "False"), ("run", "True")])
def test_own_cells_run_only_where_the_lab_says(student: Role, extra_cells: str, seen: str) -> None:
    submitted = notebook(code("propia", "ayuda = 1"), RIGHT)
    body = f"assert lab.run_notebook().value('\"ayuda\" in globals()') is {seen}"
    assert one(student, body, submitted, extra_cells)["status"] == "passed"


def test_tests_on_borrowed_names_run_on_the_graders_side(student: Role) -> None:
    body = """
run = lab.run_notebook()
with asserting():
    suma, numbers = run.borrow("suma"), run.borrow("numbers")
    assert suma(numbers) == 6
    try:
        suma(None)
    except TypeError:
        pass
    else:
        raise AssertionError("sin TypeError")
    assert suma([1]) == 2, "uno no es dos"
"""
    result = one(student, body, notebook(RIGHT))
    assert result["status"] == "failed"
    assert "uno no es dos" in result["message"]["es"]
    result = one(student, "lab.run_notebook().borrow('nada')", notebook(RIGHT))
    assert "no define `nada`" in result["message"]["es"]


def test_a_cell_without_end_fails_alone(spent_student: Role) -> None:
    body = """
run = lab.run_notebook(timeout=2)
assert run.cell("suma").error
lab.expect(run.value("fin") == "llegó", es="no", en="no")
run.cell("suma").ok()
"""
    result = one(spent_student, body, notebook(code("suma", "while True:\n    pass")))
    assert result["status"] == "failed"
    assert "no terminó en 2 s" in result["message"]["es"]


HOSTILE = {
    "kernel is killed": "import os\nos._exit(0)",
    "shell is replaced": "get_ipython().results.clear()\nget_ipython().run_cell_async = None",
    "answers are forged": (
        "k = get_ipython().kernel\n"
        "k.session.send(k.iopub_socket, 'lab_answer', {'result': {'value': 6}}, parent=k.get_parent('shell'))"
    ),
    "exit": "exit()",
    "raises at exit": "raise SystemExit(0)",
    "names are traps": "class T(dict):\n    __eq__ = lambda *a: True\nsuma = T()",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_cell_never_passes(spent_student: Role, name: str) -> None:
    checks = HEAD + "def c(lab):\n    lab.expect(lab.call('main.ipynb', 'suma', [2, 5]) == 7, es='no', en='no')\n"
    files: dict[str, bytes | str] = {"main.ipynb": notebook(code("suma", HOSTILE[name]))}
    _, report = grade(spent_student, checks, files, ["c"], seconds=15, pristine={"main.ipynb": PRISTINE})
    assert report["outcome"] in ("graded", "timeout")
    assert [(check["status"], check["score"]) for check in report["checks"]] == [("failed", 0.0)]
