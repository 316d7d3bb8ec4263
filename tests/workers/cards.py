"""A machine with two NVIDIA cards, as far as its device files go: the null device under their names."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.sandboxes import gpus

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device files")


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where they are: a folder in which a sandbox's uid finds them, too."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        dev = Path(folder)
        dev.chmod(0o755)
        for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
            os.mknod(dev / name, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            (dev / name).chmod(0o666)
        (dev / "nvidia-caps").mkdir()
        monkeypatch.setattr(gpus, "DEV", dev)
        yield dev
