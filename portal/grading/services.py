"""Taking submissions, queueing them, and recording what graders report: accepted = graded + pending, always."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta
from typing import Any

import redis
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from portal.core import clock, queue
from portal.core.api import ApiError
from portal.core.plain import plain
from portal.core.prepared import Parameter, Prepared
from portal.courses.models import Enrollment, LabSchedule
from portal.courses.progress import LabProgress
from portal.grading.models import GradeReport, GradingJob, Submission
from portal.grading.results import record_grade, record_step_check
from portal.labsessions import gpus
from portal.labsessions.models import Workspace
from workers.jobs import GradeJob, to_json
from workers.lease import attempt_key, lease_key

logger = logging.getLogger(__name__)

State = GradingJob.State
# Tries that may end by a fault of ours before a person has to look.
MAX_FAILURES = 3
# Tries of any kind: a job whose worker dies before it can say that it started is counted here.
MAX_ATTEMPTS = 12
# A job is silent for this long before the sweep asks Redis whether anybody still works on it.
QUIET = timedelta(seconds=20)
LOST_IN_QUEUE = timedelta(seconds=45)
RETRY_DELAY = timedelta(seconds=5)
_ATTEMPT_TTL = 7 * 24 * 3600


def due_at(workspace: Workspace) -> Any:
    """When the lab is due for this student, or None."""
    cohort = workspace.enrollment.cohort_id
    schedule = LabSchedule.objects.filter(cohort=cohort, lab=workspace.lab_id).values_list("due_at", flat=True)
    return schedule.first()


def attempts_used(workspace: Workspace) -> int:
    """Submissions that count. Those that ended by a fault of the portal or the lab don't."""
    return workspace.submissions.exclude(job__state=State.NEEDS_STAFF).count() if workspace.pk else 0


def submit(workspace: Workspace, idempotency_key: str) -> tuple[Submission, bool]:
    """Store a submission of the saved files and its grading job, both or neither.

    The same key gives the same submission again. Raises ApiError: ``grading``, ``attempts``, ``past_due``.
    """
    if not 8 <= len(idempotency_key) <= 80 or not idempotency_key.isascii():
        raise ApiError(400, "no_key", _("The submission has no valid Idempotency-Key."))
    with transaction.atomic():
        # The lock makes the checks below and the insert one step, whatever arrives at once.
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        earlier = workspace.submissions.filter(idempotency_key=idempotency_key).first()
        if earlier:
            return earlier, False
        now = clock.now()
        _refuse_unless_allowed(workspace, now)
        last = workspace.submissions.aggregate(last=Max("number"))["last"] or 0
        submission = Submission.objects.create(
            workspace=workspace,
            number=last + 1,
            idempotency_key=idempotency_key,
            files=workspace.manifest(),
            lab_digest=workspace.lab.digest,
            seed=secrets.randbits(53),
            received_at=now,
        )
        job = GradingJob.objects.create(submission=submission, not_before=now)
        transaction.on_commit(lambda: enqueue(job), robust=True)
    return submission, True


def _refuse_unless_allowed(workspace: Workspace, now: Any) -> None:
    due = due_at(workspace)
    if due and now > due:
        raise ApiError(403, "past_due", _("The lab was due; submissions are closed. Your files stay here."))
    if workspace.submissions.filter(job__state__in=GradingJob.OPEN).exists():
        raise ApiError(409, "grading", _("Your last submission is still being graded. Wait for its result."))
    if attempts_used(workspace) >= workspace.lab.file.max_attempts:
        raise ApiError(429, "attempts", _("You have used all the attempts of this lab. Your files stay here."))


def enqueue(job: GradingJob) -> bool:
    """Begin the next attempt. False when another process did, or Redis is away: then the job waits for the sweep."""
    now = clock.now()
    attempt = job.attempt + 1
    # Written before sending: a worker may answer at once, and a crash in between leaves what the sweep can see.
    claimed = GradingJob.objects.filter(pk=job.pk, attempt=job.attempt, state__in=GradingJob.OPEN).update(
        attempt=attempt, state=State.QUEUED, enqueued_at=now, started_at=None, host=""
    )
    if not claimed:
        return False
    work = job.work
    lab = work.workspace.lab
    gpu = gpus.on_gpu(lab)
    message = GradeJob(job.key, attempt, lab.slug, lab.digest, work.files, work.seed, work.asked_checks, gpu)
    try:
        queue.client().set(attempt_key(job.key), attempt, ex=_ATTEMPT_TTL)
        queue.send("workers.grade", to_json(message), queue=gpus.queue_of("grading", gpu=gpu))
    except (redis.RedisError, OSError, queue.QueueDown) as error:
        logger.warning("job %s waits: %s", job.key, error)
        GradingJob.objects.filter(pk=job.pk, attempt=attempt, state=State.QUEUED).update(state=State.WAITING)
        return False
    queue.publish(f"job:{job.key}", {"t": "queued"})
    return True


def job_started(key: str, attempt: int, host: str) -> None:
    """A worker took the attempt."""
    job = GradingJob.objects.filter(key=key, attempt=attempt, state=State.QUEUED)
    if job.update(state=State.GRADING, started_at=clock.now(), host=host[:63]):
        queue.publish(f"job:{key}", {"t": "started"})


def job_finished(result: dict[str, Any]) -> bool:
    """Record an attempt's result. False for late, repeated and unknown ones: only the current attempt can win."""
    result = plain(result)
    key, attempt = str(result["job"]), int(result["attempt"])
    job = _with_work().filter(key=key).first()
    if job is None:
        logger.warning("result for unknown job %s", key)
        return False
    if result["outcome"] == "platform_error":
        return _failed(job, attempt, str(result.get("message") or ""))
    state = State.NEEDS_STAFF if result["outcome"] == "author_error" else State.GRADED
    now = clock.now()
    with transaction.atomic():
        won = GradingJob.objects.filter(pk=job.pk, attempt=attempt, state__in=GradingJob.OPEN).update(
            state=state,
            finished_at=now,
            outcome=result["outcome"],
            message=result.get("message") or {},
            timings=result.get("timings") or {},
        )
        if not won:
            logger.info("result of %s try %s came too late", key, attempt)
            return False
        _record(job, attempt, result, now)
    queue.publish(f"job:{key}", {"t": "done"})
    return True


def _record(job: GradingJob, attempt: int, result: dict[str, Any], now: datetime) -> None:
    """Keep what came of a finished job. The caller's conditional update makes sure that this happens once."""
    judged = result["outcome"] != "author_error"
    if job.step_check:
        if judged:
            record_step_check(job.step_check, result, now)
        return
    GradeReport.objects.create(job=job, attempt=attempt, report=result, received_at=now)
    if judged and job.submission:
        record_grade(job.submission, result, now)


def _with_work() -> QuerySet[GradingJob]:
    return GradingJob.objects.select_related("submission__workspace__lab", "step_check__workspace__lab")


def _failed(job: GradingJob, attempt: int, why: str) -> bool:
    """A fault of ours ended the attempt: try again a little later, or ask for a person after the third."""
    logger.warning("job %s try %s failed: %s", job.key, attempt, why)
    now = clock.now()
    give_up = job.failures + 1 >= MAX_FAILURES or attempt >= MAX_ATTEMPTS
    current = GradingJob.objects.filter(pk=job.pk, attempt=attempt, state__in=GradingJob.OPEN)
    won = current.update(
        state=State.NEEDS_STAFF if give_up else State.WAITING,
        failures=job.failures + 1,
        outcome="platform_error",
        not_before=now + RETRY_DELAY * 2**job.failures,
        finished_at=now if give_up else None,
    )
    if won:
        queue.publish(f"job:{job.key}", {"t": "done"} if give_up else {"t": "waiting"})
    return bool(won)


def retry(jobs: QuerySet[GradingJob]) -> int:
    """Put what needed staff back to waiting, with its failures forgotten. Gives how many."""
    now = clock.now()
    needy = jobs.filter(state=State.NEEDS_STAFF)
    return needy.update(state=State.WAITING, failures=0, outcome="", not_before=now, finished_at=None)


def sweep_jobs() -> int:
    """Begin again what nobody works on any more. Gives how many jobs it touched."""
    now = clock.now()
    jobs = _with_work().order_by("pk")
    waiting = list(jobs.filter(state=State.WAITING, not_before__lte=now))
    quiet = list(
        jobs.filter(
            Q(state=State.GRADING, started_at__lte=now - QUIET) | Q(state=State.QUEUED, enqueued_at__lte=now - QUIET)
        )
    )
    try:
        lost = [job for job in quiet if _is_lost(job, now)]
    except redis.RedisError as error:
        logger.warning("sweep: Redis is away (%s); jobs stay as they are", error)
        return 0
    for job in lost:
        if job.state == State.GRADING or job.attempt >= MAX_ATTEMPTS:
            _failed(job, job.attempt, "its worker went away")
            job.refresh_from_db()
    again = [job for job in (*waiting, *lost) if job.state != State.NEEDS_STAFF]
    return sum(enqueue(job) for job in again) + len(lost)


def _is_lost(job: GradingJob, now: Any) -> bool:
    """Nobody holds the job's lease, and it isn't simply in line."""
    client = queue.client()
    if client.exists(lease_key(job.key)):
        return False
    if job.state == State.GRADING:
        return True
    if client.get(attempt_key(job.key)) != str(job.attempt):
        return True  # Redis lost what it knew
    in_line = client.llen("grading")
    return not in_line and job.enqueued_at is not None and now - job.enqueued_at > LOST_IN_QUEUE


def position(job: GradingJob) -> int:
    """How many jobs are ahead of this one in the queue."""
    if job.state not in {State.WAITING, State.QUEUED}:
        return 0
    ahead = GradingJob.objects.filter(state__in=[State.WAITING, State.QUEUED], pk__lt=job.pk)
    return ahead.count()


_RESULTS = Prepared(
    lambda: (
        Workspace.objects.filter(enrollment=Parameter("enrollment"))
        .annotate(
            best=Max("submissions__grade__points"),
            used=Count("submissions", filter=~Q(submissions__job__state=State.NEEDS_STAFF)),
        )
        .values_list("lab__slug", "best", "used")
    )
)


def best_results(enrollment: Enrollment) -> dict[str, LabProgress]:
    """The best points and the attempts used in each lab the student submitted."""
    return {slug: LabProgress(best or 0, used) for slug, best, used in _RESULTS(enrollment=enrollment.pk) if used}
