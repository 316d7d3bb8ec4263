"""What touches several course models."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from django.db import transaction
from django.db.models import F
from django.http import Http404
from django.shortcuts import get_object_or_404

from portal.accounts.models import User
from portal.core import clock
from portal.core.prepared import Parameter, Prepared
from portal.courses.models import Course, Enrollment, Invite, Lab, LabSchedule


def course_for(user: User, slug: str, *related: str) -> tuple[Course, Enrollment | None]:
    """A course that somebody may read, with their newest enrolment in it; staff may do without one. Raises Http404.

    ``related``: what else of the enrolment is read with it, in the same query.
    """
    found = _newest(related).first(user=user.pk, course=slug)
    if found is not None:
        return found.cohort.course, found
    if not user.is_staff:
        raise Http404
    return get_object_or_404(Course.objects.defer("glossary"), slug=slug, active=True), None


@lru_cache
def _newest(related: tuple[str, ...]) -> Prepared[Enrollment]:
    """The newest enrolment of a ``user`` (primary key) in a ``course`` (slug)."""
    asked = {"cohort__course__slug": Parameter("course"), "cohort__course__active": True}
    return Prepared(
        lambda: Enrollment.objects.of(Parameter("user")).filter(**asked).select_related("cohort__course", *related)[:1]
    )


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


_DUE = Prepared(
    lambda: LabSchedule.objects.filter(cohort=Parameter("cohort"), due_at__isnull=False).values_list(
        "lab__slug", "due_at"
    )
)


def due_dates(enrollment: Enrollment | None) -> dict[str, datetime]:
    """When each lab is due for a cohort, by lab id."""
    rows = _DUE(cohort=enrollment.cohort_id) if enrollment else []
    return {lab: due for lab, due in rows if due}
