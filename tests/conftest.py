import logging

import pytest

from tests.live import live_portal
from tests.sandbox_fixtures import driver_name

__all__ = ["driver_name", "live_portal"]

logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each poll would bury what a failure shows


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--docker", choices=("only", "without"), help="the tests that use Docker, or all others")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What ``--docker`` asks for: its environments take longer to build, and what needs none of them needn't wait."""
    if wanted := config.getoption("--docker"):
        dropped = [item for item in items if _uses_docker(item) != (wanted == "only")]
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]


def _uses_docker(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    return "docker" in (call.params.values() if call else ()) or item.get_closest_marker("docker") is not None
