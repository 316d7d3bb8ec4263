"""A course as its reader sees it: modules, topics and labs with what the reader has reached."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse

from portal.courses.models import Course, Enrollment, Lab, Page
from portal.courses.progress import LabProgress, progress
from portal.courses.services import due_dates


@dataclass(frozen=True)
class LabCard:
    """One lab in a list."""

    id: str
    title: str
    summary: str
    minutes: int
    url: str
    points: float
    max_points: int
    passed: bool
    attempts: int
    due_at: datetime | None


@dataclass(frozen=True)
class TopicCard:
    number: str
    title: str
    marked: bool
    url: str
    labs: list[LabCard]


@dataclass
class ModuleCard:
    number: int
    title: str
    summary: str
    hours: float
    topics: list[TopicCard] = field(default_factory=list)

    @property
    def whole_hours(self) -> int:
        """Rounded up, for choosing singular or plural."""
        return math.ceil(self.hours)

    @property
    def points(self) -> float:
        return sum(lab.points for topic in self.topics for lab in topic.labs)

    @property
    def max_points(self) -> int:
        return sum(lab.max_points for topic in self.topics for lab in topic.labs)


class Outline:
    """Reads a course once, in a handful of queries however long it is."""

    def __init__(self, course: Course, enrollment: Enrollment | None) -> None:
        self.course = course
        self._done = progress(enrollment)
        self._due = due_dates(enrollment)
        self._labs = {lab.slug: lab for lab in Lab.objects.filter(module__course=course, active=True)}
        self.pages = list(Page.objects.filter(module__course=course).select_related("module__course"))

    def card(self, lab: Lab) -> LabCard:
        done = self._done.get(lab.slug, LabProgress(0, 0))
        return LabCard(
            id=lab.slug,
            title=lab.title,
            summary=lab.summary,
            minutes=lab.file.minutes,
            url=reverse("labs:lab", args=[lab.slug]),
            points=done.points,
            max_points=lab.max_points,
            passed=done.points * 100 >= lab.file.pass_points * lab.max_points,
            attempts=done.attempts,
            due_at=self._due.get(lab.slug),
        )

    def labs(self, page: Page) -> list[LabCard]:
        return [self.card(self._labs[slug]) for slug in page.labs if slug in self._labs]

    def modules(self) -> list[ModuleCard]:
        cards: dict[int, ModuleCard] = {}
        for page in self.pages:
            module = page.module
            card = cards.setdefault(module.pk, ModuleCard(module.number, module.title, module.summary, module.hours))
            card.topics.append(TopicCard(page.number, page.title, page.marked, page.url, self.labs(page)))
        return list(cards.values())

    def neighbours(self, page: Page) -> tuple[Page | None, Page | None]:
        """The pages before and after one, across modules."""
        index = [other.pk for other in self.pages].index(page.pk)
        before = self.pages[index - 1] if index else None
        after = self.pages[index + 1] if index + 1 < len(self.pages) else None
        return before, after


def next_topic(modules: list[ModuleCard]) -> TopicCard | None:
    """Where the reader goes on: the first topic with a lab not passed yet, else the first topic."""
    topics = [topic for module in modules for topic in module.topics]
    unfinished = (topic for topic in topics if any(not lab.passed for lab in topic.labs))
    return next(unfinished, topics[0] if topics else None)


def totals(modules: list[ModuleCard]) -> dict[str, Any]:
    """Points of the whole course, for the progress bar."""
    return {"points": sum(m.points for m in modules), "max_points": sum(m.max_points for m in modules)}
