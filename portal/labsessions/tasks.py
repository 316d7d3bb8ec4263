"""What workers tell the portal about sessions, hosts and environments. Queue ``portal``."""

from __future__ import annotations

from typing import Any

from portal.celery import app
from portal.labsessions import hosts, lifecycle, services


@app.task(name="portal.session_changed")
def session_changed(report: dict[str, Any]) -> None:
    services.session_changed(report)


@app.task(name="portal.session_activity")
def session_activity(report: dict[str, Any]) -> None:
    lifecycle.session_activity(report)


@app.task(name="portal.environment_changed")
def environment_changed(report: dict[str, Any]) -> None:
    hosts.environment_changed(report)


@app.task(name="portal.host_report")
def host_report(report: dict[str, Any]) -> None:
    hosts.host_report(report)
