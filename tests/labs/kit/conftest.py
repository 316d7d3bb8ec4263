from collections.abc import Iterator

import pytest

from tests.labs.kit.roles import Role, Session


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    role = Session("session", LAB_UI_PORTS="18455")
    role.wait_ready()
    yield role
    role.stop()


@pytest.fixture(scope="module")
def student() -> Iterator[Role]:
    """Shared by tests that leave the kernel as it was; sandboxes are never shared."""
    role = Role("student").wait_ready()
    yield role
    role.stop()


@pytest.fixture
def spent_student() -> Iterator[Role]:
    role = Role("student").wait_ready()
    yield role
    role.stop()
