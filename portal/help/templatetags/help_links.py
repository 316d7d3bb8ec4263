"""Links to raised hands for whoever helps a cohort, wherever a page has room for them."""

from __future__ import annotations

from typing import Any

from django import template

from portal.accounts.models import User
from portal.courses.models import Cohort, Course
from portal.help import hands

register = template.Library()


@register.inclusion_tag("help/_links.html")
def help_links(user: User, course: Course) -> dict[str, Any]:
    """The cohorts of a course that the reader helps, each with how many hands are up."""
    cohorts = Cohort.objects.filter(course=course)
    if not user.is_staff:
        cohorts = cohorts.filter(enrollments__in=user.enrollments.teaches(user))
    return {"links": [(cohort, hands.of_cohort(cohort.pk).count()) for cohort in cohorts.order_by("-pk")]}
