"""Looking on at a student's lab, and typing in it once the student said yes."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.core import clock
from portal.core.api import ApiError
from portal.help import record
from portal.help.models import Entry, Typing, Visit
from portal.labsessions import files
from portal.labsessions.models import LabSession, Workspace
from workers import tickets

# A page that asked nothing for this long is closed, or forgotten behind others.
SILENT_AFTER = timedelta(minutes=2)
ASK_FOR = timedelta(seconds=60)
TYPE_FOR = timedelta(minutes=15)
ASKS = 3
ASKS_WITHIN = timedelta(minutes=10)
# What a ticket opened at the gateway closes this long after the student ended it.
TICKET_SECONDS = 10
State = Typing.State


def going(workspace: Workspace) -> QuerySet[Visit]:
    """Who looks at this lab now."""
    since = clock.now() - SILENT_AFTER
    return Visit.objects.filter(workspace=workspace, ended_at=None, seen_at__gt=since).select_related("instructor")


def begin(workspace: Workspace, instructor: User) -> Visit:
    """The instructor's visit, recorded when it is new."""
    now = clock.now()
    try:
        with transaction.atomic():
            visit = Visit.objects.create(workspace=workspace, instructor=instructor, began_at=now, seen_at=now)
            record.write(workspace, instructor, Entry.Act.LOOKED)
    except IntegrityError:  # another window of theirs looks already, or did until a moment ago
        current = Visit.objects.filter(workspace=workspace, instructor=instructor, ended_at=None)
        if not current.filter(seen_at__gt=now - SILENT_AFTER).update(seen_at=now):
            for silent in current:
                end(silent, Visit.Why.SILENT, None)
            return begin(workspace, instructor)
        return current.get()
    return visit


def seen(visit: Visit) -> None:
    """The instructor's page asked how things are. Written down now and then, not each time."""
    now = clock.now()
    Visit.objects.filter(pk=visit.pk, ended_at=None, seen_at__lt=now - SILENT_AFTER / 10).update(seen_at=now)


def end(visit: Visit, because: Visit.Why, actor: User | None) -> bool:
    """End a visit and with it any typing; False when it had ended."""
    with transaction.atomic():
        on = Visit.objects.filter(pk=visit.pk, ended_at=None)
        if not on.update(ended_at=clock.now(), ended_because=because):
            return False
        visit.typings.filter(state__in=Typing.OPEN).update(state=State.ENDED)
        record.write(visit.workspace, actor, Entry.Act.LEFT, because=str(because), helper=str(visit.instructor))
    return True


def typing(visit: Visit) -> Typing | None:
    """The visit's open question or leave to type, while it is good."""
    return visit.typings.filter(state__in=Typing.OPEN, until__gt=clock.now()).first()


def may_type(visit: Visit) -> Typing | None:
    """The student's leave to type, while it is good."""
    found = typing(visit)
    return found if found and found.state == State.GRANTED else None


def ask(visit: Visit) -> Typing:
    """Ask the student to let the instructor type. Raises ApiError ``asked_often``."""
    if found := typing(visit):
        return found
    now = clock.now()
    lapse(visit.typings.filter(state__in=Typing.OPEN))
    if visit.typings.filter(asked_at__gt=now - ASKS_WITHIN).count() >= ASKS:
        raise ApiError(429, "asked_often", _("You have asked three times. Wait a while before you ask again."))
    try:
        with transaction.atomic():
            made = Typing.objects.create(visit=visit, asked_at=now, until=now + ASK_FOR)
            record.write(visit.workspace, visit.instructor, Entry.Act.ASKED)
    except IntegrityError:  # the other of two clicks at once
        return visit.typings.get(state__in=Typing.OPEN)
    return made


def answer(workspace: Workspace, pk: Any, yes: Any) -> None:
    """The student's answer. Raises ApiError ``lapsed`` when nobody asks (any more)."""
    if isinstance(pk, bool) or not isinstance(pk, int) or not isinstance(yes, bool):
        raise ApiError(422, "no_answer", _("The request doesn't say yes or no to what."))
    now = clock.now()
    asked = Typing.objects.filter(pk=pk, visit__workspace=workspace, visit__ended_at=None, state=State.ASKED)
    student = workspace.enrollment.user
    with transaction.atomic():
        state, until = (State.GRANTED, now + TYPE_FOR) if yes else (State.REFUSED, now)
        if not asked.filter(until__gt=now).update(state=state, until=until):
            raise ApiError(409, "lapsed", _("This question has ended. Nobody may type in your lab."))
        helper = str(Visit.objects.get(typings=pk).instructor)
        record.write(workspace, student, Entry.Act.ALLOWED if yes else Entry.Act.REFUSED, helper=helper)


def stop_typing(visit: Visit, actor: User) -> bool:
    """Take back the leave to type, or the question. From here on the portal issues no ticket for it."""
    with transaction.atomic():
        if not visit.typings.filter(state__in=Typing.OPEN).update(state=State.ENDED, until=clock.now()):
            return False
        record.write(visit.workspace, actor, Entry.Act.REVOKED, helper=str(visit.instructor))
    return True


def lapse(open_ones: QuerySet[Typing]) -> None:
    """Close questions and leaves whose time is over."""
    for found in open_ones.filter(until__lte=clock.now()).select_related("visit__workspace__enrollment"):
        after = State.LAPSED if found.state == State.ASKED else State.ENDED
        with transaction.atomic():
            if Typing.objects.filter(pk=found.pk, state=found.state, until=found.until).update(state=after):
                act = Entry.Act.LAPSED if after == State.LAPSED else Entry.Act.REVOKED
                record.write(found.visit.workspace, None, act, helper=str(found.visit.instructor))


def save(visit: Visit, path: str, text: Any, base_version: Any) -> files.Saved:
    """Store a file as the instructor left it, and say in the record who did. Raises ApiError, ``read_only`` first."""
    with transaction.atomic():
        # Taking back the leave waits for this save, or this save finds it taken back.
        held = may_type(visit)
        if held is None or not Typing.objects.select_for_update().filter(pk=held.pk, state=State.GRANTED).exists():
            raise ApiError(403, "read_only", _("You may only look at this lab. Nothing was changed."))
        saved = files.save(visit.workspace, path, text, base_version)
        record.write(visit.workspace, visit.instructor, Entry.Act.SAVED, path=path, version=saved.version)
    return saved


def ticket(visit: Visit, session: LabSession, ui: str) -> dict[str, Any]:
    """``{"ticket", "expires_at", "seconds"}``: to type while the student lets them, else to look only."""
    held = may_type(visit)
    grant = f"typing-{held.pk}" if held else f"visit-{visit.pk}"
    signed = tickets.issue(
        session.key,
        str(visit.instructor_id),
        ui,
        TICKET_SECONDS,
        scope="write" if held else "read",
        grant=grant,
    )
    return {"ticket": signed, "expires_at": time.time() + TICKET_SECONDS, "seconds": TICKET_SECONDS}


def sweep_visits() -> None:
    """End visits whose page is gone, and questions and leaves whose time is over."""
    lapse(Typing.objects.filter(state__in=Typing.OPEN))
    silent = Visit.objects.filter(ended_at=None, seen_at__lte=clock.now() - SILENT_AFTER)
    for visit in silent.select_related("workspace__enrollment", "instructor"):
        end(visit, Visit.Why.SILENT, None)
