"""The queue for places on the hosts: who comes next, who waits why, and handing sessions over to the hosts.

Order is start-time fair queueing (Goyal, Vin, Cheng 1997) over cohorts: who joins the line gets a ``turn``, past the
turns that their own cohort had and past as many as it holds places, counted from the turn served last. So cohorts take
turns, the one that holds fewer places comes first, nobody is overtaken for ever, and a cohort is served as its students
came. A turn never changes: what a page shows is the order that is served, and only newcomers of a cohort that has had
less can step in. A student holds at most ``PORTAL_SESSIONS_PER_STUDENT`` places.

``admit`` writes down what it decided (``place``, ``reason``), which costs the waiting pages no query of their own.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from portal.core import clock, queue
from portal.courses.models import Environment
from portal.labsessions import gpus, snapshots
from portal.labsessions.models import EnvironmentBuild, Host, LabSession
from workers.jobs import SessionJob, to_json

logger = logging.getLogger(__name__)

State = LabSession.State
# How long a host may keep silent about a start before it is asked again.
RESEND_AFTER = timedelta(seconds=30)
MANY_COHORTS = 100
SEEN_EVERY = timedelta(seconds=30)
TAKEN = Q(state__in=LabSession.RUNNING) | Q(state=State.QUEUED, sent_at__isnull=False)
WAITING = Q(state=State.QUEUED, sent_at=None)


class Waiting(NamedTuple):
    """One session that waits, with what the decision needs to know of it."""

    pk: int
    key: str
    cohort: int
    user: int
    environment: int
    gpu_environment: int | None
    reason: str
    place: int
    turn: int | None
    joined_behind: int | None


_COLUMNS = (
    "pk",
    "key",
    "workspace__enrollment__cohort",
    "workspace__enrollment__user",
    "workspace__lab__environment",
    "workspace__lab__gpu_environment",
    "reason",
    "place",
    "turn",
    "joined_behind",
)
_WRITTEN = ("place", "reason", "turn", "joined_behind")


class Served(NamedTuple):
    """The turn served last (of those who had to wait), and the cohorts that had it."""

    turn: int = 0
    cohorts: frozenset[int] = frozenset()


def with_turns(waiting: Iterable[Waiting], held: Counter[int], served: Served) -> list[Waiting]:
    """``waiting``, in order of arrival, each with a turn; ``held`` counts the places that each cohort has."""
    last = dict.fromkeys(served.cohorts, served.turn)
    joined = []
    for one in waiting:
        before = last.get(one.cohort, -1)
        turn = one.turn if one.turn is not None else max(served.turn + held[one.cohort], before + 1)
        last[one.cohort] = max(before, turn)
        joined.append(one._replace(turn=turn))
    return joined


def served_order(line: Iterable[Waiting], users: Counter[int], limit: int) -> list[Waiting]:
    """Those who may get a place, in the order in which they get it; ``users`` counts the places taken.

    Left out is who holds ``limit`` of them, or will by then.
    """
    held, order = Counter(users), []
    for one in sorted(line, key=lambda one: one.turn or 0):  # stable: of two with one turn the first to come
        if held[one.user] < limit:
            held[one.user] += 1
            order.append(one)
    return order


class _Turnstile:
    """Lets one thread of this process decide at a time; one decision serves all who asked before it began.

    When a class starts at once, sixty threads would else wait for the database's lock, which SQLite gives to whoever
    happens to ask at the right moment, and to some not within any timeout.
    """

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._asked = itertools.count(1)
        self._newest = self._served = 0

    def run(self, decide: Callable[[], None]) -> None:
        """Return when a decision that began after this call has been made."""
        mine = self._newest = next(self._asked)
        with self._one:
            if self._served >= mine:
                return
            covers = self._newest
            decide()
            self._served = covers


_turnstile = _Turnstile()


def admit() -> None:
    """Give free places to whoever comes next, and tell those who go on waiting where they stand and why.

    Several threads and processes may call it at once: it decides under a lock, writes what it decided, and only then
    sends.
    """
    _turnstile.run(_admit)


def _admit() -> None:
    if not LabSession.objects.filter(WAITING).exists():
        return
    with transaction.atomic():
        # One decision at a time: PostgreSQL locks the hosts' rows, SQLite the database from BEGIN IMMEDIATE on.
        hosts = list(Host.objects.select_for_update().order_by("pk"))
        now = clock.now()
        admitted, moved = _decide(hosts, now)
        sessions = _take_places(admitted, now)
    _hand_over_all(sessions)
    queue.publish_each([f"session:{key}" for key in moved], {"t": "place"})


def _decide(hosts: list[Host], now: datetime) -> tuple[list[int], list[str]]:
    """(primary keys of who gets a place now, in order; keys of those for whom the wait looks different)."""
    taken = list(LabSession.objects.filter(TAKEN).values_list(*_COLUMNS[2:4], "gpu"))
    cohorts, users = Counter(row[0] for row in taken), Counter(row[1] for row in taken)
    rows = LabSession.objects.filter(WAITING).order_by("created_at", "pk").values_list(*_COLUMNS)
    waiting = [Waiting(*row) for row in rows]
    alive = [host for host in hosts if host.alive(now)]
    free = max(0, sum(host.slots for host in alive) - len(taken))
    built, gpu = _built(), gpus.lent(alive, now)
    unbuilt = {one.pk for one in waiting if ((gpu and one.gpu_environment) or one.environment) not in built}
    line = with_turns((one for one in waiting if one.pk not in unbuilt), cohorts, _served_last())
    order = served_order(line, users, settings.PORTAL.sessions_per_student)
    served = {one.pk for one in order}
    why = "slots" if alive else "no_host"
    lending = sum(host.slots for host in alive if host.gpus) - sum(row[2] for row in taken)
    admitted, others = _first(order, free, lending if gpu else free)
    decided = [one._replace(place=place, reason=why) for place, one in enumerate(others)]
    decided += [one._replace(place=0, reason="own_limit") for one in line if one.pk not in served]
    decided += [one._replace(place=0, reason="environment") for one in waiting if one.pk in unbuilt]
    return [one.pk for one in admitted], _write(waiting, decided)


def _first(order: list[Waiting], free: int, lending: int) -> tuple[list[Waiting], list[Waiting]]:
    """Who gets one of the ``free`` places, and who waits: labs for a GPU get ``lending`` of them at most."""
    admitted: list[Waiting] = []
    others: list[Waiting] = []
    for one in order:
        for_gpu = one.gpu_environment is not None
        fits = len(admitted) < free and (not for_gpu or lending > 0)
        (admitted if fits else others).append(one)
        lending -= fits and for_gpu
    return admitted, others


def _served_last() -> Served:
    """Who had their place at once has no turn: they took it from nobody."""
    waited = LabSession.objects.filter(admitted_at__isnull=False, turn__isnull=False)
    newest = waited.order_by("-turn").values_list("turn", "workspace__enrollment__cohort")[:MANY_COHORTS]
    last = max((turn or 0 for turn, _cohort in newest), default=0)
    return Served(last, frozenset(cohort for turn, cohort in newest if turn == last))


def _built() -> set[int]:
    """The environments that some host has as they are defined now."""
    ready = EnvironmentBuild.objects.filter(state=EnvironmentBuild.State.READY, digest=F("environment__digest"))
    return set(ready.values_list("environment", flat=True))


def _write(before: list[Waiting], decided: list[Waiting]) -> list[str]:
    """Record what differs from before; gives the keys of those it differs for."""
    known = {one.pk: one for one in before}
    # Only a wait that is for a place from its first moment on says how long places take to become free.
    decided = [
        one._replace(joined_behind=one.place) if (known[one.pk].reason, one.reason) == ("queue", "slots") else one
        for one in decided
    ]
    changed = [one for one in decided if one != known[one.pk]]
    rows = [LabSession(**{name: getattr(one, name) for name in ("pk", *_WRITTEN)}) for one in changed]
    # One that is stopped this moment keeps the reason for that.
    LabSession.objects.filter(WAITING).bulk_update(rows, _WRITTEN)
    return [one.key for one in changed]


def _take_places(admitted: list[int], now: datetime) -> list[LabSession]:
    """Mark them as sent; gives those who had not left meanwhile, in order."""
    sessions = LabSession.objects.select_related("workspace__lab", "workspace__enrollment").in_bulk(admitted)
    return [session for pk in admitted if mark_sent(session := sessions[pk], now)]


def mark_sent(session: LabSession, now: datetime) -> bool:
    """Claim the sending of a queued session. False when it left the queue, or another process was faster."""
    lab = session.workspace.lab
    deadline = now + timedelta(minutes=lab.file.session_minutes)
    claimed = LabSession.objects.filter(pk=session.pk, state=State.QUEUED, sent_at=session.sent_at)
    values = {
        "sent_at": now,
        "admitted_at": session.admitted_at or now,
        "changed_at": now,
        "deadline": deadline,
        "gpu": gpus.on_gpu(lab),
    }
    if not claimed.update(**values, reason="host", place=0):
        return False
    for name, value in values.items():
        setattr(session, name, value)
    return True


def _hand_over_all(sessions: list[LabSession]) -> None:
    """In order; after the first that Redis doesn't take, the others give their places back untried."""
    for number, session in enumerate(sessions):
        try:
            hand_over(session)
        except queue.QueueDown as error:
            logger.warning("%d sessions wait: %s", len(sessions) - number, error)
            for waits in sessions[number:]:
                give_back(waits)
            return


def hand_over(session: LabSession) -> None:
    """Send a claimed session to the hosts. Raises QueueDown."""
    workspace = session.workspace
    lab, kept = workspace.lab, snapshots.current(workspace)
    job = SessionJob(
        session.key,
        lab.slug,
        lab.digest,
        workspace.manifest(),
        session.deadline.timestamp(),
        snapshot=kept.sha256 if kept else None,
        deleted=workspace.deleted(),
        gpu=session.gpu,
    )
    queue.send("workers.start_session", to_json(job), queue=gpus.queue_of("sessions", gpu=session.gpu))


def give_back(session: LabSession) -> None:
    """Put a claimed session that could not be sent back in the queue, where it stood: order is by arrival."""
    mine = LabSession.objects.filter(pk=session.pk, state=State.QUEUED, sent_at=session.sent_at)
    mine.update(sent_at=None, admitted_at=None, reason="queue_down")


def send_again(now: datetime) -> None:
    """Ask again for starts that no host has answered, unless they are simply in line on the hosts' queue."""
    # "full": hosts answered and try again by themselves.
    sent = LabSession.objects.filter(state=State.QUEUED, sent_at__lte=now - RESEND_AFTER).exclude(reason="full")
    sessions = list(sent.select_related("workspace__lab", "workspace__enrollment").order_by("admitted_at", "pk"))
    if not sessions:
        return
    if not gpus.lent(Host.objects.exclude(gpus=""), now):  # nobody is left to take them, and they would come late
        queue.drop(gpus.queue_of("sessions", gpu=True))
    if not any(queue.length(gpus.queue_of("sessions", gpu=gpu)) for gpu in (False, True)):
        _hand_over_all([session for session in sessions if mark_sent(session, now)])


def seen(session: LabSession) -> None:
    """Somebody's page asked for this session: its place is wanted. Written twice a minute at most."""
    now = clock.now()
    if session.state == State.QUEUED and (session.seen_at is None or now - session.seen_at > SEEN_EVERY):
        LabSession.objects.filter(pk=session.pk, state=State.QUEUED).update(seen_at=now)


def give_up_abandoned(now: datetime) -> None:
    """End the waits that no page has asked for in ``PORTAL_QUEUE_KEEP_MINUTES``: nobody would use the place."""
    limit = now - timedelta(minutes=settings.PORTAL.queue_keep_minutes)
    gone = LabSession.objects.filter(WAITING, seen_at__lte=limit)
    keys = list(gone.values_list("key", flat=True))
    gone.filter(key__in=keys).update(state=State.STOPPED, reason="abandoned", place=0, changed_at=now)
    queue.publish_each([f"session:{key}" for key in keys], {"t": "state", "state": State.STOPPED.value})


def tell_waiting(environment: Environment) -> None:
    """Wake those who wait for an environment: its build went on."""
    wanted = Q(workspace__lab__environment=environment) | Q(workspace__lab__gpu_environment=environment)
    waiting = LabSession.objects.filter(WAITING, wanted, reason="environment")
    queue.publish_each([f"session:{key}" for key in waiting.values_list("key", flat=True)], {"t": "build"})
