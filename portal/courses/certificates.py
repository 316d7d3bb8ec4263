"""Certificates of completion: who has earned one, and issuing it once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import models

from portal.core import clock
from portal.courses.models import Certificate, Enrollment, reader
from portal.courses.outline import Count, ModuleCard, reached


class NotEarned(Exception):
    """Pages or labs are still missing."""


@dataclass(frozen=True)
class Standing:
    """How far a student is from the certificate. ``share``: percent of pages and of labs that the cohort asks for."""

    pages: Count
    labs: Count
    share: int
    certificate: Certificate | None

    @property
    def earned(self) -> bool:
        return all(count.total and count.done * 100 >= self.share * count.total for count in (self.pages, self.labs))


def standing(enrollment: Enrollment | None, modules: Sequence[ModuleCard]) -> Standing | None:
    """None for who isn't a student: who teaches gets no certificate."""
    if enrollment is None or enrollment.role != Enrollment.Role.STUDENT:
        return None
    so_far = reached(modules)
    return Standing(so_far.pages, so_far.labs, enrollment.cohort.certificate_share, own(enrollment))


def own(enrollment: Enrollment) -> Certificate | None:
    """None before it is issued."""
    try:
        return enrollment.certificate
    except models.ObjectDoesNotExist:
        return None


def issue(enrollment: Enrollment, modules: Sequence[ModuleCard]) -> Certificate:
    """The student's certificate, written on the first call. Raises NotEarned."""
    if found := own(enrollment):
        return found
    reach = standing(enrollment, modules)
    if reach is None or not reach.earned:
        raise NotEarned
    user = enrollment.user
    says = {
        "name": user.get_full_name() or user.get_username(),
        "titles": enrollment.cohort.course.titles,
        "cohort": enrollment.cohort.name,
        "hours": sum(module.hours for module in modules),
        "language": reader(),
        "issued_at": clock.now(),
    }
    certificate, _new = Certificate.objects.get_or_create(enrollment=enrollment, defaults=says)
    return certificate


def revoke(certificates: models.QuerySet[Certificate]) -> int:
    """Say from now on that they don't hold; how many were changed."""
    return certificates.filter(revoked_at=None).update(revoked_at=clock.now())
