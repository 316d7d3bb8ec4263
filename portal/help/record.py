"""Writing down what happens, and waking the pages that show it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.core import clock, queue
from portal.help.models import Entry
from portal.labsessions.models import Workspace
from portal.labsessions.services import active_session


def write(workspace: Workspace, actor: User | None, act: Entry.Act, **detail: Any) -> None:
    """One row of the record, in the caller's transaction; who watches hears of it when that is committed."""
    session = active_session(workspace)
    Entry.objects.create(
        workspace=workspace,
        actor=actor,
        act=act,
        session=session.key if session else "",
        detail=detail,
        at=clock.now(),
    )
    transaction.on_commit(lambda: wake(workspace, act), robust=True)


def wake(workspace: Workspace, act: str) -> None:
    """Tell the student's page, the helpers' and the list of the cohort's raised hands."""
    queue.publish(lab_stream(workspace), {"t": act})
    queue.publish(cohort_stream(workspace.enrollment.cohort_id), {"t": act})


def lab_stream(workspace: Workspace) -> str:
    """Named by what is there before the workspace is stored."""
    return f"help:lab-{workspace.enrollment_id}-{workspace.lab_id}"


def cohort_stream(cohort: int) -> str:
    return f"help:cohort-{cohort}"
