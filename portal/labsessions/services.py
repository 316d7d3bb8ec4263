"""Starting, queueing, stopping sessions, and recording what workers report about them."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from portal.core import clock, queue
from portal.core.plain import plain
from portal.courses.models import Enrollment, Lab
from portal.labsessions import snapshots
from portal.labsessions.admission import RESEND_AFTER, admit, give_up_abandoned, send_again
from portal.labsessions.models import Host, LabSession, Workspace

logger = logging.getLogger(__name__)

State = LabSession.State
# How long a host may take over a start before it counts as failed.
START_FAILS_AFTER = timedelta(seconds=240)


def workspace_for(enrollment: Enrollment, lab: Lab) -> Workspace:
    """The student's workspace in a lab, made at its first use."""
    workspace, _created = Workspace.objects.get_or_create(enrollment=enrollment, lab=lab)
    workspace.lab = lab
    workspace.enrollment = enrollment
    return workspace


def active_session(workspace: Workspace) -> LabSession | None:
    """The workspace's session that hasn't ended."""
    found = workspace.sessions.filter(state__in=LabSession.ACTIVE).first() if workspace.pk else None
    if found:
        found.workspace = workspace
    return found


def start(workspace: Workspace) -> tuple[LabSession, bool]:
    """The workspace's active session, and whether this call made it. Two clicks at once end in one session."""
    now = clock.now()
    deadline = now + timedelta(minutes=workspace.lab.file.session_minutes)
    try:
        with transaction.atomic():
            session = LabSession.objects.create(
                workspace=workspace, created_at=now, changed_at=now, seen_at=now, deadline=deadline, reason="queue"
            )
    except IntegrityError:
        current = active_session(workspace)
        # It ended between the failed insert and this read: then the click starts a new one.
        return (current, False) if current else start(workspace)
    admit()
    session.refresh_from_db()
    session.workspace = workspace
    return session, True


def stop(session: LabSession, reason: str = "asked") -> None:
    """End a session. What never reached a host ends at once; else its host is told, by the sweep again if need be."""
    never_sent = LabSession.objects.filter(pk=session.pk, state=State.QUEUED, sent_at=None)
    now = clock.now()
    if never_sent.update(state=State.STOPPED, reason=reason, place=0, changed_at=now):
        notify(session.key, State.STOPPED)
        admit()  # whoever waits behind moves up
        return
    running = LabSession.objects.filter(pk=session.pk, state__in=[State.QUEUED, State.STARTING, State.READY])
    if running.update(state=State.STOPPING, reason=reason, changed_at=now):
        notify(session.key, State.STOPPING)
    _send_stop(session)


def _send_stop(session: LabSession) -> None:
    if not session.host:
        return  # its host will report itself, and session_changed then sends the stop there
    try:
        queue.send("workers.stop_session", session.key, queue=f"host.{session.host}")
    except queue.QueueDown as error:
        logger.warning("session %s not stopped yet: %s", session.key, error)


def session_changed(report: dict[str, Any]) -> None:
    """Record a worker's report. A session that ended stays ended, and one being stopped doesn't come back."""
    report = plain(report)
    key, state = str(report["session"]), State(report["state"])
    snapshots.record(key, report.get("snapshot"))
    allowed = {
        State.QUEUED: [State.STARTING],
        State.STARTING: [State.QUEUED],
        State.READY: [State.QUEUED, State.STARTING],
        State.STOPPED: list(LabSession.ACTIVE),
        State.FAILED: list(LabSession.ACTIVE),
    }[state]
    facts: dict[str, Any] = {"changed_at": clock.now()}
    for name in ("host", "sandbox", "pool_hit", "seconds"):
        if report.get(name) is not None:
            facts[name] = report[name]
    if state == State.READY:
        facts["ready_at"] = facts["changed_at"]
    rows = LabSession.objects.filter(key=key)
    if state == State.STOPPED and rows.filter(state=State.STOPPING).update(state=state, **facts):
        notify(key, state)  # the reason why it was asked to stop stays
    reason = {"reason": str(report.get("reason") or "")[:40], "detail": str(report.get("detail") or "")[:4000]}
    if rows.filter(state__in=allowed).update(state=state, **facts, **reason):
        notify(key, state)
    elif state in {State.STARTING, State.READY}:
        # Stopped meanwhile, or given up as lost: the sandbox that came up late must go.
        rows.filter(state=State.STOPPING).update(**facts)
        for session in rows.filter(state__in=[State.STOPPING, State.STOPPED, State.FAILED]):
            session.host = str(report.get("host") or session.host)
            _send_stop(session)
    if state in {State.STOPPED, State.FAILED}:
        snapshots.take_in(key)
        admit()


def host_runs(host: str, sessions: Any) -> None:
    """A host said which sessions it runs: one that has long been ready there and isn't among them is over.

    So a host that was restarted, with all its sandboxes gone, leaves nobody waiting for one of them.
    """
    if not isinstance(sessions, list):
        return
    ready = LabSession.objects.filter(host=host, state=State.READY, changed_at__lte=clock.now() - Host.SILENT_AFTER)
    for session in ready.exclude(key__in=[str(key) for key in sessions]):
        session_changed({"session": session.key, "state": State.STOPPED, "host": host, "reason": "ended"})


def notify(key: str, state: str) -> None:
    """Wake whoever watches this session."""
    queue.publish(f"session:{key}", {"t": "state", "state": str(state)})


def sweep_sessions() -> None:
    """Mend what got lost: deadlines, unanswered starts and stops, silent hosts."""
    now = clock.now()
    for session in LabSession.objects.filter(state__in=[State.STARTING, State.READY], deadline__lte=now):
        stop(session, "deadline")
    for session in LabSession.objects.filter(state=State.STOPPING, changed_at__lte=now - RESEND_AFTER):
        _stopping_again(session)
    send_again(now)
    slow = Q(state=State.STARTING, changed_at__lte=now - START_FAILS_AFTER) | Q(
        state=State.QUEUED, sent_at__isnull=False, admitted_at__lte=now - START_FAILS_AFTER * 4
    )
    for session in LabSession.objects.filter(slow):
        _fail(session, "start_timeout")
    gone = Host.objects.filter(seen_at__lte=now - 2 * Host.SILENT_AFTER).values_list("name", flat=True)
    for session in LabSession.objects.filter(state__in=LabSession.RUNNING, host__in=list(gone)):
        _fail(session, "host_lost")
    give_up_abandoned(now)
    admit()


def _stopping_again(session: LabSession) -> None:
    """Ask again; a session no host ever answered for, or whose host has not answered for long, counts as stopped."""
    waited = clock.now() - session.changed_at
    if waited > START_FAILS_AFTER or not session.host:
        LabSession.objects.filter(pk=session.pk, state=State.STOPPING).update(state=State.STOPPED)
        snapshots.take_in(session.key)
        notify(session.key, State.STOPPED)
    else:
        _send_stop(session)


def _fail(session: LabSession, reason: str) -> None:
    rows = LabSession.objects.filter(pk=session.pk, state=session.state)
    if rows.update(state=State.FAILED, reason=reason, changed_at=clock.now()):
        snapshots.take_in(session.key)
        notify(session.key, State.FAILED)
        _send_stop(session)
