"""From a grader's report to points: the server sums and clamps, whatever the report says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from labs.models import LabFile
from portal.grading.models import Grade, StepCheck, StepDone, Submission
from portal.labsessions.models import Workspace

KEPT = ("message", "got", "expected", "figure")


def record_grade(submission: Submission, result: dict[str, Any], now: datetime) -> Grade:
    """Write the grade of a finished job. The caller's conditional update makes sure that this happens once."""
    lab = submission.workspace.lab.file
    checks = checks_of(lab, result.get("checks") or [])
    for step in lab.steps:
        if step.checks:
            set_done(submission.workspace, step.id, _all_passed(checks, step.checks), now)
    points = sum(check["points"] for check in checks)
    max_points = sum(check.points for check in lab.checks)
    return Grade.objects.create(
        submission=submission,
        points=min(points, max_points),
        max_points=max_points,
        passed=points * 100 >= lab.pass_points * max_points,
        checks=checks,
        recorded_at=now,
    )


def record_step_check(check: StepCheck, result: dict[str, Any], now: datetime) -> None:
    """Write what came of a step check, and whether its step is done now."""
    asked = check.asked_checks or []
    checks = [
        entry for entry in checks_of(check.workspace.lab.file, result.get("checks") or []) if entry["id"] in asked
    ]
    check.checks = checks
    check.save(update_fields=["checks"])
    set_done(check.workspace, check.step, _all_passed(checks, asked), now)


def set_done(workspace: Workspace, step: str, done: bool, now: datetime) -> None:
    """Note that a step is done, or isn't any more; the last word counts."""
    if done:
        StepDone.objects.get_or_create(workspace=workspace, step=step, defaults={"done_at": now})
    else:
        StepDone.objects.filter(workspace=workspace, step=step).delete()


def _all_passed(checks: list[dict[str, Any]], names: Sequence[str]) -> bool:
    passed = {check["id"] for check in checks if check["status"] == "passed"}
    return bool(names) and passed.issuperset(names)


def checks_of(lab: LabFile, reported: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each check of the lab, in its order. What the report leaves out counts as not run."""
    by_id = {str(entry.get("id")): entry for entry in reversed(reported) if isinstance(entry, dict)}
    result = []
    for check in lab.checks:
        entry = by_id.get(check.id, {"status": "not_run", "score": 0})
        score = _score(entry)
        status = "passed" if score == 1 else "partial" if score else str(entry.get("status", "failed"))[:20]
        status = "failed" if status in {"passed", "partial"} and score == 0 else status
        kept = {name: entry.get(name) for name in KEPT}
        result.append({"id": check.id, "status": status, "points": round(check.points * score, 2), **kept})
    return result


def _score(entry: dict[str, Any]) -> float:
    """Between 0 and 1; anything that isn't a finite number is 0."""
    score = entry.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
        return 0.0
    if entry.get("status") not in {"passed", "partial"}:
        return 0.0
    return min(1.0, max(0.0, float(score)))
