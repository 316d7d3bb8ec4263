"""What a reader has reached in labs and quizzes. Courses import nothing of the apps that know, so these hand in who can
answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portal.courses.models import Enrollment


@dataclass(frozen=True)
class LabProgress:
    """One reader's best result in a lab and how many attempts they used."""

    points: float
    attempts: int


@dataclass(frozen=True)
class QuizProgress:
    """One quiz of the course, tried or not. ``module``: the number of the module it belongs to."""

    module: int
    passed: bool


Source = Callable[[Enrollment], dict[str, LabProgress]]
QuizSource = Callable[[Enrollment], dict[str, QuizProgress]]
_sources: list[Source] = []
_quiz_sources: list[QuizSource] = []


def register(source: Source) -> None:
    """Let ``source`` answer; called once, when the app that knows is ready."""
    _sources[:] = [source]


def register_quizzes(source: QuizSource) -> None:
    """The same for quizzes. The source answers with every quiz of the course, in one query."""
    _quiz_sources[:] = [source]


def progress(enrollment: Enrollment | None) -> dict[str, LabProgress]:
    """By lab id; labs never submitted are left out."""
    return _sources[0](enrollment) if enrollment and _sources else {}


def quizzes(enrollment: Enrollment | None) -> dict[str, QuizProgress]:
    """By quiz id; empty where the course has none."""
    return _quiz_sources[0](enrollment) if enrollment and _quiz_sources else {}
