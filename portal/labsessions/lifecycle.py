"""How a session goes on and ends: more time, the word that nobody uses it, its pause, and what comes after."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core import clock, queue
from portal.core.api import ApiError
from portal.core.plain import plain
from portal.labsessions import services, snapshots
from portal.labsessions.models import LabSession, Workspace

State = LabSession.State
LEAST = timedelta(minutes=1)
"""An extension shorter than this isn't worth a click."""


def extension(session: LabSession) -> timedelta:
    """How much more time a click would give now; zero when the lab gives no more."""
    rules = session.workspace.lab.file
    latest = (session.sent_at or session.created_at) + timedelta(minutes=rules.max_session_minutes)
    more = min(timedelta(minutes=rules.extend_minutes), latest - session.deadline)
    return more if more >= LEAST else timedelta(0)


def extend(session: LabSession, seen: Any) -> None:
    """Put off the deadline that the reader saw; nothing happens when it was put off since. Raises ApiError.

    The host is told in the same breath: a session that only the portal believes in would be ended all the same.
    """
    if session.state != State.READY:
        raise ApiError(409, "not_ready", _("The session is not running."))
    if _time(seen) != session.deadline:
        return
    more = extension(session)
    if not more:
        hours = session.workspace.lab.file.max_session_minutes / 60
        text = ngettext(
            "Sessions of this lab last %(n)s hour at most. Its files are kept, and you can go on in another.",
            "Sessions of this lab last %(n)s hours at most. Its files are kept, and you can go on in another.",
            int(hours),
        )
        raise ApiError(409, "longest", text % {"n": f"{hours:g}"})
    deadline = session.deadline + more
    same = LabSession.objects.filter(pk=session.pk, state=State.READY, deadline=session.deadline)
    try:
        with transaction.atomic():
            if same.update(deadline=deadline):
                queue.send("workers.extend_session", session.key, deadline.timestamp(), queue=f"host.{session.host}")
    except queue.QueueDown:
        raise ApiError(503, "queue_down", _("The time couldn't be extended just now. Try again in a moment.")) from None
    services.notify(session.key, State.READY)


def _time(seen: Any) -> datetime:
    try:
        found = parse_datetime(seen)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        raise ApiError(422, "no_deadline", _("The request doesn't say which end it puts off."))
    return found


def session_activity(report: dict[str, Any]) -> None:
    """Record what a host tells of a running session: when it will end for want of use, whether it is paused."""
    report = plain(report)
    key = str(report["session"])
    snapshots.record(key, report.get("snapshot"))
    left = report.get("idle_left")
    idle_at = None if left is None else clock.now() + timedelta(seconds=min(float(left), 7 * 86400.0))
    rows = LabSession.objects.filter(key=key, state=State.READY)
    if rows.update(idle_at=idle_at, hibernating=bool(report.get("hibernating"))):
        services.notify(key, State.READY)


def shown(session: LabSession) -> dict[str, Any]:
    """The part of the session JSON that tells how it goes on."""
    running = session.state == State.READY
    return {
        "extend_minutes": int(extension(session).total_seconds() // 60) if running else 0,
        "idle_at": session.idle_at.isoformat() if running and session.idle_at else None,
        "hibernating": running and session.hibernating,
        "snapshot": snapshots.shown(session.workspace),
    }


def before(workspace: Workspace) -> dict[str, Any]:
    """For a page without a session: how the last one ended, and what is kept of it."""
    ended = workspace.sessions.first() if workspace.pk else None
    return {
        "snapshot": snapshots.shown(workspace),
        "reason": ended.reason if ended else "",
        "ended_at": ended.changed_at.isoformat() if ended else None,
    }
