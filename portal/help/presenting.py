"""What the pages show of hands, visits and the record."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch

from portal.core import clock
from portal.courses.models import Enrollment, reader
from portal.grading.models import Grade, Submission
from portal.help import hands, visits
from portal.help.models import Hand, Typing, Visit
from portal.labsessions.models import LabSession, Workspace
from portal.labsessions.services import active_session


def student_json(workspace: Workspace | None) -> dict[str, Any]:
    """``hand`` (or None), ``visits`` and, while somebody is there, ``files``: the version of each path."""
    hand = hands.raised(workspace) if workspace else None
    there = [_visit(visit) for visit in visits.going(workspace)] if workspace else []
    return {
        "hand": _hand(hand) if hand else None,
        "visits": there,
        "files": _versions(workspace) if workspace and there else {},
    }


def _hand(hand: Hand) -> dict[str, Any]:
    return {
        "note": hand.note,
        "raised_at": hand.raised_at.isoformat(),
        "lowers_at": (hand.raised_at + hands.RAISED_FOR).isoformat(),
        "position": hands.position(hand),
    }


def _visit(visit: Visit) -> dict[str, Any]:
    found = visits.typing(visit)
    return {
        "id": visit.pk,
        "name": str(visit.instructor),
        "began_at": visit.began_at.isoformat(),
        "typing": typing_json(found) if found else None,
    }


def typing_json(typing: Typing) -> dict[str, Any]:
    return {"id": typing.pk, "state": typing.state, "until": typing.until.isoformat()}


def _versions(workspace: Workspace) -> dict[str, int]:
    return dict(workspace.files.filter(deleted_at=None).values_list("path", "version"))


def visit_json(visit: Visit) -> dict[str, Any]:
    """What the looking page follows: ``typing``, ``last`` (how the last question ended), ``session``, ``files``,
    ``submissions`` (id and state) and whether the ``hand`` is up."""
    workspace = visit.workspace
    found = visits.typing(visit)
    last = visit.typings.last()
    session = active_session(workspace)
    return {
        "going": True,
        "typing": typing_json(found) if found else None,
        "last": last.state if last else None,
        "session": session.key if session else None,
        "files": _versions(workspace),
        "submissions": list(workspace.submissions.values_list("pk", flat=True)),
        "hand": hands.raised(workspace) is not None,
    }


def hand_rows(cohort: int) -> list[dict[str, Any]]:
    """A cohort's raised hands, oldest first, with where each student is."""
    graded = Submission.objects.filter(grade__isnull=False).select_related("grade").order_by("-number")
    here = visits.SILENT_AFTER
    rows = hands.of_cohort(cohort).select_related("workspace__enrollment__user", "workspace__lab")
    rows = rows.prefetch_related(
        Prefetch("workspace__submissions", graded, to_attr="graded"),
        Prefetch("workspace__sessions", LabSession.objects.filter(state__in=LabSession.ACTIVE), to_attr="going"),
        Prefetch(
            "workspace__visits",
            Visit.objects.filter(ended_at=None, seen_at__gt=clock.now() - here).select_related("instructor"),
            to_attr="visited",
        ),
    )
    return [_row(hand) for hand in rows]


def working_rows(cohort: int) -> list[dict[str, Any]]:
    """Who of a cohort is in a lab now with no hand raised: student, lab, workspace and state of the session."""
    going = LabSession.objects.filter(
        state__in=LabSession.ACTIVE,
        workspace__enrollment__cohort=cohort,
        workspace__enrollment__role=Enrollment.Role.STUDENT,
    ).exclude(workspace__hands__lowered_at=None, workspace__hands__isnull=False)
    rows = going.select_related("workspace__enrollment__user", "workspace__lab")
    found = [
        {
            "workspace": session.workspace_id,
            "student": str(session.workspace.enrollment.user),
            "lab": session.workspace.lab.title,
            "session": session.state,
        }
        for session in rows
    ]
    return sorted(found, key=lambda row: str(row["student"]).casefold())


def _row(hand: Hand) -> dict[str, Any]:
    workspace: Any = hand.workspace
    last = workspace.graded[0].grade if workspace.graded else None
    return {
        "id": hand.pk,
        "workspace": workspace.pk,
        "student": str(workspace.enrollment.user),
        "lab": workspace.lab.title,
        "note": hand.note,
        "raised_at": hand.raised_at,
        "grade": last,
        "failing": _first_failing(workspace, last) if last else "",
        "session": workspace.going[0].state if workspace.going else "none",
        "helpers": [str(visit.instructor) for visit in workspace.visited],
    }


def _first_failing(workspace: Workspace, grade: Grade) -> str:
    """The title of the first check that the last graded submission didn't pass; empty when it passed all."""
    titles = {check.id: check.title for check in workspace.lab.file.checks}
    failed = (entry["id"] for entry in grade.checks if entry["status"] != "passed")
    return next((titles[check][reader()] for check in failed if check in titles), "")
