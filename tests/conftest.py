import logging

from tests.live import live_portal
from tests.sandbox_fixtures import driver_name

__all__ = ["driver_name", "live_portal"]

logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each poll would bury what a failure shows
