"""Ends the sandboxes nobody answers for any more: past their deadline, ended by themselves, or their worker gone.

Each host reaps its own, from labels and files alone: the portal, the queue and Redis may all be away meanwhile.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from workers import pool, sessions
from workers.host import Host
from workers.sandboxes.base import ExitRecord, Handle, SandboxError
from workers.specs import owner_lives
from workers.startup import handle_of

log = logging.getLogger(__name__)

START_SECONDS = 360.0  # longest environment.ready_seconds and a minute
CLAIM_SECONDS = 60.0


@dataclass(frozen=True)
class Reaped:
    """A sandbox that was ended, and why; ``session`` is the student's session it was, if it was one."""

    sandbox: str
    reason: str
    session: str | None = None


def reap(host: Host, now: float | None = None) -> list[Reaped]:
    """One round over every sandbox and route of this host."""
    now = time.time() if now is None else now
    pooled = pool.listed(host)
    gone: list[Reaped] = []
    for handle in host.driver.list():
        try:
            reason = _reason(host, handle, pooled, now)
            if reason is None:
                continue
            session = handle.labels.get("session")
            if session and sessions.read_route(host.run_dir, session) == handle.id:
                sessions.remove_route(host.run_dir, session)
            host.driver.stop(handle)
            gone.append(Reaped(handle.id, reason, session))
        except SandboxError as error:
            log.warning("sandbox %s not reaped, tried again next round: %s", handle.id, error)
    gone += _dead_routes(host)
    _old_claims(host, now)
    return gone


def _reason(host: Host, handle: Handle, pooled: set[str], now: float) -> str | None:
    """Why this sandbox must go, None when somebody still answers for it."""
    if now > handle.deadline:
        return "deadline"
    labels = handle.labels
    owned = owner_lives(labels.get("owner", ""))
    if "job" in labels:
        return None if owned else "owner_gone"  # a living worker sees its own sandboxes end
    age = now - float(labels.get("since", 0))
    starting = owned and age < START_SECONDS
    if "session" in labels:
        if record := host.driver.poll(handle):
            return None if starting and age < CLAIM_SECONDS else _how_it_ended(record)
        routed = sessions.read_route(host.run_dir, labels["session"]) == handle.id
        return None if routed or starting else "unrouted"
    if handle.id in pooled:
        return None if host.driver.poll(handle) is None else "ended"
    claimed = (host.run_dir / "claimed" / handle.id).exists() and age < CLAIM_SECONDS
    return None if starting or claimed else "unclaimed"


def _how_it_ended(record: ExitRecord) -> str:
    if record.oom:
        return "memory"
    return "deadline" if record.timed_out else "ended"


def _dead_routes(host: Host) -> list[Reaped]:
    """Sessions whose sandbox vanished without us (an engine restarted, a machine rebooted)."""
    found = []
    for route in (host.run_dir / "routes").glob("[a-z0-9]*"):
        sandbox = sessions.read_route(host.run_dir, route.name)
        if sandbox and host.driver.poll(handle_of(host, sandbox)) is not None:
            sessions.remove_route(host.run_dir, route.name)
            found.append(Reaped(sandbox, "ended", route.name))
    return found


def _old_claims(host: Host, now: float) -> None:
    """Markers of a claimer that died between taking and using; their sandboxes go as unclaimed."""
    for marker in (host.run_dir / "claimed").iterdir():
        try:
            if now - marker.stat().st_mtime > CLAIM_SECONDS:
                marker.unlink()
        except FileNotFoundError:
            continue
