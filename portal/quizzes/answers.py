"""From the fields of a submitted form to answers as labs.quizgrading knows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict

from labs.quizgrading import cleaned
from labs.quizmodels import Matching, Multiple, Ordering, Question, Single
from portal.quizzes.models import QuizAttempt


def field(number: int, row: int | None = None) -> str:
    """The name of a question's field; of one of its rows where it has several."""
    return f"q{number}" if row is None else f"q{number}-{row}"


def read(attempt: QuizAttempt, form: QueryDict, numbers: Iterable[int] | None = None) -> dict[str, Any]:
    """The answers to the questions with these numbers (from 1; all by default); None for those left empty."""
    chosen = None if numbers is None else set(numbers)
    answers = {}
    for number, (question, variant) in enumerate(zip(attempt.file.questions, attempt.variants, strict=True), 1):
        if chosen is None or number in chosen:
            answers[question.id] = cleaned(question, variant, _raw(question, number, form))
    return answers


def _raw(question: Question, number: int, form: QueryDict) -> Any:
    match question:
        case Single():
            return _index(form.get(field(number)))
        case Multiple():
            return [_index(value) for value in form.getlist(field(number))]
        case Ordering():
            return [_index(form.get(field(number, row))) for row in range(len(question.items))]
        case Matching():
            return [_index(form.get(field(number, row))) for row in range(len(question.pairs))]
    return form.get(field(number), "")


def _index(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 4 else None
