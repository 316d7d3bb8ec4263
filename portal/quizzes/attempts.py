"""Beginning, saving and handing in attempts: a save is stored before it is acknowledged, handing in happens once."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from labs.quizgrading import grade, is_complete
from portal.core import clock
from portal.core.api import ApiError
from portal.courses.models import Enrollment
from portal.quizzes.models import Quiz, QuizAttempt
from portal.quizzes.results import rule_for

_SEEDS = 2**62


def start(quiz: Quiz, enrollment: Enrollment) -> QuizAttempt:
    """The open attempt, or a new one. Raises ApiError ``attempts`` when there are none left."""
    for last_try in (False, True):
        own = QuizAttempt.objects.filter(quiz=quiz, enrollment=enrollment)
        if begun := own.filter(submitted_at=None).first():
            return begun
        most = rule_for(enrollment, quiz).max_attempts
        if most is not None and own.count() >= most:
            raise ApiError(403, "attempts", _("You have used every attempt at this quiz."))
        number = (own.aggregate(last=Max("number"))["last"] or 0) + 1
        try:
            with transaction.atomic():
                return QuizAttempt.objects.create(
                    quiz=quiz,
                    enrollment=enrollment,
                    number=number,
                    seed=secrets.randbelow(_SEEDS),
                    digest=quiz.digest,
                    spec=quiz.spec,
                    max_points=quiz.max_points,
                    started_at=clock.now(),
                )
        except IntegrityError:
            if last_try:
                raise
            # A second click was quicker: its attempt is the open one.
    raise AssertionError


def save(attempt: QuizAttempt, answers: dict[str, Any]) -> bool:
    """Put these answers (by question id, None for one taken back) beside those stored. False once it is handed in.

    Under a lock, so that two windows that answer different questions both keep theirs.
    """
    with transaction.atomic():
        stored = QuizAttempt.objects.select_for_update().only("answers", "submitted_at").get(pk=attempt.pk)
        if stored.submitted_at is not None:
            return False
        merged = {key: value for key, value in {**stored.answers, **answers}.items() if value is not None}
        now = clock.now()
        QuizAttempt.objects.filter(pk=attempt.pk, submitted_at=None).update(answers=merged, saved_at=now)
    attempt.answers, attempt.saved_at = merged, now
    return True


def submit(attempt: QuizAttempt) -> bool:
    """Grade what is stored. False when it was handed in before: of two, one wins, and nothing is graded twice."""
    with transaction.atomic():
        stored = QuizAttempt.objects.select_for_update().get(pk=attempt.pk)
        results = grade(stored.file, stored.seed, stored.answers)
        detail = [
            {"id": question.id, "points": result.points, "max_points": result.max_points, "state": result.state}
            for question, result in zip(stored.file.questions, results, strict=True)
        ]
        points = min(sum(result.points for result in results), stored.max_points)
        won = QuizAttempt.objects.filter(pk=attempt.pk, submitted_at=None).update(
            submitted_at=clock.now(), points=round(points, 2), detail=detail
        )
    return bool(won)


def open_questions(attempt: QuizAttempt) -> list[int]:
    """Numbers, from 1, of the questions that are not answered wholly."""
    numbered = enumerate(attempt.file.questions, 1)
    return [number for number, question in numbered if not is_complete(question, attempt.answer(question.id))]
