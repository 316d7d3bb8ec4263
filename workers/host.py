"""What every task on this machine works with: driver, environments, stored files and the course's content."""

from __future__ import annotations

import os
import threading
from functools import cache, cached_property
from pathlib import Path

from labs.catalog import Catalog, Environment, Lab, load_labs
from workers.config import LabsSettings, settings
from workers.environments import builder_for
from workers.environments.base import Builder
from workers.sandboxes import choose
from workers.sandboxes.base import SandboxDriver
from workers.storage import Storage, storage


class Host:
    """One for each process; see :func:`host`."""

    def __init__(self, config: LabsSettings, driver: SandboxDriver, builder: Builder, files: Storage) -> None:
        self.config = config
        self.driver = driver
        self.builder = builder
        self.storage = files
        self._catalog: tuple[int, Catalog] | None = None
        self._lock = threading.Lock()

    @cached_property
    def run_dir(self) -> Path:
        """The run directory with the folders the workers keep in it."""
        for name in ("pool", "claimed", "routes", "locks", "tended"):
            (self.config.run_dir / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.config.run_dir

    @property
    def catalog(self) -> Catalog:
        """The labs and environments as the files are now; read again when one of them changed."""
        with self._lock:
            stamp = _stamp(self.config.content_dir)
            if self._catalog is None or self._catalog[0] != stamp:
                self._catalog = (stamp, load_labs(self.config.content_dir))
            return self._catalog[1]

    def environment(self, lab: Lab, gpu: bool) -> Environment:
        """Where that lab runs here, with the host's cards or without."""
        with_gpu = lab.spec.gpu_environment if gpu else None
        return self.catalog.environments[with_gpu or lab.spec.environment]

    def image(self, environment: Environment) -> str | None:
        return self.builder.find(environment)


def _stamp(root: Path) -> int:
    """Changes with any file of a lab or an environment. Every task asks, so no Path is made of each of a thousand."""
    folders = [root / "environments", *root.glob("courses/*/*/labs")]
    files = [str(path) for path in root.glob("courses/*/course.yaml")]
    files += [f"{top}/{name}" for folder in folders for top, _, names in os.walk(folder) for name in names]
    return hash(frozenset((name, _state(name)) for name in files))


def _state(name: str) -> tuple[int, int] | None:
    """None for a file that somebody removed since it was listed."""
    try:
        found = os.lstat(name)
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size


@cache
def host() -> Host:
    """This process's host, by its settings."""
    config = settings()
    driver = choose(config)
    return Host(config, driver, builder_for(driver.name), storage())
