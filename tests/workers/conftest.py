"""A host whose sandboxes are real and small: they say they are ready and wait."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from labs.catalog import Environment, EnvironmentFile, Pool, Text
from tests.redis_server import redis_client, redis_server
from tests.sandbox_fixtures import image, sandboxes, session_bench
from tests.sandboxes import PYTHON, Bench
from workers import specs
from workers.host import Host
from workers.jobs import Limits, SandboxSpec
from workers.storage import LocalStorage

__all__ = ["image", "redis_client", "redis_server", "sandboxes", "session_bench"]

READY = "import time; open('/run/lab/ready', 'w').close(); time.sleep(600)"


@dataclass
class Built:
    """Stands for an environment builder whose one image is the bench's."""

    image: str | None

    def find(self, _: Environment) -> str | None:
        return self.image


@pytest.fixture
def host(sandboxes: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    real: Callable[..., SandboxSpec] = specs.make

    def small(*args: Any, **kwargs: Any) -> SandboxSpec:
        spec = real(*args, **kwargs)
        limits = Limits(
            memory_mb=128, pids=32, disk_mb=16, inodes=200, wall_seconds=spec.limits.wall_seconds, file_mb=16
        )
        return replace(spec, command=(PYTHON, "-c", READY), limits=limits)

    monkeypatch.setattr(specs, "make", small)
    made = Host(sandboxes.settings, sandboxes.driver, Built(sandboxes.image), LocalStorage(tmp_path))  # type: ignore[arg-type]
    yield made
    for handle in made.driver.list():
        made.driver.stop(handle)
    shutil.rmtree(made.run_dir / "pool", ignore_errors=True)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    spec = EnvironmentFile(title=Text(es="Prueba", en="Test"), pool=Pool(session=2, grading=1))
    return Environment("test", tmp_path, spec)
