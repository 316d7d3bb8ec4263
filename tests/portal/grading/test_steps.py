"""Asking whether a step is done: judged like a submission, free of charge, one question at a time, one's own only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from portal.accounts.models import User
from portal.courses.models import Enrollment, LabSchedule
from portal.grading import services
from portal.grading.models import Grade, GradeReport, GradingJob, StepCheck, StepDone, Submission
from portal.labsessions.models import Workspace
from tests.portal.factories import EnrollmentFactory, UserFactory, result, soon
from tests.portal.grading.test_live import watch
from workers.lease import lease_key
from workers.streams import publish

pytestmark = pytest.mark.django_db(transaction=True)
State = GradingJob.State
BACKEND = "portal.accounts.sessions.PortalBackend"
ASK = "/lab/suma/pasos/sumar/comprobaciones/"


def ask(client: Client) -> Any:
    return client.post(ASK)


def newest() -> GradingJob:
    return GradingJob.objects.select_related("step_check__workspace__lab").latest("pk")


def answer(**scores: float) -> None:
    assert services.job_finished(result(newest(), **scores))


def steps(client: Client) -> dict[str, dict[str, Any]]:
    return {step["id"]: step for step in client.get("/lab/suma/pasos/").json()}


def test_only_the_steps_checks_judge_the_saved_files(signed_in: Client, queued: Callable) -> None:
    save = {"text": "def suma(xs): ...\n", "base_version": 0}
    signed_in.put("/lab/suma/archivos/main.py", save, content_type="application/json")
    asked = ask(signed_in)
    assert (asked.status_code, asked.json()["state"], asked.json()["step"]) == (201, "queued", "sumar")
    (message,) = (m["args"][0] for m in queued("grading"))
    assert message["checks"] == ["total"]
    assert message["files"] == StepCheck.objects.get().files
    assert [check["id"] for check in asked.json()["checks"]] == ["total"]


def test_its_answer_comes_with_what_was_got_and_ticks_the_step(signed_in: Client) -> None:
    pk = ask(signed_in).json()["id"]
    answer(total=0)
    told = signed_in.get(f"/comprobaciones/{pk}/").json()
    assert (told["state"], told["passed"]) == ("graded", False)
    (check,) = told["checks"]
    assert (check["status"], check["message"], check["got"], check["expected"]) == ("failed", "Falta algo.", "1", "2")
    assert not steps(signed_in)["sumar"]["done"]
    ask(signed_in)
    answer(total=1)
    step = steps(signed_in)["sumar"]
    assert (step["done"], step["last"]["passed"]) == (True, True)


def test_the_last_answer_counts(signed_in: Client) -> None:
    for score, done in ((1, True), (0, False), (0.5, False), (1, True)):
        ask(signed_in)
        answer(total=score)
        assert steps(signed_in)["sumar"]["done"] is done


def test_a_submission_tells_too_which_steps_are_done(signed_in: Client, workspace: Workspace) -> None:
    services.submit(workspace, "a-key-0001")
    answer(total=1, speed=0, secret=0)
    assert steps(signed_in)["sumar"]["done"]
    services.submit(workspace, "a-key-0002")
    answer(total=0, speed=1, secret=1)
    assert not steps(signed_in)["sumar"]["done"]


def test_it_costs_no_attempt_and_no_hint_and_is_no_grade(signed_in: Client, workspace: Workspace) -> None:
    for _again in range(3):
        ask(signed_in)
        answer(total=0)
    assert services.attempts_used(workspace) == 0
    assert services.best_results(workspace.enrollment) == {}
    assert [model.objects.count() for model in (Submission, Grade, GradeReport)] == [0, 0, 0]
    (check,) = steps(signed_in)["sumar"]["last"]["checks"]
    assert (check["hints"], check["more_hints"]) == ([], True)
    services.submit(workspace, "a-key-0001")
    answer(total=0)
    assert steps(signed_in)["sumar"]["last"]["checks"][0]["hints"] == ["Mira el bucle."]


def test_it_can_be_asked_after_the_lab_was_due(signed_in: Client, workspace: Workspace) -> None:
    LabSchedule.objects.create(cohort=workspace.enrollment.cohort, lab=workspace.lab, due_at=soon(days=-1))
    assert ask(signed_in).status_code == 201


def test_one_question_at_a_time_in_all_labs(signed_in: Client) -> None:
    ask(signed_in)
    for path in (ASK, ASK.replace("suma", "cuenta", 1)):
        refused = signed_in.post(path)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "checking")
    answer(total=1)
    assert ask(signed_in).status_code == 201


def test_who_asks_too_often_hears_how_long_to_wait(signed_in: Client) -> None:
    for _time in range(6):
        assert ask(signed_in).status_code == 201
        answer(total=0)
    refused = ask(signed_in)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_often")
    assert 0 < refused.json()["wait"] <= 60
    StepCheck.objects.update(asked_at=soon(minutes=-2))
    assert ask(signed_in).status_code == 201


def test_a_submission_is_graded_beside_a_question(signed_in: Client, workspace: Workspace) -> None:
    ask(signed_in)
    submission, created = services.submit(workspace, "a-key-0001")
    assert created
    assert services.position(submission.job) == 1


def test_the_student_ticks_off_a_step_without_checks_and_can_take_it_back(signed_in: Client) -> None:
    for done in (True, True, False, True):
        told = signed_in.put("/lab/suma/pasos/leer/", {"done": done}, content_type="application/json")
        assert told.json() == signed_in.get("/lab/suma/pasos/").json()
        assert steps(signed_in)["leer"]["done"] is done
    assert StepDone.objects.count() == 1


@pytest.mark.parametrize(
    ("step", "sent", "status", "code"),
    [
        ("sumar", {"done": True}, 409, "checked"),
        ("leer", {"done": "yes"}, 400, "bad_json"),
        ("leer", {}, 400, "bad_json"),
        ("otro", {"done": True}, 404, "not_found"),
    ],
)
def test_anything_else_is_refused(signed_in: Client, step: str, sent: dict, status: int, code: str) -> None:
    refused = signed_in.put(f"/lab/suma/pasos/{step}/", sent, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)


def test_a_step_without_checks_and_an_unknown_one_have_nothing_to_ask(signed_in: Client) -> None:
    assert signed_in.post("/lab/suma/pasos/leer/comprobaciones/").json()["error"]["code"] == "no_checks"
    assert signed_in.post("/lab/suma/pasos/otro/comprobaciones/").status_code == 404


def test_a_lost_workers_question_is_asked_again(signed_in: Client, queued: Callable) -> None:
    ask(signed_in)
    job = newest()
    services.job_started(job.key, job.attempt, "host0")
    GradingJob.objects.update(started_at=soon(minutes=-1))
    services.queue.client().delete(lease_key(job.key))
    services.sweep_jobs()
    GradingJob.objects.update(not_before=soon(minutes=-1))
    services.sweep_jobs()
    assert [m["args"][0]["checks"] for m in queued("grading")] == [["total"]] * 2
    answer(total=1)
    assert steps(signed_in)["sumar"]["done"]


def test_a_late_answer_changes_nothing(signed_in: Client) -> None:
    ask(signed_in)
    late = result(newest(), total=1)
    services.enqueue(newest())
    answer(total=0)
    assert not services.job_finished(late)
    assert not steps(signed_in)["sumar"]["done"]


def test_our_own_faults_are_said_in_words(signed_in: Client) -> None:
    ask(signed_in)
    services.job_finished(result(newest(), "author_error"))
    last = steps(signed_in)["sumar"]["last"]
    assert (last["state"], last["passed"]) == ("needs_staff", None)
    assert "comprobación" in last["message"]
    ask(signed_in)
    services.job_finished(result(newest(), "timeout"))
    last = steps(signed_in)["sumar"]["last"]
    assert (last["outcome"], last["passed"], last["checks"][0]["status"]) == ("timeout", False, "not_run")


def test_only_its_student_and_who_teaches_them_see_it(signed_in: Client, workspace: Workspace) -> None:
    asked = ask(signed_in).json()["id"]
    paths = [f"/comprobaciones/{asked}/{rest}" for rest in ("", "eventos/")]
    teacher = EnrollmentFactory(cohort=workspace.enrollment.cohort, role=Enrollment.Role.INSTRUCTOR).user
    other_teacher = EnrollmentFactory(role=Enrollment.Role.INSTRUCTOR).user
    classmate = EnrollmentFactory(cohort=workspace.enrollment.cohort).user
    admin = User.objects.create_superuser("root", password="x")
    expected = {teacher: 200, admin: 200, other_teacher: 404, classmate: 404, UserFactory(): 404}
    answer(total=1)
    for user, status in expected.items():
        client = Client()
        client.force_login(user, backend=BACKEND)
        assert [client.get(path).status_code for path in paths] == [status] * 2
    assert [Client().get(path).status_code for path in paths] == [401] * 2


def test_nobody_asks_or_ticks_off_for_somebody_else(signed_in: Client, student: Enrollment) -> None:
    ask(signed_in)
    signed_in.put("/lab/suma/pasos/leer/", {"done": True}, content_type="application/json")
    classmate = Client()
    classmate.force_login(EnrollmentFactory(cohort=student.cohort).user, backend=BACKEND)
    assert not any(step["done"] or step["last"] for step in steps(classmate).values())
    assert ask(classmate).status_code == 201
    stranger = Client()
    stranger.force_login(UserFactory(), backend=BACKEND)
    assert [stranger.post(ASK).status_code, stranger.get("/lab/suma/pasos/").status_code] == [404, 404]
    assert [Client().post(ASK).status_code, Client().get("/lab/suma/pasos/").status_code] == [401, 401]


def test_the_page_knows_every_step_and_marks_it_in_the_text(signed_in: Client) -> None:
    ask(signed_in)
    page = signed_in.get("/lab/suma/")
    assert [step["id"] for step in page.context["config"]["steps"]] == ["sumar", "leer"]
    assert page.context["config"]["steps"][0]["last"]["state"] == "queued"
    assert page.content.decode().count('class="step"') == 2


def test_its_stream_tells_each_phase_to_the_answer(signed_in: Client, student: Enrollment) -> None:
    pk = ask(signed_in).json()["id"]
    job = newest()

    def judge() -> None:
        services.job_started(job.key, job.attempt, "host0")
        publish(f"job:{job.key}", {"t": "phase", "phase": "running"})
        answer(total=1)

    states = async_to_sync(watch)(student, f"/comprobaciones/{pk}/eventos/", judge)
    assert (states[0]["state"], states[-1]["state"], states[-1]["passed"]) == ("queued", "graded", True)
