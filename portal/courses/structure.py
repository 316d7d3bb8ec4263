"""What the files say of a course, read from the database once for each state of it.

Its rows are written by the sync alone, which gives the course another digest with them. So every process keeps them,
the text of a whole course being a megabyte, and a page costs the queries about its reader. All requests share these
rows: whoever gets them only reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from portal.courses.models import Course, Lab, Page

KEPT = 8
"""Courses a process remembers, the one before a sync among them."""


@dataclass(frozen=True)
class Structure:
    """``pages`` in reading order, each with its topic, module and course; ``labs`` by id, those that are offered."""

    pages: tuple[Page, ...]
    labs: dict[str, Lab]


def structure(course: Course) -> Structure:
    """The rows of a course as its digest says."""
    return _structure(course.pk, course.digest)


@lru_cache(maxsize=KEPT)
def _structure(course: int, digest: str) -> Structure:  # noqa: ARG001 -- another digest, another structure
    pages = Page.objects.filter(topic__module__course=course).select_related("topic__module__course")
    labs = Lab.objects.filter(module__course=course, active=True).defer("instructions", "starter")
    return Structure(tuple(pages.defer("topic__module__course__glossary")), {lab.slug: lab for lab in labs})


def forget() -> None:
    """For tests, which undo what they write, and so write other rows of the same digest."""
    _structure.cache_clear()
