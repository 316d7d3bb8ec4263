"""How long a wait will be: from what recent sessions waited, and nothing where too little is known."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from portal.labsessions import services
from portal.labsessions.estimates import estimate
from portal.labsessions.models import Host, LabSession
from portal.labsessions.presenting import session_json
from tests.portal.factories import HostFactory, WorkspaceFactory, build_environment

State = LabSession.State


@pytest.fixture
def one_place(course: None) -> Host:
    build_environment()
    return HostFactory.create(name="host0", slots=1)


def past(waited: float, start: float, behind: int | None = 0) -> None:
    """A session of today that waited so many seconds for a place and then so many to be ready."""
    came = timezone.now() - timedelta(hours=1)
    admitted = came + timedelta(seconds=waited)
    LabSession.objects.create(
        workspace=WorkspaceFactory.create(),
        state=State.STOPPED,
        created_at=came,
        changed_at=came,
        deadline=came,
        joined_behind=behind,
        admitted_at=admitted,
        ready_at=admitted + timedelta(seconds=start),
    )


def waits() -> LabSession:
    session, _new = services.start(WorkspaceFactory.create())
    cache.clear()
    return session


def test_without_history_it_says_nothing(one_place: Host) -> None:
    services.start(WorkspaceFactory.create())
    for _time in range(4):
        past(10, 2)
    assert estimate(waits()) is None


def test_it_adds_the_places_before_and_the_start(one_place: Host) -> None:
    for waited in (20, 20, 20, 20, 20, 20):
        past(waited, 3, behind=1)  # ten seconds a place
    services.start(WorkspaceFactory.create())
    first, second, third = waits(), waits(), waits()
    assert [session.place for session in (first, second, third)] == [0, 1, 2]
    assert estimate(first) == {"p50": 15, "p90": 15}
    assert estimate(second) == {"p50": 25, "p90": 25}
    assert estimate(third) == {"p50": 35, "p90": 35}


def test_its_two_figures_are_the_middle_and_the_slow_tenth(one_place: Host) -> None:
    for waited in (10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110):
        past(waited, 0.001)
    services.start(WorkspaceFactory.create())
    assert estimate(waits()) == {"p50": 90, "p90": 120}, "60 and 100 s, rounded up to half minutes"


def test_a_wait_that_was_for_something_else_does_not_count(one_place: Host) -> None:
    for _time in range(6):
        past(600, 2, behind=None)
    services.start(WorkspaceFactory.create())
    assert estimate(waits()) is None


def test_past_the_usual_it_says_nothing(one_place: Host) -> None:
    for _time in range(6):
        past(10, 2)
    services.start(WorkspaceFactory.create())
    session = waits()
    assert estimate(session) is not None
    session.created_at -= timedelta(minutes=1)
    assert estimate(session) is None


def test_once_it_has_its_place_it_tells_how_long_a_start_takes(one_place: Host, signed_in: Client) -> None:
    for _time in range(6):
        past(10, 7)
    shown = signed_in.post("/lab/suma/sesion/").json()
    assert (shown["reason"], shown["wait"]) == ("host", {"p50": 7, "p90": 7})


def test_a_running_session_waits_for_nothing(one_place: Host) -> None:
    for _time in range(6):
        past(10, 7)
    session = waits()
    services.session_changed({"session": session.key, "state": "ready", "host": "host0", "reason": ""})
    session.refresh_from_db()
    assert session.ready_at is not None
    assert session_json(session)["wait"] is None
