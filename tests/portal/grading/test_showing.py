"""What the student sees of a grade: hints in stages, hidden checks hidden, each in their own language."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from portal.courses.models import Enrollment, LabSchedule
from portal.grading import services
from portal.grading.models import Grade, GradingJob, Submission
from portal.grading.presenting import Presenter
from portal.labsessions.models import Workspace
from tests.portal.factories import EnrollmentFactory, UserFactory, result, soon

pytestmark = pytest.mark.django_db(transaction=True)


def graded(workspace: Workspace, **scores: float) -> Submission:
    number = workspace.submissions.count()
    submission, _created = services.submit(workspace, f"a-key-{number:04}")
    services.job_finished(result(GradingJob.objects.get(submission=submission), **scores))
    return Submission.objects.select_related("job", "grade", "workspace__lab").get(pk=submission.pk)


def checks(workspace: Workspace, submission: Submission, **options: Any) -> dict[str, dict[str, Any]]:
    return {check["id"]: check for check in Presenter(workspace, **options).one(submission)["checks"]}


def test_hints_come_one_failure_at_a_time(workspace: Workspace) -> None:
    first = graded(workspace, total=0)
    assert checks(workspace, first)["total"]["hints"] == ["Mira el bucle."]
    assert checks(workspace, first)["total"]["more_hints"]
    second = graded(workspace, total=0.5)
    assert checks(workspace, second)["total"]["hints"] == ["Mira el bucle.", "Empieza en cero."]
    assert not checks(workspace, second)["total"]["more_hints"]
    passed = graded(workspace, total=1)
    assert checks(workspace, passed)["total"]["hints"] == []
    assert checks(workspace, first)["total"]["hints"] == ["Mira el bucle."]


def test_hidden_checks_say_nothing(workspace: Workspace) -> None:
    submission = graded(workspace, total=1, speed=0, secret=0)
    for name in ("speed", "secret"):
        shown = checks(workspace, submission)[name]
        assert (shown["hidden"], shown["status"], shown["points"], shown["message"]) == (True, "hidden", None, None)
        assert shown["got"] is shown["expected"] is None
    LabSchedule.objects.create(cohort=workspace.enrollment.cohort, lab=workspace.lab, due_at=soon(seconds=-1))
    assert checks(workspace, submission)["speed"]["message"] == "Falta algo."
    assert checks(workspace, submission)["secret"]["hidden"]
    assert checks(workspace, submission, staff=True)["secret"]["message"] == "Falta algo."


def test_messages_speak_the_readers_language(workspace: Workspace) -> None:
    submission = graded(workspace, total=0)
    with translation.override("en"):
        shown = checks(workspace, submission)["total"]
    assert (shown["title"], shown["message"]) == ("The total", "Something is missing.")
    assert shown["hints"] == ["Look at the loop."]


def test_only_the_newest_carries_its_figure(workspace: Workspace) -> None:
    for _attempt in range(2):
        submission = graded(workspace, total=0)
        entries = submission.grade.checks
        entries[0]["figure"] = {"data": []}
        Grade.objects.filter(pk=submission.grade.pk).update(checks=entries)
    listed = Presenter(workspace).many(workspace.submissions.select_related("job", "grade"))
    assert [entry["checks"][0]["figure"] for entry in listed] == [{"data": []}, None]


def readers(student: Enrollment) -> dict[str, tuple[Any, int]]:
    """Who asks for a student's submission, and what they get."""
    same, other = student.cohort, EnrollmentFactory(role="instructor")
    return {
        "its student": (student.user, 200),
        "the cohort's instructor": (EnrollmentFactory(cohort=same, role="instructor").user, 200),
        "the admin": (UserFactory(is_superuser=True, is_staff=True), 200),
        "another student": (EnrollmentFactory(cohort=same).user, 404),
        "another cohort's instructor": (other.user, 404),
        "somebody without a course": (UserFactory(), 404),
        "nobody": (None, 401),
    }


def test_who_may_see_a_submission(workspace: Workspace, student: Enrollment) -> None:
    submission = graded(workspace, total=0)
    for who, (user, status) in readers(student).items():
        client = Client()
        if user:
            client.force_login(user, backend="portal.accounts.sessions.PortalBackend")
        for path in ("", "archivos/", "eventos/"):
            answer = client.get(f"/entregas/{submission.pk}/{path}")
            assert answer.status_code == status, f"{who}: {path}"
            answer.close()


def test_the_course_home_counts_the_best_attempt(signed_in: Client, workspace: Workspace) -> None:
    for score in (0.5, 1, 0):
        graded(workspace, total=score)
    (lab, *_others) = signed_in.get("/curso/ml/").context["modules"][0].topics[0].pages[0].labs
    assert (lab.points, lab.attempts, lab.passed) == (60, 3, True)


def test_checks_fill_in_while_grading_but_hidden_ones_stay_hidden(workspace: Workspace) -> None:
    submission, _created = services.submit(workspace, "a-key-live")
    submission = Submission.objects.select_related("job", "workspace__lab").get(pk=submission.pk)
    earlier = [{"t": "check", "id": "total", "status": "failed"}, {"t": "queued"}]
    now = [
        {"t": "phase", "phase": "checking"},
        {"t": "check", "id": "speed", "status": "passed"},
    ]
    before = Presenter(workspace).one(submission, [*earlier, *now])
    assert before["phase"] == "checking"
    assert {c["id"]: c["status"] for c in before["checks"]} == {"total": None, "speed": "hidden", "secret": "hidden"}
    after = Presenter(workspace).one(submission, [*earlier, *now, {"t": "check", "id": "total", "status": "partial"}])
    assert {c["id"]: c["status"] for c in after["checks"]}["total"] == "partial"
    assert all(check["points"] is None for check in after["checks"])
