"""The last look before the launcher ends: no sandbox may outlive its portal."""

from __future__ import annotations

import shutil

from workers.config import settings
from workers.sandboxes import open_run_dir
from workers.sandboxes.base import SandboxDriver
from workers.sandboxes.bubblewrap import BubblewrapDriver
from workers.sandboxes.docker import DockerDriver, answers


def available() -> list[SandboxDriver]:
    """Every sandbox driver that this machine can run, chosen or not."""
    config = settings()
    open_run_dir(config)
    return [BubblewrapDriver(config), *([DockerDriver(config)] if answers() else [])]


def stop_all_sandboxes() -> int:
    """Stop every sandbox of this portal, whichever driver started it; gives how many there were."""
    found = 0
    for driver in available():
        for handle in driver.list():
            driver.stop(handle)
            found += 1
        if isinstance(driver, BubblewrapDriver):
            driver.cgroups.tidy()
    shutil.rmtree(settings().run_dir)
    return found
