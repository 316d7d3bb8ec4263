"""Starts and ends students' interactive sandboxes."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import io
import os
import socket
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labs.catalog import Environment, Lab
from workers import pool, specs
from workers.host import Host
from workers.jobs import SessionJob
from workers.sandboxes.base import Handle, SandboxError
from workers.sockets import connect
from workers.startup import StartError, handle_of, wait_ready
from workers.storage import StorageError

SOCKET = "jupyter.sock"
PUSH_SECONDS = 30.0


class HostFull(Exception):
    """Every slot of this host is taken. The session waits in the portal's queue and is tried again."""


@dataclass(frozen=True)
class Started:
    """A session that a browser can now reach."""

    sandbox: str
    pool_hit: bool
    seconds: float


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
            push(handle, workspace_of(host, job, lab))
            write_route(host.run_dir, job.session, handle.id)
        except BaseException as error:
            pool.stop_all(host, [handle])
            if isinstance(error, (OSError, StorageError)) and not isinstance(error, StartError):
                raise StartError("files", str(error)) from error
            raise
    return Started(handle.id, hit, time.monotonic() - began)


def _what(host: Host, job: SessionJob) -> tuple[Lab, Environment, str]:
    """What the job names, as this host has it; refused by digest rather than run with other content."""
    if job.deadline <= time.time():
        raise StartError("expired")
    lab = host.catalog.labs.get(job.lab)
    if lab is None or lab.digest != job.lab_digest:
        raise StartError("content", f"this host has {'another version' if lab else 'no copy'} of lab {job.lab}")
    environment = host.catalog.environments[lab.spec.environment]
    image = host.image(environment)
    if image is None:
        raise StartError("environment", f"environment {environment.name} is not built on this host")
    return lab, environment, image


def _obtain(host: Host, job: SessionJob, lab: Lab, environment: Environment, image: str) -> tuple[Handle, bool]:
    """A warm sandbox or a new one, counted against the host's slots under a lock so that two starts can't both fit."""
    labels = {"session": job.session}
    with (host.run_dir / "locks" / "sessions").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if len(running_sessions(host)) >= host.config.session_slots:
            raise HostFull
        # A lab with limits of its own never fits a pooled sandbox, whose limits were set when it started.
        if lab.spec.limits is None and (warm := pool.claim(host, environment, image, "session", labels, job.deadline)):
            return warm[0], True
        limits = specs.limits_of(environment, lab.spec.limits)
        return pool.start(host, environment, image, "session", labels, job.deadline, limits)[0], False


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


def stop(host: Host, session: str) -> None:
    """Close the door first, then end the sandbox. Gone already is fine."""
    sandbox = read_route(host.run_dir, session)
    remove_route(host.run_dir, session)
    named = [h for h in running_sessions(host) if h.labels["session"] == session]
    if sandbox and all(h.id != sandbox for h in named):
        named.append(handle_of(host, sandbox))
    for handle in named:
        host.driver.stop(handle)


# The student's files


def workspace_of(host: Host, job: SessionJob, lab: Lab) -> dict[str, bytes]:
    """The lab's public data and the student's own files, laid out as the grader does it."""
    files = lab.tree("data")
    files.update({name: host.storage.get(digest) for name, digest in job.files.items()})
    return files


def archive(files: dict[str, bytes]) -> bytes:
    """A tar of plain files, the same bytes for the same files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o644
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


class _Connection(http.client.HTTPConnection):
    """HTTP over a sandbox's socket."""

    def __init__(self, handle: Handle, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._handle = handle

    def connect(self) -> None:
        self.sock: socket.socket = connect(self._handle.run_dir, SOCKET, PUSH_SECONDS)


def push(handle: Handle, files: dict[str, bytes]) -> None:
    """Put files into the workspace of a ready session. Raises StartError or OSError."""
    connection = _Connection(handle, PUSH_SECONDS)
    try:
        connection.request("PUT", "/lab/workspace", archive(files), {"Content-Type": "application/x-tar"})
        response = connection.getresponse()
        answer = response.read(4096)
        if response.status != http.client.NO_CONTENT:
            raise StartError("files", f"{response.status} {answer.decode(errors='replace')[:500]}")
    except http.client.HTTPException as error:
        raise StartError("files", f"the session answered badly: {error!r}") from error
    finally:
        connection.close()


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


def remove_route(run_dir: Path, session: str) -> None:
    _route(run_dir, session).unlink(missing_ok=True)
