"""What counts of a student's attempts, by the cohort's rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from portal.core.prepared import Parameter, Prepared
from portal.courses.models import Cohort, Course, Enrollment, Topic
from portal.courses.progress import QuizCard
from portal.quizzes.models import CohortQuiz, Quiz, QuizAttempt

PASS_PERCENT = 60


def rule_for(enrollment: Enrollment | None, quiz: Quiz) -> CohortQuiz:
    """The rule that holds: the cohort's, or the usual one (not stored)."""
    own = CohortQuiz.objects.filter(cohort=enrollment.cohort_id, quiz=quiz).first() if enrollment else None
    return own or CohortQuiz(quiz=quiz)


def counted(attempts: Iterable[QuizAttempt], rule: CohortQuiz) -> QuizAttempt | None:
    """The attempt whose points count, of those of one student and quiz; None when none does."""
    taken = [attempt for attempt in attempts if attempt.submitted_at and rule.takes(attempt.submitted_at)]
    if not taken:
        return None
    if rule.counts == CohortQuiz.Counts.LAST:
        return max(taken, key=lambda attempt: attempt.number)
    # A quiz whose file has changed may have had other points: what is compared is the share.
    return max(taken, key=lambda attempt: (attempt.share, -attempt.number))


def has_passed(attempt: QuizAttempt | None) -> bool:
    return attempt is not None and (attempt.points or 0) * 100 >= PASS_PERCENT * attempt.max_points


def cards(course: Course, enrollment: Enrollment | None, topic: Topic | None = None) -> list[QuizCard]:
    """Every quiz of the course, or of one topic of it, with what its reader has reached, in two queries."""
    listed = [quiz for quiz in _quizzes(course.pk, course.digest) if topic is None or quiz.topic_id == topic.pk]
    rules: dict[int, CohortQuiz] = {}
    attempts: dict[int, list[QuizAttempt]] = defaultdict(list)
    if enrollment:
        asked = _asked(of_topic=topic is not None)
        reader = {"cohort": enrollment.cohort_id, "enrollment": enrollment.pk, "topic": topic and topic.pk}
        rules = {rule.quiz_id: rule for rule in asked.rules(**reader)}
        for attempt in asked.attempts(**reader):
            attempts[attempt.quiz_id].append(attempt)
    return [_card(quiz, rules.get(quiz.pk) or CohortQuiz(), attempts[quiz.pk]) for quiz in listed]


class _Asked(NamedTuple):
    """The rules that a ``cohort`` wrote down, and what an ``enrollment`` has tried."""

    rules: Prepared[CohortQuiz]
    attempts: Prepared[QuizAttempt]


@lru_cache
def _asked(of_topic: bool) -> _Asked:
    """Of every quiz, or of those of a ``topic``."""
    only = {"quiz__topic": Parameter("topic")} if of_topic else {}
    light = ("quiz", "number", "submitted_at", "points", "max_points")
    return _Asked(
        Prepared(lambda: CohortQuiz.objects.filter(cohort=Parameter("cohort"), **only)),
        Prepared(lambda: QuizAttempt.objects.only(*light).filter(enrollment=Parameter("enrollment"), **only)),
    )


def _card(quiz: Quiz, rule: CohortQuiz, attempts: list[QuizAttempt]) -> QuizCard:
    count = counted(attempts, rule)
    return QuizCard(
        key=quiz.key,
        module=quiz.module_id,
        topic=quiz.topic_id,
        title=quiz.title,
        url=quiz.url,
        questions=quiz.questions,
        due_at=rule.due_at,
        points=(count.points or 0) if count else 0,
        max_points=count.max_points if count else quiz.max_points,
        passed=has_passed(count),
        attempts=sum(attempt.submitted_at is not None for attempt in attempts),
        open=any(attempt.submitted_at is None for attempt in attempts),
    )


@lru_cache(maxsize=8)
def _quizzes(course: int, digest: str) -> tuple[Quiz, ...]:  # noqa: ARG001 -- another digest, other quizzes
    """Only read, as ``portal.courses.structure`` is, and kept as long."""
    rows = Quiz.objects.filter(module__course=course, active=True).select_related("module__course")
    return tuple(rows.defer("spec", "module__course__glossary"))


def forget() -> None:
    """For tests; see ``portal.courses.structure.forget``."""
    _quizzes.cache_clear()


@dataclass(frozen=True)
class StudentRow:
    """What a student has reached in one quiz. ``attempts``: those handed in. ``open``: one is under way."""

    student: str
    attempts: list[QuizAttempt]
    counted: QuizAttempt | None
    passed: bool
    open: bool


def of_cohort(quiz: Quiz, cohort: Cohort) -> tuple[CohortQuiz, list[StudentRow]]:
    """The cohort's rule for a quiz and its students, by name, with their attempts, in three queries."""
    rule = CohortQuiz.objects.filter(cohort=cohort, quiz=quiz).first() or CohortQuiz(quiz=quiz)
    given: dict[int, list[QuizAttempt]] = defaultdict(list)
    light = QuizAttempt.objects.only("enrollment", "number", "submitted_at", "points", "max_points")
    for attempt in light.filter(quiz=quiz, enrollment__cohort=cohort):
        given[attempt.enrollment_id].append(attempt)
    students = cohort.enrollments.filter(role=Enrollment.Role.STUDENT).select_related("user")
    rows = [_row(str(student.user), given[student.pk], rule) for student in students]
    return rule, sorted(rows, key=lambda row: row.student.casefold())


def _row(student: str, attempts: list[QuizAttempt], rule: CohortQuiz) -> StudentRow:
    count = counted(attempts, rule)
    return StudentRow(
        student=student,
        attempts=[attempt for attempt in attempts if attempt.submitted_at],
        counted=count,
        passed=has_passed(count),
        open=any(attempt.submitted_at is None for attempt in attempts),
    )
