"""Downloads an environment's pinned packages once, as wheels, for both drivers to install without a network."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection
from pathlib import Path

from uv import find_uv_bin

from labs.catalog import Environment
from workers.config import settings
from workers.environments.base import BuildError, Progress, digest_of, made_once, remove_unwanted
from workers.environments.commands import CommandFailed, run
from workers.environments.failures import explain


def wheelhouse(env: Environment, python: str, progress: Progress) -> Path:
    """The folder with one wheel for each line of requirements.txt, for the interpreter at ``python``.

    Every download is checked against its pinned hash; what has no wheel is built here, and runs its own set-up code
    with the rights of whoever builds: requirements.txt is reviewed like our code. Raises BuildError.
    """
    root = settings().var_dir / "wheelhouse"
    done = root / f"{digest_of(env.requirements)}.{tag(python)}"
    made_once(done, lambda folder: _fetch(_pip(root, python), env, folder, progress), progress)
    progress(1.0, "downloading")
    return done


def remove_stale_wheels(keep: Collection[Environment]) -> list[Path]:
    """Remove the wheels of requirements that no kept environment has, and what killed downloads left."""
    return remove_unwanted(settings().var_dir / "wheelhouse", {digest_of(env.requirements) for env in keep})


def tag(python: str) -> str:
    """``cp311`` for Python 3.11: wheels are chosen by it."""
    code = "import sys; print('cp%d%d' % sys.version_info[:2])"
    try:
        return subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        message = f"python3: {python} can't be run ({error}); on Debian: apt-get install python3"
        raise BuildError(message, reason="missing_host_package", package="python3") from error


def _pip(root: Path, python: str) -> Path:
    """A pip that runs on the target interpreter, so that it picks its wheels; bare Debian has none, uv seeds one."""
    tool = root / f".pip-{tag(python)}"
    if not (tool / "bin/pip").exists():
        try:
            run([find_uv_bin(), "venv", "--quiet", "--clear", "--seed", "--python", python, tool])
        except CommandFailed as failure:
            raise explain(failure.log) from failure
    return tool / "bin/pip"


def _fetch(pip: Path, env: Environment, target: Path, progress: Progress) -> None:
    meter = _Meter(len(re.findall(r"^[A-Za-z0-9]", env.requirements, re.MULTILINE)), progress)
    requirements = env.path / "requirements.txt"
    options = ["--no-deps", "--require-hashes", "--progress-bar", "raw", "--disable-pip-version-check", "--no-input"]
    try:
        run(
            [pip, "wheel", *options, "-r", requirements, "-w", target],
            meter.line,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
    except CommandFailed as failure:
        raise explain(failure.log) from failure


class _Meter:
    """Reads pip's output into progress: one step a package, downloads in percent."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.total = max(total, 1)
        self.progress = progress
        self.started = 0
        self.package = ""
        self.percent = -1

    def line(self, line: str) -> None:
        if line.startswith("Progress "):
            self._downloaded(line)
        elif found := re.match(r"\s*Building wheel for ([\w.-]+) .*: started", line):
            self.progress(0.95, f"compiling {found[1]}")
        elif found := re.match(r"(?:Collecting ([A-Za-z0-9._-]+)|Processing (?:\S*/)?([A-Za-z0-9._]+))", line):
            self.started += 1
            self.package = found[1] or found[2]
            self.percent = -1
            self.progress(self._fraction(0), f"downloading {self.package}")

    def _downloaded(self, line: str) -> None:
        numbers = re.findall(r"\d+", line)
        if len(numbers) < 2 or int(numbers[1]) == 0:
            return
        percent = int(100 * int(numbers[0]) / int(numbers[1]))
        if percent >= self.percent + 2:
            self.percent = percent
            self.progress(self._fraction(percent / 100), f"downloading {self.package} {percent} %")

    def _fraction(self, of_this: float) -> float:
        return 0.95 * min((max(self.started, 1) - 1 + of_this) / self.total, 1.0)
