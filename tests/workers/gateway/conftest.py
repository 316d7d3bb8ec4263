from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.config import settings


@pytest.fixture(autouse=True)
def _gateway_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LABS_GATEWAY_KEY", "k" * 40)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """A short path: a unix socket's ends at 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="gw-", dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)
