"""A submission is stored with its job or refused with the reason, whatever else is down."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from portal.courses.models import LabSchedule
from portal.grading import services
from portal.grading.models import GradingJob, Submission
from portal.labsessions.models import Workspace
from tests.portal.factories import result, soon

pytestmark = pytest.mark.django_db(transaction=True)
State = GradingJob.State


def submit(client: Client, key: str = "a-key-0001"):
    return client.post("/lab/suma/entregas/", headers={"Idempotency-Key": key})


def finish(score: float = 1) -> None:
    for job in GradingJob.objects.filter(state__in=GradingJob.OPEN):
        services.job_finished(result(job, total=score, speed=score, secret=score))


def test_it_keeps_the_files_as_they_were(signed_in: Client) -> None:
    save = {"text": "def suma(xs): ...\n", "base_version": 0}
    signed_in.put("/lab/suma/archivos/main.py", save, content_type="application/json")
    number = submit(signed_in).json()["id"]
    signed_in.put("/lab/suma/archivos/main.py", {"text": "otra\n", "base_version": 1}, content_type="application/json")
    kept = signed_in.get(f"/entregas/{number}/archivos/").json()
    assert kept == {"main.py": "def suma(xs): ...\n", "extra.py": "# tuyo\n"}


def test_the_same_key_is_the_same_submission(signed_in: Client) -> None:
    first, second = submit(signed_in), submit(signed_in)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    finish()
    assert submit(signed_in).json()["id"] == first.json()["id"]
    assert Submission.objects.count() == 1


@pytest.mark.parametrize("key", ["", "short", "x" * 200, "clave-con-ñ"])
def test_a_submission_without_a_proper_key_is_refused(signed_in: Client, key: str) -> None:
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    answer = signed_in.post("/lab/suma/entregas/", **headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "no_key")


def test_one_at_a_time(signed_in: Client) -> None:
    submit(signed_in)
    answer = submit(signed_in, "a-key-0002")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "grading")
    finish()
    assert submit(signed_in, "a-key-0002").status_code == 201


def test_attempts_are_counted_and_faults_of_ours_are_not(signed_in: Client) -> None:
    for number in range(3):
        assert submit(signed_in, f"a-key-000{number}").status_code == 201
        finish()
    answer = submit(signed_in, "a-key-0009")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "attempts")
    GradingJob.objects.filter(submission__number=2).update(state=State.NEEDS_STAFF)
    assert signed_in.get("/lab/suma/").context["config"]["lab"]["attemptsUsed"] == 2
    assert submit(signed_in, "a-key-0009").status_code == 201


def test_past_due_by_the_servers_clock(signed_in: Client, workspace: Workspace) -> None:
    LabSchedule.objects.create(cohort=workspace.enrollment.cohort, lab=workspace.lab, due_at=soon(seconds=-1))
    answer = submit(signed_in)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "past_due")
    assert not Submission.objects.exists()


def test_redis_down_stores_it_and_it_is_graded_later(
    signed_in: Client, redis_down: Callable[[], None], queued: Callable
) -> None:
    answer = submit(signed_in)
    assert (answer.status_code, answer.json()["state"]) == (201, "waiting")
    assert answer.json()["message"]
    services.sweep_jobs()
    assert GradingJob.objects.get().state == State.WAITING
    redis_down()
    services.sweep_jobs()
    job = GradingJob.objects.get()
    assert job.state == State.QUEUED
    (message,) = queued("grading")
    assert (message["args"][0]["job"], message["args"][0]["attempt"]) == (job.key, job.attempt)
    finish()
    assert GradingJob.objects.get().state == State.GRADED
