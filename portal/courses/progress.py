"""What a reader has reached in labs and quizzes. Courses import neither app, so each hands in who can answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.courses.models import Course, Enrollment, Topic


@dataclass(frozen=True)
class LabProgress:
    """One reader's best result in a lab and how many attempts they used."""

    points: float
    attempts: int


@dataclass(frozen=True)
class QuizCard:
    """One quiz in a list. ``topic``: the topic's primary key, None for the self-test of ``module`` (a primary key).

    ``open``: an attempt is begun and not handed in. ``max_points``: of the result that counts, else the quiz's own.
    """

    key: str
    module: int
    topic: int | None
    title: str
    url: str
    questions: int
    due_at: datetime | None
    points: float
    max_points: float
    passed: bool
    attempts: int
    open: bool


Source = Callable[[Enrollment], dict[str, LabProgress]]
CardSource = Callable[[Course, Enrollment | None, Topic | None], list[QuizCard]]
_sources: list[Source] = []
_card_sources: list[CardSource] = []


def register(source: Source) -> None:
    """Let ``source`` answer; called once, when the app that knows is ready."""
    _sources[:] = [source]


def register_quizzes(source: CardSource) -> None:
    """The same for quizzes: ``source`` answers with every quiz of the course, or of one topic, tried or not."""
    _card_sources[:] = [source]


def progress(enrollment: Enrollment | None) -> dict[str, LabProgress]:
    """By lab id; labs never submitted are left out."""
    return _sources[0](enrollment) if enrollment and _sources else {}


def quiz_cards(course: Course, enrollment: Enrollment | None, topic: Topic | None = None) -> list[QuizCard]:
    """Every quiz of a course, or of one topic of it, with what its reader has reached."""
    return _card_sources[0](course, enrollment, topic) if _card_sources else []
