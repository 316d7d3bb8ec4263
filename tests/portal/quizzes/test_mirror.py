"""The database mirrors the quiz files, and whoever has attempted one keeps what they did."""

from __future__ import annotations

import shutil
from pathlib import Path

from labs.catalog import load
from portal.courses.models import Enrollment, Module
from portal.courses.progress import quiz_cards
from portal.courses.sync import SyncReport, sync
from portal.quizzes import attempts
from portal.quizzes.models import Quiz, QuizAttempt
from tests.portal.quizzes.conftest import QUIZ

MODULE = "courses/ml/02-paralelo"


def test_it_takes_over_what_the_files_say(course: None) -> None:
    rows = {quiz.key: quiz for quiz in Quiz.objects.select_related("module", "topic")}
    assert {key: quiz.topic and quiz.topic.slug for key, quiz in rows.items()} == {
        "2/01-paralelismo": "01-paralelismo",
        "2/autoevaluacion": None,
    }
    assert (rows["2/01-paralelismo"].questions, rows["2/01-paralelismo"].max_points) == (7, 8)


def without_the_module(content: Path) -> SyncReport:
    """The course with another module in this one's place."""
    other = content / "courses/ml/03-otro"
    shutil.move(content / MODULE, other)
    path = content / "courses/ml/course.yaml"
    path.write_text(path.read_text().replace("02-paralelo", "03-otro"))
    return sync(load(content))


def test_a_module_that_is_gone_goes_when_nobody_took_its_quizzes(course: None, content: Path) -> None:
    without_the_module(content)
    assert [module.folder for module in Module.objects.filter(quizzes__isnull=False).distinct()] == ["03-otro"]


def test_a_module_that_is_gone_keeps_quizzes_that_somebody_took(content: Path, attempt: QuizAttempt) -> None:
    assert "Quiz 01-paralelismo" in without_the_module(content).retired
    assert QuizAttempt.objects.filter(pk=attempt.pk).exists()
    assert Quiz.objects.filter(active=True).count() == 2


def test_the_course_shows_each_quiz_with_what_its_reader_reached(quiz: Quiz, student: Enrollment) -> None:
    def card() -> tuple[float, float, bool, int, bool]:
        (found,) = [each for each in quiz_cards(student.cohort.course, student) if each.url == QUIZ]
        return found.points, found.max_points, found.passed, found.attempts, found.open

    assert card() == (0, 8, False, 0, False)
    attempt = attempts.start(quiz, student)
    assert card() == (0, 8, False, 0, True)
    attempts.save(attempt, {"consistencia": "eventual"})
    attempts.submit(attempt)
    assert card() == (1, 8, False, 1, False)
    QuizAttempt.objects.update(points=4.8)
    assert card() == (4.8, 8, True, 1, False)


def test_who_is_not_enrolled_sees_the_quizzes_alone(quiz: Quiz, attempt: QuizAttempt) -> None:
    assert [card.open for card in quiz_cards(quiz.module.course, None)] == [False, False]
