"""A course as its reader sees it: modules, topics and labs with what the reader has reached."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse

from portal.courses.models import Course, Enrollment, Lab, Page, Topic
from portal.courses.progress import LabProgress, QuizCard, progress, quiz_cards
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
class PageCard:
    number: str
    title: str
    marked: bool
    url: str
    labs: list[LabCard]


@dataclass
class TopicCard:
    number: str
    title: str
    hours: float
    marked: bool
    pages: list[PageCard] = field(default_factory=list)
    quiz: QuizCard | None = None


@dataclass
class ModuleCard:
    number: int
    title: str
    summary: str
    hours: float
    topics: list[TopicCard] = field(default_factory=list)
    quiz: QuizCard | None = None

    @property
    def whole_hours(self) -> int:
        """Rounded up, for choosing singular or plural."""
        return math.ceil(self.hours)

    @property
    def pages(self) -> list[PageCard]:
        return [page for topic in self.topics for page in topic.pages]

    @property
    def labs(self) -> list[LabCard]:
        return [lab for page in self.pages for lab in page.labs]

    @property
    def points(self) -> float:
        return sum(lab.points for lab in self.labs)

    @property
    def max_points(self) -> int:
        return sum(lab.max_points for lab in self.labs)


class Outline:
    """Reads a course once, in a handful of queries however long it is."""

    def __init__(self, course: Course, enrollment: Enrollment | None) -> None:
        self.course = course
        self._done = progress(enrollment)
        cards = quiz_cards(course, enrollment)
        self._quizzes = {card.topic: card for card in cards if card.topic}
        self._self_tests = {card.module: card for card in cards if not card.topic}
        self._due = due_dates(enrollment)
        self._labs = {lab.slug: lab for lab in Lab.objects.filter(module__course=course, active=True)}
        self.pages = list(Page.objects.filter(topic__module__course=course).select_related("topic__module__course"))

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

    def quiz(self, topic: Topic) -> QuizCard | None:
        return self._quizzes.get(topic.pk)

    def modules(self) -> list[ModuleCard]:
        modules: dict[int, ModuleCard] = {}
        topics: dict[int, TopicCard] = {}
        for page in self.pages:
            topic, module = page.topic, page.topic.module
            card = modules.setdefault(module.pk, ModuleCard(module.number, module.title, module.summary, module.hours))
            card.quiz = self._self_tests.get(module.pk)
            if topic.pk not in topics:
                topics[topic.pk] = TopicCard(topic.number, topic.title, topic.hours, topic.marked)
                topics[topic.pk].quiz = self.quiz(topic)
                card.topics.append(topics[topic.pk])
            topics[topic.pk].pages.append(PageCard(page.number, page.title, page.marked, page.url, self.labs(page)))
        return list(modules.values())

    def neighbours(self, page: Page) -> tuple[Page | None, Page | None]:
        """The pages before and after one, across modules."""
        index = [other.pk for other in self.pages].index(page.pk)
        before = self.pages[index - 1] if index else None
        after = self.pages[index + 1] if index + 1 < len(self.pages) else None
        return before, after


def next_page(modules: list[ModuleCard]) -> PageCard | None:
    """Where the reader goes on: the first page with a lab not passed yet, else the first page."""
    pages = [page for module in modules for page in module.pages]
    unfinished = (page for page in pages if any(not lab.passed for lab in page.labs))
    return next(unfinished, pages[0] if pages else None)


def totals(modules: list[ModuleCard]) -> dict[str, Any]:
    """Points of the whole course, for the progress bar."""
    return {"points": sum(m.points for m in modules), "max_points": sum(m.max_points for m in modules)}
