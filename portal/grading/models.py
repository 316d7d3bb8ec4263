"""Submissions and what became of them."""

from __future__ import annotations

from typing import cast

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.core.ids import new_key
from portal.labsessions.models import Workspace


class Submission(models.Model):
    """The files as the student handed them in: never changed. ``files`` maps each path to its SHA-256."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="submissions")
    number = models.PositiveIntegerField()
    idempotency_key = models.CharField(max_length=80)
    files = models.JSONField()
    lab_digest = models.CharField(max_length=64)
    seed = models.BigIntegerField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=["workspace", "number"], name="submission_number_once"),
            models.UniqueConstraint(fields=["workspace", "idempotency_key"], name="submitted_once"),
        )

    def __str__(self) -> str:
        return f"{self.workspace} #{self.number}"

    @property
    def asked_checks(self) -> list[str] | None:
        """The checks that judge it: all of the lab's."""
        return None


class StepCheck(models.Model):
    """A student's question whether a step is done: the saved files as they were, judged by the step's checks alone.

    It is no attempt and no grade. ``checks`` is what came of it, as in a Grade; None until then.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="step_checks")
    step = models.CharField(max_length=60)
    files = models.JSONField()
    lab_digest = models.CharField(max_length=64)
    seed = models.BigIntegerField()
    asked_at = models.DateTimeField()
    checks = models.JSONField(null=True)

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=["workspace", "step", "-id"], name="newest_of_a_step"),)

    def __str__(self) -> str:
        return f"{self.workspace} · {self.step}"

    @property
    def asked_checks(self) -> list[str] | None:
        """The checks that judge it: its step's."""
        return [name for step in self.workspace.lab.file.steps if step.id == self.step for name in step.checks]

    @property
    def passed(self) -> bool | None:
        """Whether the step is done as it stood; None while nobody knows."""
        return None if self.checks is None else all(check["status"] == "passed" for check in self.checks)


class StepDone(models.Model):
    """A step that a student has behind them: its checks passed when last asked, or they said so of one without any."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="steps_done")
    step = models.CharField(max_length=60)
    done_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["workspace", "step"], name="step_done_once"),)

    def __str__(self) -> str:
        return f"{self.workspace} · {self.step}"


class GradingJob(models.Model):
    """The portal's effort to judge one submission or step check.

    ``attempt`` numbers its tries: only the current one may report.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        QUEUED = "queued", _("in the queue")
        GRADING = "grading", _("being graded")
        GRADED = "graded", _("graded")
        NEEDS_STAFF = "needs_staff", _("needs staff")

    OPEN = (State.WAITING, State.QUEUED, State.GRADING)

    key = models.CharField(max_length=26, unique=True, default=new_key, editable=False)
    submission = models.OneToOneField(Submission, models.CASCADE, related_name="job", null=True, blank=True)
    step_check = models.OneToOneField(StepCheck, models.CASCADE, related_name="job", null=True, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0, help_text=_("tries that ended by a fault of ours"))
    host = models.CharField(max_length=63, blank=True)
    not_before = models.DateTimeField()
    enqueued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, blank=True)
    message = models.JSONField(default=dict, blank=True)
    timings = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = (models.Index(fields=["state", "not_before"], name="job_queue"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(submission=None, step_check__isnull=False) | Q(submission__isnull=False, step_check=None),
                name="job_of_one_thing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.work} ({self.state})"

    @property
    def work(self) -> Submission | StepCheck:
        """What is judged."""
        if self.submission:
            return self.submission
        return cast(StepCheck, self.step_check)  # a constraint of the table: one of the two is there

    @property
    def counts(self) -> bool:
        """Whether the submission counts as one of the student's attempts: our faults and the lab's don't."""
        return self.state != self.State.NEEDS_STAFF


class GradeReport(models.Model):
    """What a worker reported for one attempt, as it came."""

    job = models.ForeignKey(GradingJob, models.CASCADE, related_name="reports")
    attempt = models.PositiveIntegerField()
    report = models.JSONField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["job", "attempt"], name="one_report_an_attempt"),)

    def __str__(self) -> str:
        return f"{self.job} try {self.attempt}"


class Grade(models.Model):
    """The recorded result. ``checks`` holds, for each check of the lab, what the student may come to see."""

    submission = models.OneToOneField(Submission, models.CASCADE, related_name="grade")
    points = models.FloatField()
    max_points = models.FloatField()
    passed = models.BooleanField()
    checks = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(points__gte=0, points__lte=models.F("max_points")), name="points_within_bounds"
            ),
        )

    def __str__(self) -> str:
        return f"{self.points:g}/{self.max_points:g}"
