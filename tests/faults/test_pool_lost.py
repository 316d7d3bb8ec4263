"""Fault 18: the warm pool is lost. Sessions start cold meanwhile, and it is filled again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.live import wait_for
from tests.sandboxes import kill
from tests.workers.lab_host import lab_host
from tests.workers.test_sessions import get, job
from workers import pool, reaper, sessions
from workers.host import Host
from workers.startup import handle_of

__all__ = ["lab_host"]
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]


@pytest.fixture
def host(lab_host: Host) -> Iterator[Host]:
    yield lab_host
    for handle in lab_host.driver.list():
        lab_host.driver.stop(handle)
    shutil.rmtree(lab_host.run_dir / "pool")
    for route in (lab_host.run_dir / "routes").iterdir():
        route.unlink()


def comes_up(host: Host, warm: bool) -> None:
    """A student's session starts, with their files, from the pool or not; and ends again."""
    asked = job(host)
    started = sessions.start(host, asked)
    assert started.pool_hit is warm
    assert get(host, started.sandbox, "/lab/files/main.py") == (200, b"print(1)\n")
    sessions.stop(host, asked.session)


def test_its_sandboxes_are_killed(host: Host) -> None:
    environment = host.catalog.environments["base"]
    assert pool.refill(host, environment) == 2, "one for a session, one for a grading"
    warm = pool.listed(host)
    for sandbox in warm:
        kill(host.run_dir, sandbox)
    wait_for(lambda: all(host.driver.poll(handle_of(host, s)) for s in warm), 60, lambda: "they live on")
    comes_up(host, warm=False)
    reaper.reap(host)
    assert pool.refill(host, environment) == 2
    assert not pool.listed(host) & warm
    comes_up(host, warm=True)


def test_its_record_is_lost(host: Host) -> None:
    environment = host.catalog.environments["base"]
    assert pool.refill(host, environment) == 2
    warm = pool.listed(host)
    shutil.rmtree(host.run_dir / "pool")
    comes_up(host, warm=False)
    gone = {reaped.sandbox for reaped in reaper.reap(host, now=_much_later(host))}
    assert gone == warm, "nobody can claim them any more, so they don't stay"
    assert pool.refill(host, environment) == 2
    comes_up(host, warm=True)


def _much_later(host: Host) -> float:
    """When no start could still be under way."""
    return max(float(handle.labels["since"]) for handle in host.driver.list()) + reaper.START_SECONDS + 1
