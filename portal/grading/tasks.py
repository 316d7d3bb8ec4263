"""What workers tell the portal about grading. Queue ``portal``."""

from __future__ import annotations

from typing import Any

from portal.celery import app
from portal.grading import services


@app.task(name="portal.job_started")
def job_started(report: dict[str, Any]) -> None:
    services.job_started(str(report["job"]), int(report["attempt"]), str(report.get("host", "")))


@app.task(name="portal.job_finished")
def job_finished(result: dict[str, Any]) -> None:
    services.job_finished(result)
