"""How long a wait will be, by what recent sessions really waited. Where too little is known, nothing is said."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from django.core.cache import cache
from django.db.models import QuerySet

from portal.core import clock
from portal.labsessions.models import LabSession

State = LabSession.State
# The newest of these count; fewer than the least say nothing.
SAMPLES = 50
LEAST = 5
RECENT = timedelta(days=14)
KEPT_SECONDS = 15


class Usual(NamedTuple):
    """Seconds that half and nine in ten of the recent ones took."""

    p50: float
    p90: float


def estimate(session: LabSession) -> dict[str, int] | None:
    """``{"p50", "p90"}`` in seconds until a session is ready, or None.

    In the queue: for a place, by what each place before it took lately (places are shared by all environments), and
    then for a start like those of the same environment. Once it has its place: how long such a start takes as a whole.
    """
    starts = _usual(f"waits:start:{session.workspace.lab.environment_id}", lambda: _starts(session))
    if session.state == State.STARTING or (session.state == State.QUEUED and session.sent_at):
        return _rounded(starts.p50, starts.p90) if starts else None
    if session.state != State.QUEUED or session.reason != "slots" or not starts:
        return None
    turns = _usual("waits:turn", _turns)
    if not turns or _longer_than_usual(session, turns):
        return None
    ahead = session.place + 1
    return _rounded(turns.p50 * ahead + starts.p50, turns.p90 * ahead + starts.p90)


def _usual(key: str, read: Callable[[], list[float]]) -> Usual | None:
    """Kept for some seconds: a whole class asks at once."""
    found: list[float] = cache.get_or_set(key, lambda: _quantiles(read()), KEPT_SECONDS) or []
    return Usual(*found) if found else None


def _quantiles(values: list[float]) -> list[float]:
    if len(values) < LEAST:
        return []
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    return [tenths[4], tenths[8]]


def _recent() -> QuerySet[LabSession]:
    return LabSession.objects.filter(created_at__gt=clock.now() - RECENT).order_by("-pk")


def _starts(session: LabSession) -> list[float]:
    """Seconds from getting a place to being ready, in the session's environment."""
    environment = session.workspace.lab.environment_id
    like_it = _recent().filter(workspace__lab__environment=environment, ready_at__isnull=False)
    times = like_it.filter(admitted_at__isnull=False).values_list("admitted_at", "ready_at")
    return [(ready - admitted).total_seconds() for admitted, ready in times[:SAMPLES]]  # type: ignore[operator]


def _turns() -> list[float]:
    """Seconds that each place in the queue took those who waited for one from their first moment on."""
    waited = _recent().filter(joined_behind__isnull=False, admitted_at__isnull=False)
    times = waited.values_list("created_at", "admitted_at", "joined_behind")[:SAMPLES]
    return [(got - came).total_seconds() / (ahead + 1) for came, got, ahead in times]  # type: ignore[operator]


def _longer_than_usual(session: LabSession, turns: Usual) -> bool:
    """Whether it has waited past what such waits took: the past says nothing about it any more."""
    waited = (clock.now() - session.created_at).total_seconds()
    return waited > turns.p90 * ((session.joined_behind or 0) + 1)


def _rounded(p50: float, p90: float) -> dict[str, int]:
    return {"p50": _up(p50), "p90": _up(p90)}


def _up(seconds: float) -> int:
    """Rounded up to what a person would say: 7 s, 45 s, 2 min 30 s, 12 min."""
    step = 1 if seconds < 10 else 5 if seconds < 60 else 30 if seconds < 600 else 60
    return max(1, math.ceil(seconds / step) * step)
