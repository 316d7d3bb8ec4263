"""A course as its reader sees it: modules, topics, pages and labs with what the reader has reached."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from portal.courses.models import Course, Enrollment, Lab, LastPlace, Page, Topic, reader
from portal.courses.progress import LabProgress, QuizCard, progress, quiz_cards
from portal.courses.reading import Kind, last_place, read_pages
from portal.courses.services import due_dates
from portal.courses.structure import structure


class Count(NamedTuple):
    """How many of how many."""

    done: int
    total: int

    @property
    def all(self) -> bool:
        return self.total > 0 and self.done == self.total

    @staticmethod
    def of(done: Iterable[bool]) -> Count:
        each = list(done)
        return Count(sum(each), len(each))


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
    """One page in a list. ``read``: by this reader."""

    slug: str
    number: str
    title: str
    marked: bool
    minutes: int
    read: bool
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
class Reached:
    """Progress, each kind by its own count."""

    pages: Count
    quizzes: Count
    labs: Count

    @property
    def done(self) -> int:
        return self.pages.done + self.quizzes.done + self.labs.done

    @property
    def total(self) -> int:
        return self.pages.total + self.quizzes.total + self.labs.total

    @property
    def all(self) -> bool:
        return self.total > 0 and self.done == self.total


@dataclass
class ModuleCard:
    number: int
    title: str
    summary: str
    hours: float
    topics: list[TopicCard] = field(default_factory=list)
    quiz: QuizCard | None = None

    @property
    def quizzes(self) -> list[QuizCard]:
        return [quiz for quiz in (*(topic.quiz for topic in self.topics), self.quiz) if quiz]

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
    def reached(self) -> Reached:
        return reached([self])


class Outline:
    """A course for one reader, in a handful of queries however long it is."""

    def __init__(self, course: Course, enrollment: Enrollment | None) -> None:
        self.course = course
        self.enrollment = enrollment
        self.pages = structure(course).pages

    # What a page doesn't show isn't asked for.

    @cached_property
    def read(self) -> set[str]:
        return read_pages(self.enrollment)

    @cached_property
    def _done(self) -> dict[str, LabProgress]:
        return progress(self.enrollment)

    @cached_property
    def _due(self) -> dict[str, datetime]:
        return due_dates(self.enrollment)

    @cached_property
    def _quizzes(self) -> dict[tuple[int, int | None], QuizCard]:
        """By module and topic; a self-test has no topic."""
        return {(card.module, card.topic): card for card in quiz_cards(self.course, self.enrollment)}

    def card(self, lab: Lab) -> LabCard:
        done = self._done.get(lab.slug, LabProgress(0, 0))
        return LabCard(
            id=lab.slug,
            title=lab.title,
            summary=lab.summary,
            minutes=lab.file.minutes,
            url=lab.url,
            points=done.points,
            max_points=lab.max_points,
            passed=done.points * 100 >= lab.file.pass_points * lab.max_points,
            attempts=done.attempts,
            due_at=self._due.get(lab.slug),
        )

    def labs(self, page: Page) -> list[LabCard]:
        offered = structure(self.course).labs
        return [self.card(offered[slug]) for slug in page.labs if slug in offered]

    def quiz(self, topic: Topic) -> QuizCard | None:
        """The topic's quiz, asked for alone: a page shows no other."""
        return next(iter(quiz_cards(self.course, self.enrollment, topic)), None)

    def page_card(self, page: Page, labs: list[LabCard]) -> PageCard:
        return PageCard(
            slug=page.slug,
            number=page.number,
            title=page.title,
            marked=page.marked,
            minutes=page.reading_minutes,
            read=page.slug in self.read,
            url=page.url,
            labs=labs,
        )

    def modules(self) -> list[ModuleCard]:
        modules: dict[int, ModuleCard] = {}
        topics: dict[int, TopicCard] = {}
        for page in self.pages:
            topic, module = page.topic, page.topic.module
            if module.pk not in modules:
                card = ModuleCard(module.number, module.title, module.summary, module.hours)
                modules[module.pk] = card
                card.quiz = self._quizzes.get((module.pk, None))
            if topic.pk not in topics:
                topics[topic.pk] = TopicCard(topic.number, topic.title, topic.hours, topic.marked)
                topics[topic.pk].quiz = self._quizzes.get((module.pk, topic.pk))
                modules[module.pk].topics.append(topics[topic.pk])
            topics[topic.pk].pages.append(self.page_card(page, self.labs(page)))
        return list(modules.values())

    def cards(self, slugs: Sequence[str]) -> list[PageCard]:
        """The pages with these slugs, in reading order, without their labs."""
        return [self.page_card(page, []) for page in self.pages if page.slug in slugs]

    def neighbours(self, page: Page) -> tuple[Page | None, Page | None]:
        """The pages before and after one, across modules."""
        index = [other.pk for other in self.pages].index(page.pk)
        before = self.pages[index - 1] if index else None
        after = self.pages[index + 1] if index + 1 < len(self.pages) else None
        return before, after


@dataclass(frozen=True)
class Place:
    """Where to go on. ``heading``: the one at which a page was left, in words; ``number`` is empty for a lab."""

    number: str
    title: str
    heading: str
    url: str
    is_lab: bool = False


def place_to_go_on(modules: Sequence[ModuleCard], enrollment: Enrollment | None) -> tuple[Place | None, bool]:
    """The page or lab opened last, else the first page; and whether the reader has been here before."""
    pages = [page for module in modules for page in module.pages]
    last = last_place(enrollment)
    found = _last(last, pages) if last else None
    if found or not pages:
        return found, found is not None
    return Place(pages[0].number, pages[0].title, "", pages[0].url), False


def _last(last: LastPlace, pages: Sequence[PageCard]) -> Place | None:
    """None when what was opened last is no part of the course any more."""
    if last.kind == Kind.LAB:
        labs = (lab for page in pages for lab in page.labs if lab.id == last.slug)
        return next((Place("", lab.title, "", lab.url, is_lab=True) for lab in labs), None)
    page = next((page for page in pages if page.slug == last.slug), None)
    if page is None:
        return None
    if not last.anchor or last.language != reader():
        return Place(page.number, page.title, "", page.url)
    return Place(page.number, page.title, last.heading, f"{page.url}#{last.anchor}")


def reached(modules: Sequence[ModuleCard]) -> Reached:
    """Progress in these modules together."""
    return Reached(
        Count.of(page.read for module in modules for page in module.pages),
        Count.of(quiz.passed for module in modules for quiz in module.quizzes),
        Count.of(lab.passed for module in modules for lab in module.labs),
    )
