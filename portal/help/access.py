"""Who may help whom: instructors of the student's own cohort, and staff. Whatever isn't theirs is not found."""

from __future__ import annotations

from django.http import Http404

from portal.accounts.models import User
from portal.core import clock
from portal.courses.models import Cohort, Enrollment
from portal.help.models import Hand, Visit
from portal.help.visits import SILENT_AFTER
from portal.labsessions.models import Workspace


def helps(user: User, cohort: int) -> bool:
    """Whether somebody may see a cohort's raised hands and look at its students' labs."""
    return user.is_staff or Enrollment.objects.teaches(user).filter(cohort=cohort).exists()


def helped_cohort(user: User, pk: int) -> Cohort:
    """A cohort that somebody helps. Raises Http404."""
    cohort = Cohort.objects.select_related("course").filter(pk=pk).first()
    if cohort is None or not helps(user, cohort.pk):
        raise Http404
    return cohort


def helped_workspace(user: User, pk: int) -> Workspace:
    """A lab of another's that somebody may look at. Raises Http404."""
    found = Workspace.objects.select_related("enrollment__user").filter(pk=pk).first()
    if found is None or found.enrollment.user_id == user.pk or not helps(user, found.enrollment.cohort_id):
        raise Http404
    return found


def helped_hand(user: User, pk: int) -> Hand:
    """A hand of a cohort that somebody helps. Raises Http404."""
    found = Hand.objects.select_related("workspace__enrollment__user").filter(pk=pk).first()
    if found is None or not helps(user, found.workspace.enrollment.cohort_id):
        raise Http404
    return found


def own_visit(user: User, pk: int) -> Visit:
    """The instructor's own visit that goes on, while they still help that cohort. Raises Http404."""
    found = (
        Visit.objects.select_related("instructor", "workspace__enrollment__user", "workspace__lab__environment")
        .filter(pk=pk, instructor=user, ended_at=None, seen_at__gt=clock.now() - SILENT_AFTER)
        .first()
    )
    if found is None or not helps(user, found.workspace.enrollment.cohort_id):
        raise Http404
    return found
