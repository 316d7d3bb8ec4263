"""The queue for places: fair between cohorts, in order within one, as it is shown, and kept for who waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from portal.courses.models import Cohort, Enrollment, Lab
from portal.labsessions import admission, services
from portal.labsessions.admission import Served, Waiting, served_order, with_turns
from portal.labsessions.models import Host, LabSession
from portal.labsessions.services import session_changed
from tests.portal.factories import (
    CohortFactory,
    EnrollmentFactory,
    HostFactory,
    WorkspaceFactory,
    build_environment,
    soon,
)

State = LabSession.State


@pytest.fixture
def one_place(course: None) -> Host:
    build_environment()
    return HostFactory.create(name="host0", slots=1)


def joins(cohort: Cohort) -> LabSession:
    """Somebody new of this cohort asks for a session."""
    return services.start(WorkspaceFactory.create(enrollment=EnrollmentFactory.create(cohort=cohort)))[0]


def ends(session: LabSession) -> None:
    session_changed({"session": session.key, "state": "stopped", "host": "host0", "reason": "stopped"})


def running() -> LabSession:
    (session,) = LabSession.objects.filter(admission.TAKEN)
    return session


def arrival(number: int, cohort: int, user: int) -> Waiting:
    return Waiting(
        number, str(number), cohort, user, environment=1, gpu_environment=None, reason="slots", place=0, turn=None,
        joined_behind=None,
    )  # fmt: skip


def line(*people: tuple[int, int], held: dict[int, int] | None = None) -> list[Waiting]:
    """(cohort, user) of each in order of arrival, with their turns; cohorts hold so many places already."""
    arrivals = [arrival(number, cohort, user) for number, (cohort, user) in enumerate(people)]
    return with_turns(arrivals, Counter(held or {}), Served())


def order(line: list[Waiting], users: dict[int, int] | None = None) -> list[int]:
    return [one.pk for one in served_order(line, Counter(users or {}), limit=2)]


def test_cohorts_take_turns_and_each_keeps_its_order() -> None:
    assert order(line((1, 1), (1, 2), (1, 3), (2, 4), (2, 5))) == [0, 3, 1, 4, 2]


def test_a_cohort_that_holds_fewer_places_goes_first() -> None:
    assert order(line((1, 1), (1, 2), (2, 3), (2, 4), (2, 5), held={1: 2})) == [2, 3, 0, 4, 1]


def test_nobody_is_overtaken_for_ever() -> None:
    """Somebody of a cohort that holds five places waits; newcomers of one that never holds any keep coming."""
    waiting, served = [arrival(0, 1, 1)], Served()
    for newcomer in range(1, 9):
        waiting = with_turns([*waiting, arrival(newcomer, 2, 1 + newcomer)], Counter({1: 5}), served)
        first = served_order(waiting, Counter(), limit=2)[0]
        waiting.remove(first)
        if first.pk == 0:
            return
        served = Served(first.turn or 0, frozenset({first.cohort}))
    pytest.fail("the first to come is still waiting")


def test_one_student_does_not_hold_many_places() -> None:
    assert order(line((1, 1), (1, 1), (1, 1), (1, 2))) == [0, 1, 3]
    assert order(line((1, 1), (1, 2)), users={1: 2}) == [1]


def test_what_is_shown_is_the_order_that_is_served(one_place: Host) -> None:
    first, second = CohortFactory.create(), CohortFactory.create()
    going = joins(first)
    people = [joins(cohort) for cohort in (first, first, first, second, second)]
    shown = sorted(LabSession.objects.filter(state=State.QUEUED, sent_at=None), key=lambda session: session.place)
    assert [session.place for session in shown] == [0, 1, 2, 3, 4]
    assert shown == [people[n] for n in (3, 0, 4, 1, 2)]
    for expected in shown:
        ends(going)
        going = running()
        assert going == expected


def test_a_place_moves_up_when_somebody_leaves(one_place: Host, signed_in: Client) -> None:
    cohort = CohortFactory.create()
    _going, ahead, last = joins(cohort), joins(cohort), joins(cohort)
    assert last.place == 1
    services.stop(ahead)
    last.refresh_from_db()
    assert (last.place, last.reason) == (0, "slots")


def test_a_student_at_the_limit_is_told_so_and_served_when_one_of_theirs_ends(
    one_place: Host, student: Enrollment, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    Host.objects.update(slots=10)
    monkeypatch.setattr(settings.PORTAL, "sessions_per_student", 1)
    first, _new = services.start(services.workspace_for(student, lab))
    second, _new = services.start(services.workspace_for(student, Lab.objects.get(slug="cuenta")))
    assert (second.reason, second.place) == ("own_limit", 0)
    assert joins(student.cohort).reason == "host", "others are not held up by it"
    ends(first)
    second.refresh_from_db()
    assert second.reason == "host"


def test_without_a_host_it_says_so_and_keeps_the_place(one_place: Host, queued: Callable) -> None:
    Host.objects.update(seen_at=soon(minutes=-5))
    session = joins(CohortFactory.create())
    assert (session.reason, queued("sessions")) == ("no_host", [])
    Host.objects.update(seen_at=soon())
    services.sweep_sessions()
    assert len(queued("sessions")) == 1


def test_a_place_is_kept_while_a_page_asks_for_it(one_place: Host, signed_in: Client, client: Client) -> None:
    joins(CohortFactory.create())
    key = signed_in.post("/lab/suma/sesion/").json()["key"]
    LabSession.objects.filter(key=key).update(seen_at=soon(minutes=-10))
    services.sweep_sessions()
    assert signed_in.get(f"/sesion/{key}/").json()["state"] == "queued", "it asked again within the limit"
    assert LabSession.objects.get(key=key).seen_at > soon(minutes=-1)
    LabSession.objects.filter(key=key).update(seen_at=soon(minutes=-16))
    services.sweep_sessions()
    shown = signed_in.get(f"/sesion/{key}/").json()
    assert (shown["state"], shown["reason"]) == ("stopped", "abandoned")
    assert signed_in.post("/lab/suma/sesion/").status_code == 201


def test_a_long_wait_in_the_queue_is_not_a_failed_start(one_place: Host) -> None:
    going, late = joins(CohortFactory.create()), joins(CohortFactory.create())
    LabSession.objects.filter(pk=late.pk).update(created_at=soon(hours=-1))
    ends(going)
    services.sweep_sessions()
    late.refresh_from_db()
    assert (late.state, late.reason) == (State.QUEUED, "host")


def test_who_goes_on_waiting_is_woken(one_place: Host) -> None:
    from workers.broker import redis_client

    cohort = CohortFactory.create()
    going, _next, last = joins(cohort), joins(cohort), joins(cohort)
    before = redis_client().xlen(f"stream:session:{last.key}")
    ends(going)
    assert redis_client().xlen(f"stream:session:{last.key}") == before + 1


def test_admitting_costs_the_same_however_many_wait(one_place: Host, django_assert_max_num_queries: Callable) -> None:
    cohort = CohortFactory.create()
    going = joins(cohort)
    for _student in range(40):
        joins(cohort)
    ends(going)
    services.stop(running())
    LabSession.objects.filter(admission.TAKEN).update(state=State.STOPPED)
    # Savepoint and release, hosts, taken, waiting, built, places; and six for the one that is handed over.
    clocks = 1 if connection.vendor == "postgresql" else 0
    with django_assert_max_num_queries(14 + clocks):
        admission.admit()
    assert LabSession.objects.filter(state=State.QUEUED, sent_at=None).count() == 38
