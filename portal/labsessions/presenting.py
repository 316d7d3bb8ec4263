"""Sessions as the lab page reads them."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from portal.core import clock
from portal.courses.models import Environment
from portal.labsessions import gpus, lifecycle
from portal.labsessions.estimates import estimate
from portal.labsessions.models import EnvironmentBuild, LabSession


def session_json(session: LabSession) -> dict[str, Any]:
    """The session JSON of the contract."""
    lab = session.workspace.lab
    environment = gpus.environment_of(lab)
    left = (session.deadline - clock.now()).total_seconds()
    return {
        "key": session.key,
        "state": session.state,
        "position": session.place,
        "wait": estimate(session),
        "keep_minutes": settings.PORTAL.queue_keep_minutes,
        "reason": session.reason,
        "detail": session.detail if session.state == LabSession.State.FAILED else "",
        "gpu": session.gpu,
        "pool_hit": session.pool_hit,
        "seconds": session.seconds,
        "deadline": session.deadline.isoformat(),
        "seconds_left": max(0, int(left)),
        "environment": environment_json(environment),
        **lifecycle.shown(session),
    }


def environment_json(environment: Environment) -> dict[str, Any]:
    """How far the environment's build is: the most advanced host counts."""
    builds = list(environment.builds.filter(digest=environment.digest))
    order = [State.READY, State.BUILDING, State.QUEUED, State.FAILED]
    builds.sort(key=lambda build: (order.index(State(build.state)), -build.progress))
    if not builds:
        return {"state": "missing", "progress": 0.0, "step": ""}
    return {"state": builds[0].state, "progress": builds[0].progress, "step": builds[0].step}


State = EnvironmentBuild.State
