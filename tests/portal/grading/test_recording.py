"""At most one grade a submission, whatever is delivered how often in which order, and none is lost."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from portal.core import queue
from portal.grading import services
from portal.grading.models import Grade, GradeReport, GradingJob
from portal.labsessions.models import Workspace
from tests.portal.factories import result, soon
from workers.lease import lease_key

pytestmark = pytest.mark.django_db(transaction=True)
State = GradingJob.State


@pytest.fixture
def job(workspace: Workspace) -> GradingJob:
    submission, _created = services.submit(workspace, "a-key-0001")
    return GradingJob.objects.get(submission=submission)


def again(job: GradingJob) -> GradingJob:
    return GradingJob.objects.select_related("submission__workspace__lab").get(pk=job.pk)


def test_ten_deliveries_make_one_grade(job: GradingJob) -> None:
    report = result(job, total=1)
    assert [services.job_finished(report) for _delivery in range(10)] == [True] + [False] * 9
    assert (Grade.objects.count(), GradeReport.objects.count()) == (1, 1)


def test_only_the_current_attempt_wins(job: GradingJob) -> None:
    late = result(job, total=0)
    assert services.enqueue(again(job))
    current = result(again(job), total=1)
    assert not services.job_finished(late)
    assert services.job_finished(current)
    assert not services.job_finished(late)
    assert Grade.objects.get().points == 60


@pytest.mark.parametrize("score", [2, -1, math.inf, math.nan, "1", True, None])
def test_points_are_summed_and_clamped_here(job: GradingJob, score: Any) -> None:
    report = result(job)
    report["checks"] = [
        {"id": "total", "status": "passed", "score": score},
        {"id": "invented", "status": "passed", "score": 1},
        {"id": "speed", "status": "failed", "score": 1},
    ]
    services.job_finished(report)
    grade = Grade.objects.get()
    assert grade.points == (60 if score == 2 else 0)
    assert [check["status"] for check in grade.checks][1:] == ["failed", "not_run"]


def test_a_check_reported_twice_counts_once(job: GradingJob) -> None:
    report = result(job, total=1)
    report["checks"] *= 5
    services.job_finished(report)
    assert Grade.objects.get().points == 60


@pytest.mark.parametrize("outcome", ["timeout", "memory", "output_limit"])
def test_the_students_own_failures_are_graded(job: GradingJob, outcome: str) -> None:
    services.job_finished(result(job, outcome, total=1))
    assert (again(job).state, again(job).outcome, Grade.objects.get().points) == (State.GRADED, outcome, 60)


def test_a_broken_check_costs_no_attempt(job: GradingJob, workspace: Workspace) -> None:
    services.job_finished(result(job, "author_error"))
    assert again(job).state == State.NEEDS_STAFF
    assert services.attempts_used(workspace) == 0
    assert not Grade.objects.exists()


def test_a_fault_of_ours_is_tried_again_three_times(job: GradingJob, workspace: Workspace) -> None:
    for failures in (1, 2, 3):
        assert services.job_finished(result(again(job), "platform_error"))
        assert again(job).failures == failures
        GradingJob.objects.update(not_before=soon(minutes=-1))
        services.sweep_jobs()
    assert again(job).state == State.NEEDS_STAFF
    assert services.attempts_used(workspace) == 0


def test_staff_can_have_it_graded_again(job: GradingJob) -> None:
    GradingJob.objects.update(state=State.NEEDS_STAFF, failures=3)
    assert services.retry(GradingJob.objects.all()) == 1
    services.sweep_jobs()
    assert services.job_finished(result(again(job), total=1))


def test_a_dead_workers_job_goes_to_the_next(job: GradingJob, queued: Callable) -> None:
    services.job_started(job.key, job.attempt, "host0")
    GradingJob.objects.update(started_at=soon(minutes=-1))
    queue.client().set(lease_key(job.key), job.attempt)
    services.sweep_jobs()
    assert again(job).attempt == 1
    queue.client().delete(lease_key(job.key))
    services.sweep_jobs()
    GradingJob.objects.update(not_before=soon(minutes=-1))
    services.sweep_jobs()
    assert (again(job).attempt, again(job).state) == (2, State.QUEUED)
    assert [message["args"][0]["attempt"] for message in queued("grading")] == [1, 2]


def test_what_redis_forgot_is_queued_again(job: GradingJob, queued: Callable) -> None:
    queue.client().flushall()
    GradingJob.objects.update(enqueued_at=soon(minutes=-1))
    services.sweep_jobs()
    assert (again(job).attempt, again(job).failures) == (2, 0)
    assert len(queued("grading")) == 1


def test_a_long_queue_is_not_taken_for_a_loss(job: GradingJob) -> None:
    GradingJob.objects.update(enqueued_at=soon(minutes=-30))
    services.sweep_jobs()
    assert again(job).attempt == 1


def test_one_taken_from_the_queue_by_a_worker_that_died_at_once_is_found(job: GradingJob) -> None:
    queue.client().delete("grading")
    GradingJob.objects.update(enqueued_at=soon(minutes=-1))
    services.sweep_jobs()
    assert again(job).attempt == 2


def test_what_no_database_stores_is_left_out(job: GradingJob) -> None:
    report = result(job, total=0)
    report["checks"][0] |= {"got": "a\x00b\ud800c", "figure": {"data": [{"y": [1.0, math.nan]}]}}
    services.job_finished(report)
    shown = Grade.objects.get().checks[0]
    assert (shown["got"], shown["figure"]) == ("abc", {"data": [{"y": [1.0, None]}]})
