"""Warm sandboxes: single-use ones already past their imports, waiting for a student or a submission.

A ready one is a marker file ``pool/<environment>/<key>/<kind>/<id>`` listing its sandboxes (one for a session, S and
G for grading). Whoever renames it to ``claimed/<id>`` has it: rename is atomic, so no two can. Nothing else is
remembered, and losing the pool only means the next starts are cold.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from labs.catalog import Environment
from workers import specs
from workers.host import Host
from workers.sandboxes.base import Handle, SandboxError
from workers.specs import Kind
from workers.startup import adopt, handle_of, is_ready, wait_ready

log = logging.getLogger(__name__)

AFTER_FAILURE_SECONDS = 120.0


def _folder(host: Host, environment: str, key: str, kind: Kind) -> Path:
    return host.run_dir / "pool" / environment / key / kind


def claim(
    host: Host, environment: Environment, image: str, kind: Kind, labels: dict[str, str], deadline: float
) -> list[Handle] | None:
    """Take a warm entry for good, with its new labels and deadline; None when there is none to take."""
    if not host.config.pool:
        return None
    folder = _folder(host, environment.name, specs.pool_key(environment, image), kind)
    for marker in _markers(folder):
        taken = host.run_dir / "claimed" / marker.name
        try:
            os.utime(marker)  # the reaper gives a claimed marker a minute from here
            marker.rename(taken)
        except FileNotFoundError:
            continue  # another process was faster
        handles = [handle_of(host, sandbox) for sandbox in taken.read_text().split()]
        labels = {"owner": specs.owner(), "since": f"{time.time():.0f}", **labels}
        try:
            if all(is_ready(h) and host.driver.poll(h) is None for h in handles):
                return [adopt(host, h, labels, deadline) for h in handles]
        except SandboxError as error:
            log.warning("warm sandbox %s not usable: %s", marker.name, error)
        finally:
            taken.unlink(missing_ok=True)
        stop_all(host, handles)
    return None


def _markers(folder: Path) -> list[Path]:
    """Oldest first, so that none grows old."""
    try:
        found = [(p.stat().st_mtime, p) for p in folder.iterdir() if not p.name.startswith(".")]
    except FileNotFoundError:
        return []
    return [p for _, p in sorted(found)]


def stop_all(host: Host, handles: list[Handle]) -> None:
    """Stop each, whatever happens with the others; the reaper retries what failed."""
    for handle in reversed(handles):
        try:
            host.driver.stop(handle)
        except SandboxError as error:
            log.warning("sandbox %s not stopped: %s", handle.id, error)


def start(
    host: Host,
    environment: Environment,
    image: str,
    kind: Kind,
    labels: dict[str, str],
    deadline: float,
    limits: specs.Limits | None = None,
    latest: float | None = None,
) -> list[Handle]:
    """Start what one entry of that kind consists of; not ready yet. Leaves nothing behind when it raises.

    ``latest``: the time up to which the deadline may be moved.
    """
    handles: list[Handle] = []
    try:
        for role in ("session",) if kind == "session" else ("student", "grader"):
            # Roles are Literals; mypy widens those of a tuple.
            spec = specs.make(
                environment,
                image,
                role,  # type: ignore[arg-type]
                deadline=deadline,
                labels=labels,
                limits=limits,
                peer=handles[0].id if handles else None,
                hibernate_seconds=host.config.hibernate_seconds,
                latest=latest,
            )
            handles.append(host.driver.start(spec))
    except BaseException:
        stop_all(host, handles)
        raise
    return handles


def refill(host: Host, environment: Environment) -> int:
    """Discard what is stale or dead, then start what is missing, one after the other; gives how many became ready."""
    image = host.image(environment)
    wanted = environment.spec.pool
    sizes: dict[Kind, int] = (
        {"session": wanted.session, "grading": wanted.grading} if host.config.pool and image else {}
    )
    with _refilling(host, environment.name) as mine:
        if not mine:
            return 0
        _discard_stale(host, environment, image)
        failed = host.run_dir / "locks" / f"failed-{environment.name}"
        if failed.exists() and time.time() - failed.stat().st_mtime < AFTER_FAILURE_SECONDS:
            return 0
        added = 0
        for kind, size in sizes.items():
            while len(_markers(_folder(host, environment.name, specs.pool_key(environment, image or ""), kind))) < size:
                try:
                    _add(host, environment, image or "", kind)
                except SandboxError as error:
                    log.warning("no warm sandbox of %s: %s", environment.name, error)
                    failed.touch()
                    return added
                added += 1
        failed.unlink(missing_ok=True)
        return added


@contextmanager
def _refilling(host: Host, environment: str) -> Iterator[bool]:
    """Whether this process may refill that pool; one at a time, and the kernel lets go when it dies."""
    with (host.run_dir / "locks" / f"pool-{environment}").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _add(host: Host, environment: Environment, image: str, kind: Kind) -> None:
    deadline = time.time() + specs.POOL_SECONDS
    latest = deadline + specs.LONGEST_SESSION_SECONDS
    handles = start(host, environment, image, kind, {"pool": kind}, deadline, latest=latest)
    try:
        wait_ready(host, handles, environment.spec.ready_seconds)
        folder = _folder(host, environment.name, specs.pool_key(environment, image), kind)
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{handles[0].id}"
        partial.write_text("\n".join(h.id for h in handles))
        partial.rename(folder / handles[0].id)
    except BaseException:
        stop_all(host, handles)
        raise


def _discard_stale(host: Host, environment: Environment, image: str | None) -> None:
    """Entries of an older image or definition, and entries a sandbox of which has ended."""
    current = specs.pool_key(environment, image) if image and host.config.pool else ""
    root = host.run_dir / "pool" / environment.name
    for folder in list(root.glob("*/*")):
        for marker in _markers(folder):
            handles = [handle_of(host, sandbox) for sandbox in marker.read_text().split()]
            if folder.parent.name != current or any(host.driver.poll(h) is not None for h in handles):
                marker.unlink(missing_ok=True)
                stop_all(host, handles)
    for key in root.glob("*"):
        if key.name != current:
            shutil.rmtree(key, ignore_errors=True)  # a claimer may be reading; the next refill removes it


def listed(host: Host) -> set[str]:
    """The ids of every sandbox in the pool."""
    found: set[str] = set()
    for kind in get_args(Kind):
        for folder in host.run_dir.glob(f"pool/*/*/{kind}"):
            for marker in _markers(folder):
                try:
                    found.update(marker.read_text().split())
                except FileNotFoundError:
                    continue  # claimed this moment
    return found
