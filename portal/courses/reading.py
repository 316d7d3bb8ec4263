"""What a reader has read, and where they were last."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from portal.core import clock
from portal.core.prepared import Parameter, Prepared
from portal.courses.models import Enrollment, LastPlace, Page, PageRead, reader
from portal.courses.rendering import Heading

Kind = LastPlace.Kind

_READ = Prepared(lambda: PageRead.objects.filter(enrollment=Parameter("enrollment")).values_list("page", flat=True))


def read_pages(enrollment: Enrollment | None) -> set[str]:
    """The slugs of the pages that were read."""
    return set(_READ(enrollment=enrollment.pk)) if enrollment else set()


def set_read(enrollment: Enrollment, page: str, read: bool) -> None:
    """Note that a page was read, or take it back. Saying the same twice changes nothing."""
    if read:
        PageRead.objects.get_or_create(enrollment=enrollment, page=page, defaults={"read_at": clock.now()})
    else:
        PageRead.objects.filter(enrollment=enrollment, page=page).delete()


def opened(enrollment: Enrollment | None, kind: LastPlace.Kind, slug: str, heading: Heading | None = None) -> None:
    """The reader is here now: in one statement, for every page of the course says so."""
    if enrollment is None:
        return
    place = LastPlace(
        enrollment=enrollment,
        kind=kind,
        slug=slug,
        anchor=heading.id if heading else "",
        heading=heading.title[:200] if heading else "",
        language=reader(),
        at=Now(),
    )
    LastPlace.objects.bulk_create(
        [place],
        update_conflicts=True,
        unique_fields=["enrollment"],
        update_fields=["kind", "slug", "anchor", "heading", "language", "at"],
    )


def left_at(enrollment: Enrollment, page: str, heading: Heading | None) -> None:
    """The reader left a page at this heading. It counts while that page is still the last that was opened."""
    places = LastPlace.objects.filter(enrollment=enrollment, kind=Kind.PAGE, slug=page)
    told = {"anchor": heading.id, "heading": heading.title[:200]} if heading else {"anchor": "", "heading": ""}
    places.update(**told, language=reader(), at=Now())


def last_place(enrollment: Enrollment | None) -> LastPlace | None:
    """None before the first page."""
    if enrollment is None:
        return None
    try:
        return enrollment.last_place
    except models.ObjectDoesNotExist:
        return None


def unread_before(enrollment: Enrollment | None, page: Page, read: set[str]) -> list[str]:
    """Slugs of what the cohort wants read before this page; empty for who teaches, and where order is free."""
    if enrollment is None or enrollment.role != Enrollment.Role.STUDENT or not enrollment.cohort.enforce_order:
        return []
    return [slug for slug in page.after if slug not in read]
