"""What sandbox hosts report about themselves, and getting environments built on them."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction

from portal.core import clock, queue
from portal.core.plain import plain
from portal.courses.models import Environment
from portal.labsessions import gpus, services
from portal.labsessions.admission import admit, tell_waiting
from portal.labsessions.models import EnvironmentBuild, Host

logger = logging.getLogger(__name__)

State = EnvironmentBuild.State
# A build that says nothing for this long has lost its worker. Builds are idempotent, so asking twice is safe.
SILENT_BUILD = timedelta(minutes=15)
RETRY_FAILED = timedelta(minutes=30)


def host_report(report: dict[str, Any]) -> None:
    """Record a host's report and queue the environments it lacks."""
    report = plain(report)
    host, created = Host.objects.update_or_create(
        name=str(report["host"])[:63],
        defaults={
            "driver": str(report["driver"])[:20],
            "protections": report.get("protections") or [],
            "sandboxes": int(report.get("sandboxes") or 0),
            "slots": int(report.get("slots") or 0),
            "gpus": str(report.get("gpus") or "")[:100],
            "disk_free": int(report.get("disk_free") or 0),
            "seen_at": clock.now(),
        },
    )
    if created:
        logger.info("new host %s (%s)", host.name, host.driver)
    for environment in Environment.objects.filter(active=True):
        if host.serves(environment):
            _build_if_needed(environment, host)
    services.host_runs(host.name, report.get("sessions"))
    admit()


def _build_if_needed(environment: Environment, host: Host) -> None:
    now = clock.now()
    build = EnvironmentBuild.objects.filter(
        environment=environment, digest=environment.digest, host=host.name, driver=host.driver
    ).first()
    waited = now - build.changed_at if build else timedelta(0)
    due = (
        build is None
        or (build.state in {State.QUEUED, State.BUILDING} and waited > SILENT_BUILD)
        or (build.state == State.FAILED and waited > RETRY_FAILED)
    )
    if due:
        queue_build(environment, host)


def queue_build(environment: Environment, host: Host) -> None:
    """Ask for a build. When Redis is away nothing is recorded, so the host's next report asks again."""
    values = {"state": State.QUEUED, "progress": 0.0, "step": "queued", "detail": "", "changed_at": clock.now()}
    try:
        with transaction.atomic():
            EnvironmentBuild.objects.update_or_create(
                environment=environment,
                digest=environment.digest,
                host=host.name,
                driver=host.driver,
                defaults=values,
            )
            queue.send("workers.build_environment", environment.name, queue=f"builds.{host.name}")
    except queue.QueueDown as error:
        logger.warning("environment %s not queued on %s: %s", environment.name, host.name, error)


def environment_changed(report: dict[str, Any]) -> None:
    """Record a build's progress. Reports about environments the portal doesn't know are dropped."""
    report = plain(report)
    environment = Environment.objects.filter(name=report["environment"]).first()
    if environment is None:
        logger.warning("report about unknown environment %s", report["environment"])
        return
    EnvironmentBuild.objects.update_or_create(
        environment=environment,
        digest=str(report["digest"]),
        host=str(report["host"]),
        driver=str(report["driver"]),
        defaults={
            "state": State(report["state"]),
            "progress": min(1.0, max(0.0, float(report.get("progress") or 0))),
            "step": str(report.get("step") or "")[:60],
            "detail": str(report.get("detail") or "")[:8000],
            "image": str(report.get("image") or "")[:400],
            "size_bytes": int(report.get("size_bytes") or 0),
            "seconds": float(report.get("seconds") or 0),
            "changed_at": clock.now(),
        },
    )
    tell_waiting(environment)
    if report["state"] == State.READY:
        admit()


def current_builds() -> dict[str, EnvironmentBuild | None]:
    """The most advanced build of each active environment as it is now; of those for GPUs only where one is lent."""
    rank = {State.FAILED: 0, State.QUEUED: 1, State.BUILDING: 2, State.READY: 3}
    best: dict[str, EnvironmentBuild | None] = {}
    wanted = list(Environment.objects.filter(active=True).order_by("name"))
    if any(env.file.gpu for env in wanted) and not gpus.lent(Host.objects.exclude(gpus=""), clock.now()):
        wanted = [env for env in wanted if not env.file.gpu]
    digests = {environment.name: environment.digest for environment in wanted}
    best.update(dict.fromkeys(digests))
    for build in EnvironmentBuild.objects.filter(environment__active=True).select_related("environment"):
        name = build.environment.name
        held = best.get(name)
        if build.digest == digests.get(name) and (held is None or rank[State(build.state)] > rank[State(held.state)]):
            best[name] = build
    return best
