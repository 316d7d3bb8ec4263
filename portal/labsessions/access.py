"""Whose workspace and session is it? Everything that is reached by lab or by key goes through here."""

from __future__ import annotations

from django.db.models import OuterRef, Subquery
from django.http import Http404

from portal.accounts.models import User
from portal.courses.models import Enrollment
from portal.courses.services import lab_for
from portal.labsessions.models import LabSession, Workspace


def workspace_of(user: User, lab: str) -> Workspace:
    """The reader's workspace in a lab; an unsaved one before its first use, so that looking writes nothing.

    One query where it exists, with lab and enrolment. Raises Http404 for a lab the reader may not work in.
    """
    newest = Enrollment.objects.of(user).filter(cohort__course=OuterRef("lab__module__course")).values("pk")[:1]
    stored = Workspace.objects.select_related(
        "lab__module__course", "lab__environment", "lab__page__topic__module__course", "enrollment__cohort__course"
    ).filter(lab__slug=lab, lab__active=True, lab__module__course__active=True, enrollment=Subquery(newest))
    if found := stored.first():
        return found
    row, enrollment = lab_for(user, lab)
    return Workspace(lab=row, enrollment=enrollment)


def own_session(user: User, key: str) -> LabSession:
    """The reader's own session. A foreign key and an unknown one look alike: Http404."""
    found = (
        LabSession.objects.select_related("workspace__lab__environment", "workspace__enrollment")
        .filter(key=key, workspace__enrollment__user=user)
        .first()
    )
    if found is None:
        raise Http404
    return found
