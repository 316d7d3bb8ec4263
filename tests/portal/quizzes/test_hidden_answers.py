"""What is right, why, and the seed stay on the server until an attempt is handed in."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from labs.quizgrading import right_answers
from labs.quizmodels import texts
from portal.accounts.models import User
from portal.quizzes.models import Quiz, QuizAttempt
from tests.portal.quizzes.conftest import QUIZ, fields

# Drawn by it, the number to find is 3.368: a page holds neither for any other reason.
SEED = 987654321987


@pytest.fixture
def attempt(attempt: QuizAttempt) -> QuizAttempt:
    QuizAttempt.objects.filter(pk=attempt.pk).update(seed=SEED)
    found: QuizAttempt = QuizAttempt.objects.select_related("quiz__module__course").get(pk=attempt.pk)
    return found


def secrets(attempt: QuizAttempt) -> set[str]:
    """Everything that would give an answer away, in both languages."""
    found = {str(attempt.seed), attempt.digest, "correct=", '"correct"', "feedback", "accept"}
    for question, variant in zip(attempt.file.questions, attempt.variants, strict=True):
        hidden = [text for place, text in texts(question) if place[-1] == "feedback"]
        found |= {re.sub(r"\{\{.*", "", text[language]) for text in hidden for language in ("es", "en")}
        if question.kind in {"numeric", "text"}:
            found |= {str(answer) for answer in right_answers(question, variant)}
    return found


@pytest.mark.parametrize("language", ["es", "en"])
def test_an_open_attempt_tells_nothing(signed_in: Client, attempt: QuizAttempt, language: str) -> None:
    saved = signed_in.post(f"{attempt.url}respuestas/", {"question": "1", "q1": "0"})
    paths = (attempt.url, f"{attempt.url}?confirmar=1", QUIZ)
    User.objects.update(language=language)
    pages = [signed_in.get(path).content.decode() for path in paths]
    assert all(f'<html lang="{language}">' in page for page in pages)
    for secret in secrets(attempt):
        assert not [page for page in (*pages, saved.content.decode()) if secret in page], secret


def test_a_save_answers_the_same_for_right_and_wrong(signed_in: Client, attempt: QuizAttempt) -> None:
    bodies = set()
    for value in range(3):
        body = signed_in.post(f"{attempt.url}respuestas/", {"question": "1", "q1": value}).json()
        bodies.add((tuple(sorted(body)), tuple(body["open"])))
    assert len(bodies) == 1


def test_the_number_to_find_is_among_what_is_hidden(attempt: QuizAttempt) -> None:
    assert {"3.368", str(SEED)} <= secrets(attempt)


def test_options_stand_as_drawn_and_not_as_the_file_has_them(signed_in: Client, attempt: QuizAttempt) -> None:
    question = attempt.file.questions[1]
    orders = set()
    for seed in range(8):
        QuizAttempt.objects.filter(pk=attempt.pk).update(seed=seed)
        page = signed_in.get(attempt.url).content.decode()
        orders.add(tuple(sorted((option.text.es for option in question.options), key=page.index)))
        assert re.findall(r'name="q2" value="(\d)"', page) == ["0", "1", "2", "3"]
    assert len(orders) > 3


def test_the_result_tells_what_was_right_and_why(signed_in: Client, attempt: QuizAttempt) -> None:
    signed_in.post(attempt.url, {"act": "confirm"})
    page = signed_in.get(attempt.url).content.decode()
    assert "El hijo termina." in page
    assert "consistencia eventual" in page
    assert 'href="/curso/ml/paralelismo/"' in page
    assert str(attempt.seed) not in page


def test_other_pages_of_the_course_tell_nothing(signed_in: Client, quiz: Quiz, attempt: QuizAttempt) -> None:
    for path in ("/curso/ml/", "/curso/ml/paralelismo/"):
        page = signed_in.get(path).content.decode()
        assert quiz.url in page
        assert not [secret for secret in secrets(attempt) if secret in page]


def test_what_a_student_types_is_text(signed_in: Client, attempt: QuizAttempt) -> None:
    signed_in.post(attempt.url, {**fields(attempt), "q6": "<script>alert(1)</script>", "act": "submit"})
    assert "<script>alert(1)" not in signed_in.get(attempt.url).content.decode()
