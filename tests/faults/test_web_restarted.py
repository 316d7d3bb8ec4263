"""Fault 12: the web process or the gateway dies while output streams. The page resumes: no gap, no duplicate."""

from __future__ import annotations

import itertools
import json
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from labs.catalog import Lab, load
from portal.demo import Gateway, Student, lab_config, open_session, reset, save
from tests.live import LivePortal, wait_for
from workers.config import ROOT

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]
LAB = "paralelismo"
LINES = 60
PROGRAM = f"import time\nfor n in range({LINES}):\n    print(f'line {{n}}', flush=True)\n    time.sleep(0.1)\n"
PHASES = ["queued", "starting", "preparing", "running", "checking", "recording", "graded"]


@pytest.fixture(scope="module")
def lab() -> Lab:
    return load(ROOT / "labs").labs[LAB]


@pytest.fixture
def student(live_portal: LivePortal, lab: Lab) -> Iterator[Student]:
    signed_in = Student(live_portal.url)
    signed_in.sign_in("estudiante", live_portal.password("estudiante"))
    reset(signed_in, lab)
    yield signed_in
    signed_in.http.close()


def restart(portal: LivePortal, program: str, answers: Callable[[], Any]) -> None:
    """kill -9; returns when the supervisor's new one answers."""
    before = portal.pid(program)
    os.kill(before, signal.SIGKILL)

    def up() -> bool:
        try:
            return portal.pid(program) != before and answers() is not None
        except httpx.HTTPError:
            return False

    wait_for(up, 120, lambda: f"{program} doesn't come back")


class Run:
    """A run followed as the page does: after a break it asks for what comes past the last event that it has."""

    def __init__(self, gateway: Gateway, path: str) -> None:
        self.gateway = gateway
        self.id = gateway.http.post("/lab/runs", json={"path": path}).raise_for_status().json()["id"]
        self.last, self.text, self.state = "0", "", "running"

    def follow(self, until: Callable[[], bool] = lambda: False) -> None:
        """Until it ends, or ``until`` says so. Raises httpx.HTTPError when the line breaks."""
        timeout = httpx.Timeout(10, read=120)
        with self.gateway.http.stream(
            "GET", f"/lab/runs/{self.id}/events", params={"after": self.last}, timeout=timeout
        ) as answer:
            for line in answer.iter_lines():
                if line.startswith("id:"):
                    self.last = line.removeprefix("id:").strip()
                elif line.startswith("data:"):
                    self._take(json.loads(line.removeprefix("data:")))
                    if self.state != "running" or until():
                        return

    def _take(self, event: dict[str, Any]) -> None:
        if event["t"] == "stream":
            self.text += event["text"]
        elif event["t"] == "state":
            self.state = event["state"]


@pytest.fixture
def run(live_portal: LivePortal, student: Student, lab: Lab) -> Iterator[Run]:
    session = open_session(student, lab)
    ticket = student.call("POST", f"/sesion/{session['key']}/ticket/", {"ui": "jupyter"})["ticket"]
    gateway = Gateway(lab_config(student, lab)["gateway"], session["key"], ticket)
    gateway.http.put(f"/lab/files/{lab.spec.entry}", content=PROGRAM.encode()).raise_for_status()
    yield Run(gateway, lab.spec.entry)
    student.call("POST", f"/sesion/{session['key']}/parar/")


def all_lines() -> list[str]:
    return [f"line {n}" for n in range(LINES)]


def test_a_run_does_not_notice_that_the_web_process_died(live_portal: LivePortal, student: Student, run: Run) -> None:
    killed: list[int] = []

    def kill_once() -> bool:
        if not killed and "line 3" in run.text:
            killed.append(live_portal.pid("web"))
            os.kill(killed[0], signal.SIGKILL)
        return False

    run.follow(until=kill_once)
    assert killed
    assert (run.text.split("\n")[:-1], run.state) == (all_lines(), "ok")
    wait_for(lambda: live_portal.pid("web") not in {0, killed[0]}, 60, lambda: "the web process doesn't come back")
    wait_for(lambda: _answers(live_portal), 60, lambda: "the portal doesn't answer")


def _answers(portal: LivePortal) -> bool:
    try:
        return httpx.get(f"{portal.url}/salud/", timeout=10).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def test_a_run_goes_on_where_it_was_when_the_gateway_died(live_portal: LivePortal, student: Student, run: Run) -> None:
    run.follow(until=lambda: "line 3" in run.text)
    restart(live_portal, "gateway", lambda: run.gateway.http.get("/lab/runs"))
    run.follow()
    assert (run.text.split("\n")[:-1], run.state) == (all_lines(), "ok")


def states(student: Student, path: str, last: list[str]) -> Iterator[dict[str, Any]]:
    """The states of one stream; ``last`` keeps the newest id, which the next call sends as a browser does."""
    headers = {"Last-Event-ID": last[0]} if last else {}
    with student.http.stream("GET", path, headers=headers, timeout=httpx.Timeout(10, read=120)) as answer:
        answer.raise_for_status()
        for line in answer.iter_lines():
            if line.startswith("id:"):
                last[:] = [line.removeprefix("id:").strip()]
            elif line.startswith("data:"):
                yield json.loads(line.removeprefix("data:"))


def test_a_grading_is_followed_across_a_restart(live_portal: LivePortal, student: Student, lab: Lab) -> None:
    for path, content in lab.tree("solution").items():
        save(student, lab, path, content.decode())
    sent = student.call("POST", f"/lab/{lab.id}/entregas/", {}, **{"Idempotency-Key": uuid.uuid4().hex})
    path = f"/entregas/{sent['id']}/eventos/"
    last: list[str] = []
    seen: list[dict[str, Any]] = []
    for state in states(student, path, last):
        seen.append(state)
        if state["phase"] in {"preparing", "running", "checking"}:
            break
    restart(live_portal, "web", lambda: httpx.get(f"{live_portal.url}/salud/", timeout=10).raise_for_status())
    seen += states(student, path, last)
    order = [PHASES.index(state["phase"] or ("graded" if state["state"] == "graded" else "queued")) for state in seen]
    assert order == sorted(order), "it never goes back"
    assert all(one != other for one, other in itertools.pairwise(seen)), "nothing comes twice"
    assert (seen[-1]["state"], seen[-1]["points"]) == ("graded", seen[-1]["max_points"])


def test_a_session_is_followed_across_a_restart(live_portal: LivePortal, student: Student, lab: Lab) -> None:
    session = open_session(student, lab)
    path = f"/sesion/{session['key']}/eventos/"
    last: list[str] = []
    first = next(states(student, path, last))
    assert first["state"] == "ready"
    restart(live_portal, "web", lambda: httpx.get(f"{live_portal.url}/salud/", timeout=10).raise_for_status())
    student.call("POST", f"/sesion/{session['key']}/parar/")
    after = [state["state"] for state in states(student, path, last)]
    assert "ready" not in after, "the browser has that already"
    assert after[-1] == "stopped"
