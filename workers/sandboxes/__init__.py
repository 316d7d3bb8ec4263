"""Where untrusted code runs: two drivers behind the contract of base.py."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from workers.config import LabsSettings
from workers.sandboxes.base import PreflightError, SandboxDriver


def choose(settings: LabsSettings) -> SandboxDriver:
    """The driver this host is to use: the forced one, else Docker when an engine answers, else bubblewrap."""
    from workers.sandboxes.bubblewrap import BubblewrapDriver
    from workers.sandboxes.docker import DockerDriver, answers

    open_run_dir(settings)
    if settings.driver == "docker" or (settings.driver == "auto" and answers()):
        return DockerDriver(settings)
    driver = BubblewrapDriver(settings)
    driver.compile_kit()
    return driver


def open_run_dir(settings: LabsSettings) -> Path:
    """The run directory, made where missing. Raises PreflightError when it is not ours alone to write to."""
    path = settings.run_dir
    path.mkdir(mode=0o711, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PreflightError(f"{path} is not a directory of uid {os.geteuid()}: remove it or set LABS_RUN_DIR")
    path.chmod(0o711)
    return path
