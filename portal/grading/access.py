"""Who may see a submission or a step check: its student, the instructors of its cohort, and staff."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404

from portal.accounts.models import User
from portal.courses.models import Enrollment
from portal.grading.models import StepCheck, Submission


@dataclass(frozen=True)
class Seen:
    """A submission and how its reader stands to it."""

    submission: Submission
    staff: bool


def visible_submission(user: User, pk: int) -> Seen:
    """A submission for a reader who may see it. Raises Http404 for all others, as for unknown ones."""
    found = (
        Submission.objects.select_related("job", "grade", "workspace__lab", "workspace__enrollment")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404
    return Seen(found, staff=_stands(user, found.workspace.enrollment))


def visible_step_check(user: User, pk: int) -> tuple[StepCheck, bool]:
    """A step check and whether its reader is staff. Raises Http404 for all others, as for unknown ones."""
    related = StepCheck.objects.select_related("job", "workspace__lab", "workspace__enrollment")
    found = related.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found, _stands(user, found.workspace.enrollment)


def _stands(user: User, enrollment: Enrollment) -> bool:
    """False for the student themselves, True for who teaches them or is staff. Raises Http404 for everybody else."""
    if enrollment.user_id == user.pk:
        return False
    if user.is_staff or Enrollment.objects.teaches(user).filter(cohort=enrollment.cohort_id).exists():
        return True
    raise Http404
