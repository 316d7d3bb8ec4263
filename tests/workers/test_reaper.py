"""No sandbox outlives whoever answers for it."""

from __future__ import annotations

import subprocess
import time

import pytest

from labs.catalog import Environment
from workers import pool, reaper, sessions, specs
from workers.host import Host
from workers.sandboxes.base import Handle

pytestmark = pytest.mark.sandbox
KEY = "k" * 26


def start(host: Host, environment: Environment, seconds: float = 600, **labels: str) -> Handle:
    kind: specs.Kind = "session" if "session" in labels else "grading"
    return pool.start(host, environment, host.image(environment) or "", kind, labels, time.time() + seconds)[0]


def dead_owner() -> str:
    """The name of a process that was and is no more."""
    with subprocess.Popen(["sleep", "60"]) as process:
        name = specs.owner(process.pid)
        assert specs.owner_lives(name)
        process.kill()
    return name


def reasons(host: Host, later: float = 0) -> dict[str, str]:
    return {r.sandbox: r.reason for r in reaper.reap(host, time.time() + later)}


def test_a_process_number_used_again_is_not_the_owner() -> None:
    pid, started = specs.owner().split(":")
    assert specs.owner_lives(f"{pid}:{started}")
    assert not specs.owner_lives(f"{pid}:{int(started) - 1}")
    assert not specs.owner_lives(dead_owner())
    assert not specs.owner_lives("")


def test_a_grading_goes_when_its_worker_does(host: Host, environment: Environment) -> None:
    start(host, environment, job="1", attempt="1")
    assert reasons(host) == {}, "its worker, this process, lives"
    start(host, environment, job="2", attempt="1", owner=dead_owner())
    assert list(reasons(host).values()) == ["owner_gone", "owner_gone"]
    assert {h.labels["job"] for h in host.driver.list()} == {"1"}


def test_everything_goes_past_its_deadline(host: Host, environment: Environment) -> None:
    handle = start(host, environment, seconds=30, session=KEY)
    sessions.write_route(host.run_dir, KEY, handle.id)
    assert reasons(host) == {}
    [gone] = reaper.reap(host, time.time() + 31)
    assert (gone.sandbox, gone.reason, gone.session) == (handle.id, "deadline", KEY)
    assert sessions.read_route(host.run_dir, KEY) is None
    assert host.driver.list() == []


def test_a_session_stays_while_it_is_routed_and_outlives_its_starter(host: Host, environment: Environment) -> None:
    handle = start(host, environment, session=KEY, owner=dead_owner())
    sessions.write_route(host.run_dir, KEY, handle.id)
    assert reasons(host) == {}
    sessions.remove_route(host.run_dir, KEY)
    assert reasons(host) == {handle.id: "unrouted"}


def test_a_session_being_started_is_left_alone(host: Host, environment: Environment) -> None:
    handle = start(host, environment, session=KEY)
    assert reasons(host) == {}
    assert reasons(host, reaper.START_SECONDS + 1) == {handle.id: "unrouted"}


def test_a_session_that_ended_by_itself_is_reported(host: Host, environment: Environment) -> None:
    handle = start(host, environment, session=KEY, owner=dead_owner())
    sessions.write_route(host.run_dir, KEY, handle.id)
    host.driver.stop(handle)  # what an engine restart leaves: a route to nothing
    [gone] = reaper.reap(host)
    assert (gone.session, gone.reason) == (KEY, "ended")
    assert sessions.read_route(host.run_dir, KEY) is None


def test_stopping_a_session_twice_is_fine(host: Host, environment: Environment) -> None:
    handle = start(host, environment, session=KEY)
    sessions.write_route(host.run_dir, KEY, handle.id)
    sessions.stop(host, KEY)
    sessions.stop(host, KEY)
    assert host.driver.list() == []
    assert sessions.read_route(host.run_dir, KEY) is None
