"""Submissions as their reader may see them: hidden checks stay hidden, hints come one after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from labs.models import Check
from portal.core import clock
from portal.courses.models import in_language, reader
from portal.grading.models import Grade, GradingJob, StepCheck, Submission
from portal.grading.services import due_at, position
from portal.labsessions.models import Workspace

State = GradingJob.State


class Presenter:
    """Presents submissions of one workspace; reads what they share (due date, failures so far) once."""

    def __init__(self, workspace: Workspace, *, staff: bool = False) -> None:
        self.workspace = workspace
        self.lab = workspace.lab.file
        self.staff = staff
        self.due: datetime | None = due_at(workspace)
        self._now = clock.now()
        self._failures: list[tuple[int, str]] | None = None

    def many(self, submissions: Iterable[Submission]) -> list[dict[str, Any]]:
        """The history, newest first. Figures can be heavy: only the newest carries its own."""
        submissions = list(submissions)
        self._failures = _failures(
            (submission.number, submission.grade.checks) for submission in submissions if hasattr(submission, "grade")
        )
        result = [self.one(submission) for submission in submissions]
        for entry in result[1:]:
            for check in entry["checks"]:
                check["figure"] = None
        return result

    def one(self, submission: Submission, events: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        """The submission JSON of the contract; ``events`` are those of its job's stream, for one being graded."""
        job = submission.job
        grade = getattr(submission, "grade", None)
        phase, seen = _progress(events)
        return {
            "id": submission.pk,
            "number": submission.number,
            "received_at": submission.received_at.isoformat(),
            "state": job.state,
            "phase": phase if job.state in GradingJob.OPEN else None,
            "position": position(job),
            "outcome": job.outcome or None,
            "message": self._message(job),
            "points": grade.points if grade else None,
            "max_points": grade.max_points if grade else self.workspace.lab.max_points,
            "passed": grade.passed if grade else None,
            "checks": self._checks(submission, grade) if grade else self._awaited(job, seen),
        }

    def step_check(self, check: StepCheck, events: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        """A step check's JSON. Hints are those that failed submissions have earned: asking earns none."""
        job = check.job
        phase, seen = _progress(events)
        return {
            "id": check.pk,
            "step": check.step,
            "asked_at": check.asked_at.isoformat(),
            "state": job.state,
            "phase": phase if job.state in GradingJob.OPEN else None,
            "position": position(job),
            "outcome": job.outcome or None,
            "message": self._step_message(job),
            "passed": check.passed,
            "checks": self._step_checks(check, seen),
        }

    def _step_checks(self, check: StepCheck, seen: dict[str, str]) -> list[dict[str, Any]]:
        if check.checks is None:
            asked = check.asked_checks or []
            return [entry for entry in self._awaited(check.job, seen) if entry["id"] in asked]
        return self._told(check.checks, self._failed_before(None))

    def _step_message(self, job: GradingJob) -> str:
        if job.state == State.NEEDS_STAFF and job.outcome == "author_error":
            return _("A check of this lab is broken. Staff can see it; go on with the next step.")
        if job.state == State.NEEDS_STAFF:
            return _("Checking failed on our side several times. Ask again in a while.")
        if job.state == State.WAITING:
            return _("Your question is stored and waits for a free place.")
        own = in_language(job.message) if isinstance(job.message, dict) and job.message else ""
        return own or _outcome(job.outcome, self.lab.grading_seconds)

    def _message(self, job: GradingJob) -> str:
        if job.state == State.NEEDS_STAFF:
            if job.outcome == "author_error":
                return _("A check of this lab is broken. Your instructor was told; this attempt does not count.")
            return _("Grading failed on our side several times. Staff will look at it; this attempt does not count.")
        if job.state == State.WAITING:
            return _("Your submission is stored and waits to be graded.")
        own = in_language(job.message) if isinstance(job.message, dict) and job.message else ""
        return own or _outcome(job.outcome, self.lab.grading_seconds)

    def _checks(self, submission: Submission, grade: Grade) -> list[dict[str, Any]]:
        return self._told(grade.checks, self._failed_before(submission.number))

    def _failed_before(self, number: int | None) -> Counter[str]:
        """How often each check failed in the submissions up to this one; None: in all."""
        if self._failures is None:
            grades = Grade.objects.filter(submission__workspace=self.workspace)
            self._failures = _failures(grades.values_list("submission__number", "checks"))
        return Counter(check for at, check in self._failures if number is None or at <= number)

    def _told(self, entries: list[dict[str, Any]], failed: Counter[str]) -> list[dict[str, Any]]:
        specs = {check.id: check for check in self.lab.checks}
        return [
            self._check(specs[entry["id"]], entry, failed[entry["id"]]) for entry in entries if entry["id"] in specs
        ]

    def _awaited(self, job: GradingJob, seen: dict[str, str]) -> list[dict[str, Any]]:
        """The checks of a submission still being graded: status None until the grader has come to it."""
        if job.state not in GradingJob.OPEN:
            return []
        return [
            self._hide(spec)
            if self._hidden(spec)
            else {**self._hide(spec), "status": seen.get(spec.id), "hidden": False}
            for spec in self.lab.checks
        ]

    def _hide(self, spec: Check) -> dict[str, Any]:
        """A check with nothing told of how it went."""
        empty = dict.fromkeys(("points", "message", "got", "expected", "figure"))
        title = {"id": spec.id, "title": spec.title[reader()], "max_points": spec.points}
        return {**title, **empty, "status": "hidden", "hints": [], "more_hints": False, "hidden": True}

    def _check(self, spec: Check, entry: dict[str, Any], failures: int) -> dict[str, Any]:
        if self._hidden(spec):
            return self._hide(spec)
        hints = [] if entry["status"] == "passed" else list(spec.hints)
        shown = [hint.text[reader()] for hint in hints if self.staff or hint.after <= failures]
        message = entry.get("message")
        return {
            **self._hide(spec),
            "points": entry["points"],
            "status": entry["status"],
            "message": in_language(message) if isinstance(message, dict) else message,
            "got": entry.get("got"),
            "expected": entry.get("expected"),
            "figure": entry.get("figure"),
            "hints": shown,
            "more_hints": len(shown) < len(hints),
            "hidden": False,
        }

    def _hidden(self, spec: Check) -> bool:
        """``after_due`` without a due date stays hidden: points can be earned as long as the lab is open."""
        if self.staff or spec.visibility == "always":
            return False
        return spec.visibility == "never" or self.due is None or self._now < self.due


def _progress(events: Sequence[dict[str, Any]]) -> tuple[str | None, dict[str, str]]:
    """The newest phase and the checks done, since the job last stood in the queue."""
    phase: str | None = None
    seen: dict[str, str] = {}
    for event in events:
        if event.get("t") in {"queued", "waiting"}:
            phase, seen = None, {}
        elif event.get("t") == "phase":
            phase = str(event.get("phase"))
        elif event.get("t") == "check":
            seen[str(event.get("id"))] = str(event.get("status"))
    return phase, seen


def _failures(graded: Iterable[tuple[int, list[dict[str, Any]]]]) -> list[tuple[int, str]]:
    """The number of the submission and the check, for each check that some submission did not pass."""
    return [(number, check["id"]) for number, checks in graded for check in checks if check["status"] != "passed"]


def _outcome(outcome: str, seconds: int) -> str:
    """What an outcome means for the student when the grader sent no words of its own."""
    return {
        "timeout": _("Your code did not finish within %(seconds)d seconds.") % {"seconds": seconds},
        "memory": _("Your code used more memory than the lab allows."),
        "output_limit": _("Your code printed more than 4 MiB."),
    }.get(outcome, "")
