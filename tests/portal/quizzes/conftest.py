"""A student's browser and what it needs to take the small course's quizzes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from labs.quizgrading import right_answers
from portal.courses.models import Enrollment
from portal.quizzes import attempts
from portal.quizzes.models import Quiz, QuizAttempt
from tests.portal.factories import EnrollmentFactory, UserFactory

QUIZ = "/cuestionario/ml/2/01-paralelismo/"
SELF_TEST = "/cuestionario/ml/2/autoevaluacion/"


def browser_of(user: Any) -> Client:
    """A browser in which somebody is signed in."""
    client = Client()
    client.force_login(user, backend="portal.accounts.sessions.PortalBackend")
    return client


def fields(attempt: QuizAttempt) -> dict[str, Any]:
    """The form with every right answer, as a browser would send it."""
    form: dict[str, Any] = {}
    for number, (question, variant) in enumerate(zip(attempt.file.questions, attempt.variants, strict=True), 1):
        answer = right_answers(question, variant)[0]
        if question.kind in {"ordering", "matching"}:
            form |= {f"q{number}-{row}": value for row, value in enumerate(answer)}
        else:
            form[f"q{number}"] = answer
    return form


@pytest.fixture
def quiz(course: None) -> Quiz:
    return Quiz.objects.select_related("module__course").get(slug="01-paralelismo")


@pytest.fixture
def attempt(quiz: Quiz, student: Enrollment) -> QuizAttempt:
    return attempts.start(quiz, student)


@pytest.fixture
def strangers(student: Enrollment) -> dict[str, Client]:
    """Those who are signed in and have no such attempt: each finds nothing."""
    return {
        "a student of the cohort": browser_of(EnrollmentFactory(cohort=student.cohort).user),
        "the instructor": browser_of(EnrollmentFactory(cohort=student.cohort, role=Enrollment.Role.INSTRUCTOR).user),
        "staff": browser_of(UserFactory(is_staff=True)),
        "nobody's": browser_of(UserFactory()),
    }
