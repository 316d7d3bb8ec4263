"""Raising and lowering a hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.core import clock
from portal.core.api import ApiError
from portal.help import record
from portal.help.models import Entry, Hand
from portal.labsessions.models import Workspace

# A hand nobody came to lowers itself after this long.
RAISED_FOR = timedelta(hours=2)
PER_HOUR = 6
NOTE_LENGTH = 280


def raised(workspace: Workspace) -> Hand | None:
    """The workspace's hand, if it is up."""
    return workspace.hands.filter(lowered_at=None).first() if workspace.pk else None


def of_cohort(cohort: int) -> QuerySet[Hand]:
    """The hands that are up, the oldest first."""
    return Hand.objects.filter(lowered_at=None, workspace__enrollment__cohort=cohort)


def position(hand: Hand) -> int:
    """Its place among the raised hands of the cohort; 1 is next."""
    cohort = of_cohort(hand.workspace.enrollment.cohort_id)
    return cohort.filter(raised_at__lt=hand.raised_at).count() + 1


def raise_hand(workspace: Workspace, note: Any) -> Hand:
    """Raise it; one that is up stays as it is. Raises ApiError ``no_note``, ``too_long`` and ``too_often``."""
    if not isinstance(note, str):
        raise ApiError(422, "no_note", _("The note is not a text."))
    note = " ".join(note.replace("\x00", "").split())
    if len(note) > NOTE_LENGTH:
        raise ApiError(422, "too_long", _("The note may have 280 characters at most."))
    if found := raised(workspace):
        return found
    student = workspace.enrollment.user
    now = clock.now()
    lately = Entry.objects.filter(actor=student, act=Entry.Act.RAISED, at__gt=now - timedelta(hours=1))
    if lately.count() >= PER_HOUR:
        raise ApiError(429, "too_often", _("You raised your hand often in the last hour. Wait a while."))
    try:
        with transaction.atomic():
            hand = Hand.objects.create(workspace=workspace, note=note, raised_at=now)
            record.write(workspace, student, Entry.Act.RAISED, note=note)
    except IntegrityError:  # the other of two clicks at once
        return workspace.hands.get(lowered_at=None)
    return hand


def lower(hand: Hand, because: Hand.Why, actor: User | None) -> bool:
    """Lower it; False when it was down already."""
    with transaction.atomic():
        up = Hand.objects.filter(pk=hand.pk, lowered_at=None)
        if not up.update(lowered_at=clock.now(), lowered_because=because):
            return False
        record.write(hand.workspace, actor, Entry.Act.LOWERED, because=str(because))
    return True


def sweep_hands() -> None:
    """Lower what needs no help any more: labs passed since, and hands up too long."""
    up = Hand.objects.filter(lowered_at=None).select_related("workspace__enrollment")
    passed = up.filter(
        workspace__submissions__grade__passed=True, workspace__submissions__grade__recorded_at__gte=F("raised_at")
    )
    for hand in passed.distinct():
        lower(hand, Hand.Why.PASSED, None)
    for hand in up.filter(raised_at__lte=clock.now() - RAISED_FOR):
        lower(hand, Hand.Why.TIMEOUT, None)
