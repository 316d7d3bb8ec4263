"""Faults 1 and 2: the grading worker, or its pool child, dies by kill -9 in the middle of a grading."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labs.catalog import Lab, load
from portal.demo import Student, reset, save
from tests.live import LivePortal, wait_for
from workers.config import ROOT

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1800)]
LAB = "paralelismo"
WAIT_SECONDS = 300  # `make bench` tells how long it takes: well under a minute


@pytest.fixture(scope="module")
def lab() -> Lab:
    return load(ROOT / "labs").labs[LAB]


@pytest.fixture
def student(live_portal: LivePortal, lab: Lab) -> Iterator[Student]:
    signed_in = Student(live_portal.url)
    signed_in.sign_in("estudiante", live_portal.password("estudiante"))
    reset(signed_in, lab)
    for path, content in lab.tree("solution").items():
        save(signed_in, lab, path, content.decode())
    yield signed_in
    signed_in.http.close()


def kill_worker(portal: LivePortal) -> None:
    """The main process and every pool child, as a power cut would; the supervisor brings it back."""
    main = portal.pid("grading")
    os.killpg(main, signal.SIGKILL)


def kill_child(portal: LivePortal) -> None:
    children = subprocess.run(["pgrep", "-P", str(portal.pid("grading"))], capture_output=True, text=True, check=True)
    for pid in children.stdout.split():
        os.kill(int(pid), signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_child, kill_worker])
def test_a_killed_grading_ends_in_one_grade(
    live_portal: LivePortal, student: Student, lab: Lab, kill: Callable[[LivePortal], None]
) -> None:
    submission = student.call("POST", f"/lab/{lab.id}/entregas/", {}, **{"Idempotency-Key": uuid.uuid4().hex})
    used = len(student.call("GET", f"/lab/{lab.id}/entregas/"))

    def now() -> Any:
        return student.call("GET", f"/entregas/{submission['id']}/")

    states = student.events(f"/entregas/{submission['id']}/eventos/")
    assert any(state["phase"] in {"running", "checking"} for state in states), f"it never ran: {now()}"
    kill(live_portal)
    assert now()["state"] != "graded", "it was over before the kill"
    wait_for(lambda: now()["state"] == "graded", WAIT_SECONDS, lambda: f"never graded: {now()}")
    assert now()["outcome"] == "graded"
    assert now()["points"] == now()["max_points"]
    assert len(student.call("GET", f"/lab/{lab.id}/entregas/")) == used
