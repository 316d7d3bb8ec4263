"""Looks after the running sessions of a host: snapshots what is used, tells how idle each is, ends what is over.

Each is asked for its ``/lab/activity``, which doesn't wake one that is paused. The answer is the student's own
program's, so it decides about their own session only, and never past its deadline.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workers import sessions, snapshots
from workers.host import Host
from workers.sandboxes.base import Handle, SandboxError
from workers.sandboxes.rundir import write_private
from workers.snapshots import Snapshot
from workers.storage import StorageError
from workers.workspace import Connection

log = logging.getLogger(__name__)

ASK_SECONDS = 5.0
AT_ONCE = 8
MAX_ANSWER = 256 << 10  # every busy process of a sandbox is in it, by name
JITTER_SECONDS = 5.0
"""By which the time of an announced end may move before it is told anew."""


@dataclass(frozen=True)
class Activity:
    """What a session says of itself."""

    idle_seconds: float
    hibernating: bool


@dataclass(frozen=True)
class Tended:
    """What this host remembers of one session between two looks; times are Unix time, 0 for never."""

    snapshot_at: float
    content: str = ""
    ends_at: float = 0.0
    hibernating: bool = False


@dataclass(frozen=True)
class Event:
    """News of a session. ``ended``: why it was, if it was; ``idle_left``: seconds until it will be for want of use."""

    session: str
    ended: str = ""
    snapshot: Snapshot | None = None
    idle_left: float | None = None
    hibernating: bool = False


def tend(host: Host, tell: Callable[[Event], None]) -> None:
    """One look at every running session. A second call at the same time does nothing."""
    with (host.run_dir / "locks" / "tending").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        running = {
            handle.labels["session"]: handle
            for handle in sessions.running_sessions(host)
            if sessions.read_route(host.run_dir, handle.labels["session"]) == handle.id
        }
        for path in (host.run_dir / "tended").iterdir():
            if path.name not in running:
                path.unlink(missing_ok=True)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            looks = [threads.submit(_look, host, session, handle, tell) for session, handle in running.items()]
            for look in looks:
                look.result()


def _look(host: Host, session: str, handle: Handle, tell: Callable[[Event], None]) -> None:
    """What can't be asked or read now is tried again next time: what has died is the reaper's to tell."""
    try:
        _tend_one(host, session, handle, tell)
    except (OSError, SandboxError, StorageError) as error:
        log.warning("session %s not looked after: %s", session, error)


def _tend_one(host: Host, session: str, handle: Handle, tell: Callable[[Event], None]) -> None:
    before = recall(host, session, handle)
    now = time.time()
    if now >= handle.deadline - sessions.GRACE_SECONDS:
        tell(Event(session, "deadline", sessions.end(host, session, before.content)))
        return
    activity = ask(handle)
    limit, warning = host.config.idle_seconds, host.config.idle_warning_seconds
    left = limit - activity.idle_seconds if limit else math.inf
    if left <= 0:
        tell(Event(session, "idle", sessions.end(host, session, before.content)))
        return
    taken = None
    after = Tended(before.snapshot_at, before.content, now + left if left <= warning else 0.0, activity.hibernating)
    if now - activity.idle_seconds > before.snapshot_at and now - before.snapshot_at >= host.config.snapshot_seconds:
        taken = snapshots.take(host, session, handle, before.content)
        content = taken.content if taken else before.content
        after = Tended(now, content, after.ends_at, after.hibernating)
    if taken or _news(before, after):
        tell(Event(session, "", taken, left if after.ends_at else None, after.hibernating))
    _remember(host, session, after)


def _news(before: Tended, after: Tended) -> bool:
    return before.hibernating != after.hibernating or abs(before.ends_at - after.ends_at) > JITTER_SECONDS


def ask(handle: Handle) -> Activity:
    """What a session says of itself. Raises OSError."""
    connection = Connection(handle, ASK_SECONDS)
    try:
        status, answer = connection.ask("GET", "/lab/activity", most=MAX_ANSWER)
        told = json.loads(answer)
        idle, hibernating = float(told["idle_seconds"]), told["hibernating"] is True
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ConnectionError(f"it says nothing of its activity: {error!r}") from error
    finally:
        connection.close()
    if status != http.client.OK or not math.isfinite(idle):
        raise ConnectionError(f"it says nothing of its activity: {status}")
    return Activity(max(0.0, idle), hibernating)


# Between two looks


def _note(host: Host, session: str) -> Path:
    return host.run_dir / "tended" / session


def recall(host: Host, session: str, handle: Handle) -> Tended:
    """What is known of a session. One seen for the first time counts as snapshotted when it began."""
    try:
        known: dict[str, Any] = json.loads(_note(host, session).read_text())
    except FileNotFoundError:
        return Tended(float(handle.labels.get("since", 0)))
    return Tended(**known)


def _remember(host: Host, session: str, what: Tended) -> None:
    write_private(_note(host, session), json.dumps(asdict(what)).encode())
