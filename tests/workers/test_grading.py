"""One attempt at a grade, in two real sandboxes, warm and cold: who failed is always said."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from tests.workers.course import SOLUTION
from tests.workers.lab_host import lab_host
from workers import pool, specs
from workers.grading import grade
from workers.host import Host
from workers.jobs import GradeJob, GradeResult

__all__ = ["lab_host"]
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


def job(host: Host, source: str, **changes: Any) -> GradeJob:
    lab = host.catalog.labs["suma"]
    files = {"main.py": host.storage.put(source.encode())}
    given = {"job": specs.new_id(), "attempt": 1, "lab": lab.id, "lab_digest": lab.digest, "files": files}
    return GradeJob(**{**given, "seed": secrets.randbelow(1000), **changes})


def graded(host: Host, source: str, **changes: Any) -> GradeResult:
    return grade(job(host, source, **changes), host)


def test_a_right_answer_gets_everything_and_says_how_it_went(lab_host: Host) -> None:
    events: list[dict[str, Any]] = []
    delivered: list[GradeResult] = []
    result = grade(job(lab_host, SOLUTION), lab_host, events.append, delivered.append)
    assert delivered == [result]
    assert (result.outcome, [(c["id"], c["score"]) for c in result.checks]) == (
        "graded",
        [("suma", 1.0), ("salida", 1.0)],
    )
    phases = [e["phase"] for e in events if e["t"] == "phase"]
    assert phases == ["starting", "preparing", "running", "checking"]
    assert [e["id"] for e in events if e["t"] == "check"] == ["suma", "salida"]
    assert {"start", "student", "total", "pool_hit"} <= set(result.timings)
    assert lab_host.driver.list() == []


def test_only_the_checks_that_are_asked_for_are_run(lab_host: Host) -> None:
    result = graded(lab_host, SOLUTION, checks=["salida"])
    assert (result.outcome, [(c["id"], c["score"]) for c in result.checks]) == ("graded", [("salida", 1.0)])


def test_a_warm_pair_is_used_once(lab_host: Host) -> None:
    environment = lab_host.catalog.environments["base"]
    only_grading = environment.spec.model_copy(update={"pool": environment.spec.pool.model_copy(update={"session": 0})})
    # The key covers the whole definition, so the catalogue must hold the very same.
    lab_host.catalog.environments["base"] = warm = type(environment)(environment.name, environment.path, only_grading)
    try:
        assert pool.refill(lab_host, warm) == 1
        first, second = graded(lab_host, SOLUTION), graded(lab_host, SOLUTION)
        assert (first.timings["pool_hit"], second.timings["pool_hit"]) == (1.0, 0.0)
        assert (first.outcome, second.outcome) == ("graded", "graded")
    finally:
        lab_host.catalog.environments["base"] = environment


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        (SOLUTION.replace("a + b", "'boom'"), "author_error"),
        (SOLUTION.replace("return a + b", "return len(b'x' * (8 << 30))"), "memory"),
        (SOLUTION.replace("return a + b", "while True: pass"), "timeout"),
        (SOLUTION.replace("return a + b", "import os; os._exit(0)"), "graded"),
    ],
    ids=["the check is wrong", "too much memory", "never ends", "ends itself"],
)
def test_the_outcome_says_who_failed(lab_host: Host, source: str, outcome: str) -> None:
    result = graded(lab_host, source)
    assert result.outcome == outcome, result
    assert all(c["status"] != "passed" for c in result.checks if c["id"] == "suma")
    assert lab_host.driver.list() == []


def test_what_the_platform_lacks_is_its_own_failure(lab_host: Host) -> None:
    assert graded(lab_host, SOLUTION, lab_digest="0" * 64).outcome == "platform_error"
    assert graded(lab_host, SOLUTION, files={"main.py": "0" * 64}).outcome == "platform_error"
    assert lab_host.driver.list() == []
