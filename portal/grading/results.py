"""From a grader's report to points: the server sums and clamps, whatever the report says."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from labs.models import LabFile
from portal.grading.models import Grade, Submission

KEPT = ("message", "got", "expected", "figure")


def record_grade(submission: Submission, result: dict[str, Any], now: datetime) -> Grade:
    """Write the grade of a finished job. The caller's conditional update makes sure that this happens once."""
    lab = submission.workspace.lab.file
    checks = checks_of(lab, result.get("checks") or [])
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
