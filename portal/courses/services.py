"""What touches several course models."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.http import Http404
from django.shortcuts import get_object_or_404

from portal.accounts.models import User
from portal.core import clock
from portal.courses.models import Course, Enrollment, Invite, Lab


def course_for(user: User, slug: str, *related: str) -> tuple[Course, Enrollment | None]:
    """A course that somebody may read, with their newest enrolment in it; staff may do without one. Raises Http404.

    ``related``: what else of the enrolment is read with it, in the same query.
    """
    rows = Enrollment.objects.of(user).select_related("cohort__course", *related)
    found = rows.filter(cohort__course__slug=slug, cohort__course__active=True).first()
    if found is not None:
        return found.cohort.course, found
    if not user.is_staff:
        raise Http404
    return get_object_or_404(Course.objects.defer("glossary"), slug=slug, active=True), None


def teaches(user: User, enrollment: Enrollment | None) -> bool:
    """Whether the reader is staff or an instructor here."""
    return user.is_staff or (enrollment is not None and enrollment.role == Enrollment.Role.INSTRUCTOR)


def lab_for(user: User, slug: str) -> tuple[Lab, Enrollment]:
    """A lab the person may work in, with the enrolment that lets them. Raises Http404."""
    lab = (
        Lab.objects.select_related("module__course", "environment", "page__topic__module__course")
        .defer("module__course__glossary", "page__topic__module__course__glossary")
        .filter(slug=slug, active=True, module__course__active=True)
        .first()
    )
    enrollment = Enrollment.objects.of(user).filter(cohort__course=lab.module.course_id).first() if lab else None
    if lab is None or enrollment is None:
        raise Http404
    return lab, enrollment


@transaction.atomic
def join(invite: Invite, user: User) -> bool:
    """Enrol by invitation. False when it can't be used (any more): the last place is won by one."""
    if invite.state(user, clock.now()) != "open":
        return False
    if not Invite.objects.filter(pk=invite.pk, uses__lt=F("max_uses")).update(uses=F("uses") + 1):
        return False
    Enrollment.objects.create(user=user, cohort=invite.cohort, role=invite.role)
    return True


def due_dates(enrollment: Enrollment | None) -> dict[str, Any]:
    """When each lab is due for a cohort, by lab id."""
    if enrollment is None:
        return {}
    schedules = enrollment.cohort.schedules.filter(due_at__isnull=False)
    return dict(schedules.values_list("lab__slug", "due_at"))
