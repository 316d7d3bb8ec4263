"""Who may see a submission: its student, the instructors of its cohort, and the admin."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404

from portal.accounts.models import User
from portal.courses.models import Enrollment
from portal.grading.models import Submission


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
    enrollment = found.workspace.enrollment
    if enrollment.user_id == user.pk:
        return Seen(found, staff=False)
    if user.is_superuser or Enrollment.objects.teaches(user).filter(cohort=enrollment.cohort_id).exists():
        return Seen(found, staff=True)
    raise Http404
