"""A host with the real kit in the real ``base`` environment, built when it isn't yet. Import the fixture by name."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers import course
from workers.config import settings
from workers.environments import builder_for
from workers.host import Host
from workers.sandboxes import choose
from workers.storage import LocalStorage


@pytest.fixture(scope="session")
def lab_host(driver_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("content")
    folder.chmod(0o755)
    run_dir = Path(tempfile.mkdtemp(prefix="lab-", dir="/dev/shm"))
    config = settings().model_copy(
        update={"driver": driver_name, "run_dir": run_dir, "content_dir": course.write(folder), "session_slots": 2}
    )
    driver = choose(config)
    host = Host(config, driver, builder_for(driver.name), LocalStorage(tmp_path_factory.mktemp("storage")))
    assert host.catalog.problems == []
    host.builder.build(host.catalog.environments["base"], lambda *_: None)
    yield host
    for handle in driver.list():
        driver.stop(handle)
    shutil.rmtree(run_dir)
