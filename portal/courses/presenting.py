"""What the pages of a course hand to their script (static/src/reading)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.courses.models import Page, reader
from portal.courses.rendering import Rendered, render


def rendered_page(page: Page) -> Rendered:
    """A page's text in the reader's language."""
    topic = page.topic
    course = topic.module.course.slug
    figures = reverse("courses:figure", args=[course, topic.slug, "x.svg"]).removesuffix("x.svg")
    return render(page.bodies[reader()], figures, course=course)


def reading_config(page: Page | None = None, terms: dict[str, dict[str, str]] | None = None) -> dict[str, Any]:
    """``gateway``, ``words``, and of a page ``terms``, ``minutes`` and ``place`` (where to tell the heading)."""
    config: dict[str, Any] = {"gateway": settings.GATEWAY_URL, "words": words(), "terms": terms or {}}
    if page:
        place = reverse("courses:place", args=[page.topic.module.course.slug, page.slug])
        config |= {"minutes": page.reading_minutes, "place": place}
    return config


def words() -> dict[str, str]:
    """The script's words, by key; ``{name}`` is filled in there."""
    return {
        "chart.title": _("Interactive chart"),
        "chart.failed": _("The chart couldn't be drawn. What it shows:"),
        "code.copy": _("Copy"),
        "copied": _("Copied"),
        "copy_failed": _("Couldn't copy"),
        "anchor.copy": _("Copy the link to “{title}”"),
        "anchor.short": _("Copy the link"),
        "read.done": _("Marked as read"),
        "read.undone": _("Marked as not read"),
        "read.failed": _("Couldn't be saved; try again in a moment."),
        "offline.page": _("Offline: you read this page on {when}."),
    }
