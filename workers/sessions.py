"""Starts and ends students' interactive sandboxes."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labs.catalog import Environment, Lab
from labs.services import services_of
from workers import pool, snapshots, specs, workspace
from workers.host import Host
from workers.jobs import SessionJob
from workers.sandboxes.base import Handle, SandboxError
from workers.snapshots import Snapshot
from workers.startup import StartError, handle_of, put_off, wait_ready
from workers.storage import StorageError

log = logging.getLogger(__name__)

GRACE_SECONDS = 180.0
"""How long a sandbox outlives its student's deadline: long enough to be snapshotted and ended in good order."""


class HostFull(Exception):
    """Every slot of this host is taken. The session waits in the portal's queue and is tried again."""


@dataclass(frozen=True)
class Started:
    """A session that a browser can now reach. ``restored`` is False when its snapshot could not be laid."""

    sandbox: str
    pool_hit: bool
    seconds: float
    restored: bool = True


def start(host: Host, job: SessionJob) -> Started:
    """Bring the session up with the student's files in it. Raises HostFull or StartError, with nothing left behind."""
    began = time.monotonic()
    lab, environment, image = _what(host, job)
    with _one_start(host, job.session) as mine:
        if not mine:
            raise StartError("duplicate", "this session is being started already")
        if running := _running(host, job.session):
            return Started(running, False, 0.0)
        handle, hit = _obtain(host, job, lab, environment, image)
        try:
            wait_ready(host, [handle], environment.spec.ready_seconds)
            restored = workspace.fill(host, handle, job, lab)
            declare(handle, environment, lab)
            write_route(host.run_dir, job.session, handle.id)
        except BaseException as error:
            pool.stop_all(host, [handle])
            if isinstance(error, (OSError, StorageError)) and not isinstance(error, StartError):
                raise StartError("files", str(error)) from error
            raise
    return Started(handle.id, hit, time.monotonic() - began, restored)


def _what(host: Host, job: SessionJob) -> tuple[Lab, Environment, str]:
    """What the job names, as this host has it; refused by digest rather than run with other content."""
    if job.deadline <= time.time():
        raise StartError("expired")
    lab = host.catalog.labs.get(job.lab)
    if lab is None or lab.digest != job.lab_digest:
        raise StartError("content", f"this host has {'another version' if lab else 'no copy'} of lab {job.lab}")
    environment = host.environment(lab, job.gpu)
    image = host.image(environment)
    if image is None:
        raise StartError("environment", f"environment {environment.name} is not built on this host")
    return lab, environment, image


def _obtain(host: Host, job: SessionJob, lab: Lab, environment: Environment, image: str) -> tuple[Handle, bool]:
    """A warm sandbox or a new one, counted against the host's slots under a lock so that two starts can't both fit."""
    labels = {"session": job.session}
    deadline = job.deadline + GRACE_SECONDS
    with (host.run_dir / "locks" / "sessions").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if len(running_sessions(host)) >= host.config.session_slots:
            raise HostFull
        # A lab with limits of its own never fits a pooled sandbox, whose limits were set when it started.
        if lab.spec.limits is None and (warm := pool.claim(host, environment, image, "session", labels, deadline)):
            return warm[0], True
        limits = specs.limits_of(environment, lab.spec.limits)
        latest = time.time() + 60 * lab.spec.max_session_minutes + GRACE_SECONDS
        return pool.start(host, environment, image, "session", labels, deadline, limits, latest)[0], False


def declare(handle: Handle, environment: Environment, lab: Lab) -> None:
    """Have a ready session start its services and open the ways to the lab's own pages. Doesn't wait for them.

    Raises StartError or OSError. A warm sandbox learns here what its lab adds to its environment.
    """
    services = services_of(environment.spec, lab.spec)
    if not services and not lab.spec.uis:
        return
    told = {
        "services": [service.model_dump(mode="json") for service in services],
        "ports": [ui.port for ui in lab.spec.uis],
    }
    with contextlib.closing(workspace.Connection(handle)) as connection:
        status, answer = connection.ask("PUT", "/lab/services", json.dumps(told).encode())
    if status != http.client.NO_CONTENT:
        raise StartError("services", f"{status} {answer.decode(errors='replace')[:500]}")


def running_sessions(host: Host) -> list[Handle]:
    """The sandboxes that belong to a student now."""
    return [h for h in host.driver.list() if "session" in h.labels]


@contextlib.contextmanager
def _one_start(host: Host, session: str) -> Iterator[bool]:
    """Whether this process may start that session: a message delivered twice must not start two sandboxes."""
    path = host.run_dir / "locks" / f"session-{session}"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            path.unlink(missing_ok=True)


def _running(host: Host, session: str) -> str | None:
    sandbox = read_route(host.run_dir, session)
    return sandbox if sandbox and host.driver.poll(handle_of(host, sandbox)) is None else None


def extend(host: Host, session: str, deadline: float) -> None:
    """Give a running session until then; it never loses time by it. Raises SandboxError."""
    sandbox = read_route(host.run_dir, session)
    if sandbox is None:
        raise SandboxError(f"session {session} doesn't run here")
    put_off(host, handle_of(host, sandbox), deadline + GRACE_SECONDS)


def end(host: Host, session: str, known: str = "") -> Snapshot | None:
    """Snapshot the workspace, then stop. None when nothing changed since the ``known`` one, or nothing can be read."""
    taken = None
    if sandbox := read_route(host.run_dir, session):
        try:
            taken = snapshots.take(host, session, handle_of(host, sandbox), known)
        except (OSError, StorageError) as error:
            log.warning("session %s ends without a snapshot: %s", session, error)
    stop(host, session)
    return taken


def stop(host: Host, session: str) -> None:
    """Close the door first, then end the sandbox. Gone already is fine."""
    sandbox = read_route(host.run_dir, session)
    remove_route(host.run_dir, session)
    named = [h for h in running_sessions(host) if h.labels["session"] == session]
    if sandbox and all(h.id != sandbox for h in named):
        named.append(handle_of(host, sandbox))
    for handle in named:
        host.driver.stop(handle)


# Routes: what the gateway reads


def _route(run_dir: Path, session: str) -> Path:
    if not (len(session) == 26 and session.isascii() and session.isalnum()):
        raise SandboxError(f"not a session key: {session[:40]!r}")
    return run_dir / "routes" / session


def write_route(run_dir: Path, session: str, sandbox: str) -> None:
    path = _route(run_dir, session)
    partial = path.with_name(f".{session}.{os.getpid()}")
    partial.write_text(sandbox)
    partial.rename(path)


def read_route(run_dir: Path, session: str) -> str | None:
    try:
        return _route(run_dir, session).read_text().strip() or None
    except FileNotFoundError:
        return None


def routed(run_dir: Path) -> list[str]:
    """The sessions that a browser can reach on this host."""
    return sorted(route.name for route in (run_dir / "routes").glob("[a-z0-9]*"))


def remove_route(run_dir: Path, session: str) -> None:
    _route(run_dir, session).unlink(missing_ok=True)
