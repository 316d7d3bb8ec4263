"""What a person who runs the portal wants to know, and the periodic sweep."""

from __future__ import annotations

from typing import Any

import redis
from django.db import DatabaseError, connection

from portal.core import clock, queue
from portal.courses.models import Environment
from portal.grading.models import GradingJob
from portal.grading.services import sweep_jobs
from portal.help.hands import sweep_hands
from portal.help.visits import sweep_visits
from portal.labsessions import snapshots
from portal.labsessions.hosts import current_builds
from portal.labsessions.models import EnvironmentBuild, Host, LabSession
from portal.labsessions.services import sweep_sessions
from portal.operations.protections import in_words


def sweep() -> None:
    """Compare what the database knows with what Redis and the hosts do, and mend the difference."""
    sweep_jobs()
    sweep_sessions()
    sweep_hands()
    sweep_visits()
    snapshots.sweep()


def health() -> dict[str, Any]:
    """``db``, ``redis``, ``worker`` (some host was heard of lately) and the state of each environment."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        environments = {name: build.state if build else "missing" for name, build in current_builds().items()}
        now = clock.now()
        worker = any(host.alive(now) for host in Host.objects.all())
        database = True
    except DatabaseError:
        environments, worker, database = {}, False, False
    return {"db": database, "redis": _redis_answers(), "worker": worker, "environments": environments}


def _redis_answers() -> bool:
    try:
        return bool(queue.client().ping())
    except (redis.RedisError, OSError):
        return False


def overview() -> dict[str, Any]:
    """The context of ``operations/overview.html``."""
    now = clock.now()
    builds = current_builds()
    by_name = {environment.name: environment for environment in Environment.objects.filter(active=True)}
    hosts = list(Host.objects.order_by("name"))
    queued = (GradingJob.State.WAITING, GradingJob.State.QUEUED)
    return {
        "environments": [_environment(by_name[name], build) for name, build in builds.items()],
        "hosts": [_host(host, now) for host in hosts],
        "queue": {
            "waiting": GradingJob.objects.filter(state__in=queued).count(),
            "grading": GradingJob.objects.filter(state=GradingJob.State.GRADING).count(),
            "needs_staff": GradingJob.objects.filter(state=GradingJob.State.NEEDS_STAFF).count(),
            "sessions": LabSession.objects.filter(state__in=LabSession.ACTIVE).count(),
        },
        "redis": _redis_answers(),
    }


def _environment(environment: Environment, build: EnvironmentBuild | None) -> dict[str, Any]:
    return {
        "name": environment.name,
        "title": environment.title,
        "state": build.state if build else "missing",
        "progress": build.progress if build else 0.0,
        "step": build.step if build else "",
        "detail": build.detail if build else "",
        "host": build.host if build else "",
        "driver": build.driver if build else "",
        "size_mb": round(build.size_bytes / 1_048_576) if build else 0,
        "seconds": round(build.seconds) if build else 0,
    }


def _host(host: Host, now: Any) -> dict[str, Any]:
    return {
        "name": host.name,
        "driver": host.driver,
        "sandboxes": host.sandboxes,
        "slots": host.slots,
        "gpus": host.gpus,
        "disk_free": host.disk_free,
        "seen_at": host.seen_at,
        "alive": host.alive(now),
        "protections": [in_words(protection) for protection in host.protections],
        "missing": [in_words(protection) for protection in host.missing],
    }
