"""A lab's steps: asking whether one is done, saying that one is, and how far a student is."""

from __future__ import annotations

import math
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.http import Http404
from django.utils.translation import gettext as _

from labs.models import Step
from portal.accounts.models import User
from portal.core import clock
from portal.core.api import ApiError
from portal.grading.models import GradingJob, StepCheck
from portal.grading.presenting import Presenter
from portal.grading.results import set_done
from portal.grading.services import enqueue
from portal.labsessions.models import Workspace

# Each question takes two sandboxes for a while: this many in so long a time are enough for who works, not for a loop.
BURST = 6
WINDOW = timedelta(minutes=1)


def _step(workspace: Workspace, step: str) -> Step:
    found = next((each for each in workspace.lab.file.steps if each.id == step), None)
    if found is None:
        raise Http404
    return found


def ask(workspace: Workspace, step: str) -> StepCheck:
    """Have the saved files judged by the step's checks. It costs no attempt, also after the lab was due.

    Raises Http404 for an unknown step, and ApiError: ``no_checks``, ``checking``, ``too_often`` (``wait``: seconds).
    """
    if not _step(workspace, step).checks:
        raise ApiError(409, "no_checks", _("This step has nothing to check. Mark it as done yourself."))
    with transaction.atomic():
        # The lock makes the checks below and the insert one step, whatever arrives at once.
        user = User.objects.select_for_update().get(pk=workspace.enrollment.user_id)
        now = clock.now()
        _refuse_unless_allowed(user, now)
        check = StepCheck.objects.create(
            workspace=workspace,
            step=step,
            files=workspace.manifest(),
            lab_digest=workspace.lab.digest,
            seed=secrets.randbits(53),
            asked_at=now,
        )
        job = GradingJob.objects.create(step_check=check, not_before=now)
        transaction.on_commit(lambda: enqueue(job), robust=True)
    return check


def _refuse_unless_allowed(user: User, now: datetime) -> None:
    own = StepCheck.objects.filter(workspace__enrollment__user=user)
    if own.filter(job__state__in=GradingJob.OPEN).exists():
        raise ApiError(409, "checking", _("Your last question is still being checked. Wait for its answer."))
    recent = list(own.filter(asked_at__gt=now - WINDOW).order_by("-asked_at").values_list("asked_at", flat=True))
    if len(recent) >= BURST:
        wait = math.ceil((recent[BURST - 1] + WINDOW - now).total_seconds())
        text = _("You have asked often in the last minute. Ask again in %(seconds)d s.") % {"seconds": wait}
        raise ApiError(429, "too_often", text, wait=wait)


def mark(workspace: Workspace, step: str, done: bool) -> None:
    """The student's own word on a step without checks. Raises Http404, and ApiError ``checked`` for one with checks."""
    if _step(workspace, step).checks:
        raise ApiError(409, "checked", _("This step is done when its checks pass: ask whether you are on track."))
    set_done(workspace, step, done, clock.now())


def progress(workspace: Workspace, presenter: Presenter) -> list[dict[str, Any]]:
    """For each step: ``id``, ``checks`` (whether it has any), ``done`` and ``last``, the newest step check or None."""
    steps = workspace.lab.file.steps
    if not steps:
        return []
    done = set(workspace.steps_done.values_list("step", flat=True)) if workspace.pk else set()
    last = _newest(workspace) if workspace.pk else {}
    return [
        {
            "id": step.id,
            "checks": bool(step.checks),
            "done": step.id in done,
            "last": presenter.step_check(last[step.id]) if step.id in last else None,
        }
        for step in steps
    ]


def _newest(workspace: Workspace) -> dict[str, StepCheck]:
    newest = workspace.step_checks.order_by().values("step").annotate(newest=Max("pk")).values("newest")
    checks = StepCheck.objects.filter(pk__in=newest).select_related("job", "workspace__lab")
    return {check.step: check for check in checks}
