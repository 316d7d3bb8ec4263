"""What builds an environment: from the files under labs/environments/ to something a sandbox can mount or run."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from labs.catalog import Environment

Reason = Literal[
    "unknown_package",
    "unknown_version",
    "bad_requirement",
    "hash_mismatch",
    "network",
    "disk_full",
    "build_failed",
    "missing_host_package",
    "build_line",
    "engine",
    "other",
]

Progress = Callable[[float, str], None]
"""``progress(fraction, text)``. The first word of ``text`` is the step's code, which a page translates: ``waiting``,
``downloading``, ``compiling``, ``installing``, ``finishing``, ``image`` or ``ready``; the rest is detail such as
``pyspark 62 %``. See :func:`split_step`."""


class BuildError(Exception):
    """An environment could not be built. The message says which package and why; ``reason`` is a code for pages."""

    def __init__(self, message: str, *, reason: Reason = "other", package: str | None = None, log: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.package = package
        self.log = log


class Builder(Protocol):
    """Builds environments for one driver. Several processes may call any verb at the same time."""

    driver: str

    def find(self, env: Environment) -> str | None:
        """What SandboxSpec.image must say for this very definition, None when it isn't built here."""

    def build(self, env: Environment, progress: Progress) -> str:
        """Build it unless it is built, and return its image. Raises BuildError and then leaves nothing half made."""

    def size(self, env: Environment) -> int:
        """Bytes on disk of the built environment, 0 when it isn't built."""

    def remove_stale(self, keep: Collection[Environment]) -> list[str]:
        """Remove what was built from older definitions; returns what went. Running sandboxes must not use them."""


def split_step(text: str) -> tuple[str, str]:
    """A progress text as (step code, detail)."""
    code, _, detail = text.partition(" ")
    return code, detail


def scaled(progress: Progress, start: float, end: float) -> Progress:
    """A progress whose 0..1 is the ``start``..``end`` part of ``progress``."""
    return lambda fraction, text: progress(start + (end - start) * min(max(fraction, 0.0), 1.0), text)


def digest_of(*parts: bytes | str) -> str:
    """A name for content: 12 hex digits of the SHA-256 over the parts, which can't run into each other."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(f"{len(data)}:".encode() + data)
    return total.hexdigest()[:12]


def made_once(done: Path, make: Callable[[Path], None], progress: Progress) -> Path:
    """The folder ``done``, which ``make`` fills if it isn't there: whole or not at all, however many ask at once."""
    with locked(done.parent / f".{done.name}.lock", progress):
        if not done.is_dir():
            temporary = Path(tempfile.mkdtemp(prefix=f".{done.name}-", dir=done.parent))
            try:
                make(temporary)
                temporary.chmod(0o755)
                temporary.rename(done)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return done


def remove_unwanted(root: Path, wanted: Collection[str]) -> list[Path]:
    """Remove the folders of :func:`made_once` whose names up to the first dot aren't wanted; returns what went."""
    stale = [path for path in root.glob("[!.]*") if path.name.partition(".")[0] not in wanted]
    for path in stale:
        shutil.rmtree(path)
    clear_abandoned(root)
    return stale


def abandoned(folder: Path, lock: Path) -> bool:
    """Whether ``folder``, which only a holder of ``lock`` makes and removes, is what a killed build left."""
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return folder.exists()


def clear_abandoned(root: Path) -> None:
    """Remove unfinished folders (``.<name>-<random>`` beside ``.<name>.lock``) that nobody builds any more."""
    for folder in [p for p in root.glob(".*-*") if p.is_dir()]:
        name = folder.name.rpartition("-")[0]
        if abandoned(folder, root / f"{name}.lock"):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(path: Path, progress: Progress, poll_seconds: float = 0.2) -> Iterator[None]:
    """Hold the lock file ``path``; the kernel lets go of it when its holder dies. Says ``waiting`` meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        told = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    progress(0.0, "waiting")
                    told = True
                time.sleep(poll_seconds)
        yield
    finally:
        os.close(handle)
