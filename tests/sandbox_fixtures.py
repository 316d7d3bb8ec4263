"""Fixtures that give a test each driver of this machine in turn; a conftest.py imports them by name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandboxes import ECHO, Bench, available_drivers, bench, make_image, ping
from workers.sandboxes.base import Handle


@pytest.fixture(scope="session", params=available_drivers() or [pytest.param("none", marks=pytest.mark.skip)])
def driver_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def image(driver_name: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_image(driver_name, tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="session")
def session_bench(driver_name: str, image: str) -> Iterator[Bench]:
    with bench(driver_name, image) as made:
        yield made


@pytest.fixture
def sandboxes(session_bench: Bench) -> Iterator[Bench]:
    """Starts sandboxes by one driver and ends them with the test."""
    yield session_bench
    session_bench.stop_all()


@pytest.fixture(scope="session")
def _neighbour(session_bench: Bench) -> Iterator[Handle]:
    handle = session_bench.driver.start(session_bench.spec(ECHO, wall_seconds=900, deadline=2e9 + 1e9))
    ping(handle)
    yield handle
    session_bench.driver.stop(handle)


@pytest.fixture
def neighbour(_neighbour: Handle, session_bench: Bench) -> Iterator[Handle]:
    """Another student's sandbox: whatever the test does, it answers as before."""
    yield _neighbour
    assert session_bench.driver.poll(_neighbour) is None
    ping(_neighbour)
