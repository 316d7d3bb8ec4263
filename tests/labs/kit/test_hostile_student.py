"""A grader whose student's sandbox answers with malice: never a pass, never a hang, never the grader's own end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.labs.kit.roles import HOSTILE, Role, grade

CHECKS = """
def corre(lab):
    lab.run("main.py", timeout=3).ok()
"""
FAILS_THE_CHECK = ["nan", "infinite", "duplicate", "deep", "wide", "text", "binary", "garbage", "giant", "many-parts"]
SILENT = ["silence", "leave"]


@pytest.fixture
def hostile(request: pytest.FixtureRequest) -> Iterator[Role]:
    role = Role("student", command=[str(HOSTILE), request.param]).wait_ready()
    yield role
    role.stop()


@pytest.mark.parametrize("hostile", [*FAILS_THE_CHECK, *SILENT], indirect=True)
def test_a_forged_or_missing_answer_fails_the_check(hostile: Role) -> None:
    _, report = grade(hostile, CHECKS, {"main.py": ""}, ["corre"], seconds=20)
    assert [(check["status"], check["score"]) for check in report["checks"]] == [("failed", 0.0)]
    assert report["outcome"] in ("graded", "timeout")
    assert {"es", "en"} <= report["checks"][0]["message"].keys()


@pytest.mark.parametrize("hostile", ["flood", "endless-message"], indirect=True)
def test_a_flood_ends_the_grading_as_too_much_output(hostile: Role) -> None:
    _, report = grade(hostile, CHECKS.replace("timeout=3", "timeout=30"), {"main.py": ""}, ["corre"])
    assert report["outcome"] == "output_limit"
    assert report["checks"][0]["status"] == "failed"
    assert "demasiado" in report["message"]["es"]


def test_no_student_at_all_is_not_the_students_fault() -> None:
    absent = Role("student", command=["-c", "import time; time.sleep(600)"])
    try:
        events, report = grade(absent, CHECKS, {"main.py": ""}, ["corre"])
        assert not report
        assert events == [{"event": "phase", "phase": "preparing"}]
    finally:
        absent.stop()
