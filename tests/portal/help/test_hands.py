"""A student raises a hand; instructors of the cohort see it; it comes down by itself when it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.courses.models import Enrollment
from portal.grading import services
from portal.grading.models import GradingJob
from portal.help import hands
from portal.help.models import Entry, Hand
from portal.labsessions.models import LabSession, Workspace
from portal.operations.services import sweep
from tests.portal.factories import EnrollmentFactory, UserFactory, WorkspaceFactory, result, soon
from tests.portal.help.conftest import browser_of

OWN = "/lab/suma/ayuda/"


def raise_hand(client: Client, note: Any = "") -> Any:
    return client.post(OWN, {"note": note}, content_type="application/json")


def test_a_hand_goes_up_with_a_note_and_comes_down(signed_in: Client) -> None:
    up = raise_hand(signed_in, "  No entiendo\nel join ").json()["hand"]
    assert (up["note"], up["position"]) == ("No entiendo el join", 1)
    assert signed_in.get(OWN).json()["hand"] == up
    assert signed_in.delete(OWN).json()["hand"] is None
    assert signed_in.get(OWN).json()["hand"] is None
    assert list(Entry.objects.values_list("act", flat=True)) == ["lowered", "raised"]


def test_looking_at_it_stores_nothing(signed_in: Client) -> None:
    assert signed_in.get(OWN).json() == {"hand": None, "visits": [], "files": {}}
    assert not Workspace.objects.exists()


def test_two_clicks_raise_one_hand(signed_in: Client) -> None:
    first, second = (raise_hand(signed_in, note).json()["hand"] for note in ("uno", "dos"))
    assert first == second
    assert Hand.objects.count() == 1


def test_the_place_in_line_counts_the_cohort_only(student: Enrollment, signed_in: Client) -> None:
    hands.raise_hand(WorkspaceFactory(enrollment__cohort=student.cohort), "")
    hands.raise_hand(WorkspaceFactory(), "another cohort's")
    assert raise_hand(signed_in).json()["hand"]["position"] == 2


@pytest.mark.parametrize(("note", "code"), [("x" * 281, "too_long"), (None, "no_note"), (["a"], "no_note")])
def test_a_note_that_is_none_is_refused(signed_in: Client, note: Any, code: str) -> None:
    answer = raise_hand(signed_in, note)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert not Hand.objects.exists()


def test_raising_it_all_the_time_is_refused_for_a_while(signed_in: Client, workspace: Workspace) -> None:
    for _time in range(hands.PER_HOUR):
        assert raise_hand(signed_in).status_code == 200
        signed_in.delete(OWN)
    assert raise_hand(signed_in).json()["error"]["code"] == "too_often"
    Entry.objects.all()._raw_delete("default")  # as if the hour had passed
    assert raise_hand(signed_in).status_code == 200


def test_it_comes_down_when_the_lab_is_passed(workspace: Workspace) -> None:
    hand = hands.raise_hand(workspace, "")
    submission, _created = services.submit(workspace, "a-key-0001")
    job = GradingJob.objects.get(submission=submission)
    services.job_finished(result(job, total=0))
    sweep()
    assert hands.raised(workspace) == hand
    submission, _created = services.submit(workspace, "a-key-0002")
    services.job_finished(result(GradingJob.objects.get(submission=submission), total=1))
    sweep()
    hand.refresh_from_db()
    assert hand.lowered_because == Hand.Why.PASSED


def test_it_comes_down_after_two_hours(workspace: Workspace) -> None:
    hand = hands.raise_hand(workspace, "")
    Hand.objects.update(raised_at=soon() - hands.RAISED_FOR + timedelta(minutes=1))
    sweep()
    assert hands.raised(workspace)
    Hand.objects.update(raised_at=soon() - hands.RAISED_FOR)
    sweep()
    hand.refresh_from_db()
    assert hand.lowered_because == Hand.Why.TIMEOUT
    entry = Entry.objects.first()
    assert entry
    assert (entry.act, entry.actor) == ("lowered", None)


def test_the_list_says_who_waits_where_and_why(workspace: Workspace, session: LabSession, theirs: Client) -> None:
    submission, _created = services.submit(workspace, "a-key-0001")
    services.job_finished(result(GradingJob.objects.get(submission=submission), total=0))
    hands.raise_hand(workspace, "<b>no</b> entiendo")
    page = theirs.get(f"/ayuda/cohorte/{workspace.enrollment.cohort_id}/")
    (row,) = page.context["hands"]
    assert (row["student"], row["lab"]) == (str(workspace.enrollment.user), "Sumar")
    assert (row["failing"], row["session"], row["helpers"]) == ("El total", "ready", [])
    assert "&lt;b&gt;no&lt;/b&gt; entiendo" in page.text


def test_the_longest_waiting_is_first_and_the_lowered_are_gone(student: Enrollment, theirs: Client) -> None:
    three = [WorkspaceFactory(enrollment__cohort=student.cohort) for _ in range(3)]
    for workspace in three:
        hands.raise_hand(workspace, "")
    middle = Hand.objects.get(workspace=three[1])
    listed = theirs.post(f"/ayuda/manos/{middle.pk}/bajar/", follow=True).context["hands"]
    assert [row["workspace"] for row in listed] == [three[0].pk, three[2].pk]
    middle.refresh_from_db()
    assert middle.lowered_because == Hand.Why.INSTRUCTOR


def test_who_works_without_a_raised_hand_is_listed_too(
    workspace: Workspace, session: LabSession, theirs: Client
) -> None:
    address = f"/ayuda/cohorte/{workspace.enrollment.cohort_id}/"
    (row,) = theirs.get(address).context["working"]
    assert (row["workspace"], row["session"]) == (workspace.pk, "ready")
    hands.lower(hands.raise_hand(workspace, ""), Hand.Why.STUDENT, None)
    assert len(theirs.get(address).context["working"]) == 1
    hands.raise_hand(workspace, "")
    assert theirs.get(address).context["working"] == []
    now = soon()
    LabSession.objects.create(
        workspace=WorkspaceFactory(), state="ready", created_at=now, changed_at=now, deadline=soon(hours=1)
    )
    assert theirs.get(address).context["working"] == [], "another cohort's"


def test_the_course_page_says_how_many_are_up_to_instructors_only(
    workspace: Workspace, theirs: Client, signed_in: Client
) -> None:
    hands.raise_hand(workspace, "")
    link = f"/ayuda/cohorte/{workspace.enrollment.cohort_id}/"
    page = theirs.get("/curso/ml/").text
    assert link in page
    assert '<span class="count numeric">1</span>' in page
    assert link not in signed_in.get("/curso/ml/").text


def test_only_who_helps_the_cohort_finds_its_hands(
    workspace: Workspace, instructor: User, strangers: dict[str, User]
) -> None:
    hand = hands.raise_hand(workspace, "")
    page, events = (f"/ayuda/cohorte/{workspace.enrollment.cohort_id}/{end}" for end in ("", "eventos/"))
    lower = f"/ayuda/manos/{hand.pk}/bajar/"
    for who, user in {**strangers, "the student": workspace.enrollment.user}.items():
        client = browser_of(user)
        assert [client.get(page).status_code, client.get(events).status_code] == [404, 404], who
        assert client.post(lower).status_code == 404, who
    assert Client().get(page).status_code == 302
    assert Client().get(events).status_code == 401
    assert hands.raised(workspace)
    for user in (instructor, UserFactory(is_staff=True)):
        assert browser_of(user).get(page).status_code == 200
    assert browser_of(instructor).get(lower).status_code == 405
    assert browser_of(instructor).get("/ayuda/cohorte/999999/").status_code == 404


def test_a_hand_is_raised_only_where_one_may_work(workspace: Workspace) -> None:
    assert raise_hand(browser_of(UserFactory())).status_code == 404
    assert raise_hand(Client()).status_code == 401
    other = EnrollmentFactory().user
    raise_hand(browser_of(other))
    assert hands.raised(workspace) is None, "it is one's own that goes up"
