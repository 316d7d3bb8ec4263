"""The warm pool: claimed once, refilled, never served stale, never missed when it is lost."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from labs.catalog import Environment
from workers import pool, reaper, specs
from workers.host import Host
from workers.startup import is_ready, wait_ready

pytestmark = pytest.mark.sandbox


def claim(host: Host, environment: Environment, kind: specs.Kind = "session", seconds: float = 60) -> list[str]:
    image = host.image(environment) or ""
    found = pool.claim(host, environment, image, kind, {"session": "s" * 26}, time.time() + seconds)
    return [h.id for h in found or []]


def test_a_claimed_sandbox_has_its_purpose_and_its_own_deadline(host: Host, environment: Environment) -> None:
    assert pool.refill(host, environment) == 3
    [sandbox] = claim(host, environment, seconds=60)
    [handle] = [h for h in host.driver.list() if h.id == sandbox]
    assert handle.labels["session"] == "s" * 26
    assert "pool" not in handle.labels
    assert handle.deadline < time.time() + 61
    student, grader = claim(host, environment, "grading")
    assert student != grader
    assert claim(host, environment, "grading") == [], "an entry is used once"
    assert pool.refill(host, environment) == 2


def _claim_all(folder: Path, names: list[str], answers: multiprocessing.Queue[list[str]]) -> None:
    """What claim does to markers, raced by processes without sandboxes behind them."""
    mine = []
    for name in names:
        try:
            (folder / "pool" / name).rename(folder / "claimed" / name)
        except FileNotFoundError:
            continue
        mine.append(name)
    answers.put(mine)


def test_many_processes_never_claim_one_entry_twice(tmp_path: Path) -> None:
    names = [specs.new_id() for _ in range(200)]
    for folder in ("pool", "claimed"):
        (tmp_path / folder).mkdir()
    for name in names:
        (tmp_path / "pool" / name).touch()
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[list[str]] = context.Queue()
    racers = [context.Process(target=_claim_all, args=(tmp_path, names, answers)) for _ in range(4)]
    for racer in racers:
        racer.start()
    claimed = [name for _ in racers for name in answers.get()]
    for racer in racers:
        racer.join()
    assert sorted(claimed) == sorted(names)


def test_a_dead_entry_is_passed_over(host: Host, environment: Environment) -> None:
    pool.refill(host, environment)
    marker = min(host.run_dir.glob("pool/test/*/session/*"), key=lambda p: p.stat().st_mtime)
    os.utime(marker, (1, 1))  # oldest, so tried first
    [dead] = [h for h in host.driver.list() if h.id == marker.name]
    host.driver.stop(dead)
    assert claim(host, environment) not in ([], [dead.id])


def test_another_definition_makes_the_pool_stale(host: Host, environment: Environment) -> None:
    pool.refill(host, environment)
    old = {h.id for h in host.driver.list()}
    changed = replace(environment, spec=environment.spec.model_copy(update={"warmup": "import json"}))
    assert claim(host, changed) == []
    pool.refill(host, changed)
    now = {h.id for h in host.driver.list()}
    assert len(now) == 4
    assert not old & now


def test_the_pool_can_be_off(host: Host, environment: Environment) -> None:
    pool.refill(host, environment)
    off = Host(host.config.model_copy(update={"pool": False}), host.driver, host.builder, host.storage)
    assert claim(off, environment) == []
    pool.refill(off, environment)
    assert host.driver.list() == []


def test_a_lost_pool_costs_only_warmth(host: Host, environment: Environment) -> None:
    """Fault 18: markers and sandboxes gone at once."""
    pool.refill(host, environment)
    for handle in host.driver.list():
        host.driver.stop(handle)
    shutil.rmtree(host.run_dir / "pool" / "test")
    assert claim(host, environment) == []
    image = host.image(environment) or ""
    cold = pool.start(host, environment, image, "grading", {"job": "j", "attempt": "1"}, time.time() + 60)
    wait_ready(host, cold, 20)
    assert all(is_ready(h) for h in cold)
    assert pool.refill(host, environment) == 3


def test_sandboxes_without_their_marker_are_reaped(host: Host, environment: Environment) -> None:
    pool.refill(host, environment)
    assert reaper.reap(host) == []
    marker = next(host.run_dir.glob("pool/test/*/session/*"))
    marker.unlink()
    later = time.time() + reaper.START_SECONDS + 1
    assert [(r.sandbox, r.reason) for r in reaper.reap(host, later)] == [(marker.name, "unclaimed")]
