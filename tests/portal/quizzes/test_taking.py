"""Taking a quiz: what is answered is kept, handing in happens once, points are the server's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.test import Client

from labs.catalog import load
from portal.accounts.models import User
from portal.courses.models import Enrollment
from portal.courses.sync import sync
from portal.quizzes import attempts
from portal.quizzes.answers import read
from portal.quizzes.models import CohortQuiz, Quiz, QuizAttempt
from tests.portal.factories import CohortFactory, soon
from tests.portal.quizzes.conftest import QUIZ, SELF_TEST, fields

MOST_QUERIES = 12


def test_a_student_begins_answers_and_hands_in(signed_in: Client) -> None:
    assert signed_in.get(QUIZ).context["attempts"] == []
    address = signed_in.post(f"{QUIZ}empezar/").headers["Location"]
    assert address == f"{QUIZ}1/"
    attempt = QuizAttempt.objects.get()
    assert signed_in.post(address, {**fields(attempt), "act": "submit"}).headers["Location"] == address
    result = signed_in.get(address)
    assert (result.context["attempt"].points, result.context["attempt"].max_points) == (8, 8)
    assert [told.state for told in result.context["questions"]] == ["right"] * 7
    assert signed_in.get(QUIZ).context["passed"]


def test_every_kind_of_question_is_on_the_page_with_what_was_answered(signed_in: Client, attempt: QuizAttempt) -> None:
    signed_in.post(attempt.url, {**fields(attempt), "act": "save"})
    page = signed_in.get(attempt.url)
    asked = {question.kind: question for question in page.context["questions"]}
    assert set(asked) == {"single", "multiple", "numeric", "ordering", "matching", "text", "output"}
    assert [sum(choice.chosen for choice in asked[kind].choices) for kind in ("single", "multiple")] == [1, 2]
    assert all(row.given is not None for kind in ("ordering", "matching") for row in asked[kind].rows)
    assert asked["text"].typed == "eventual consistency"
    assert page.content.decode().count("checked") == 3


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("es", ["correcta en parte", "su lugar es el 4", "Se explica en 2.1.1", "El hijo termina.", "0,50/1"]),
        ("en", ["partly right", "its place is 4", "Explained in 2.1.1", "The child ends.", "0.50/1"]),
    ],
)
def test_the_result_speaks_its_readers_language(
    signed_in: Client, attempt: QuizAttempt, language: str, said: list[str]
) -> None:
    User.objects.update(language=language)
    places = {original: row for row, original in enumerate(attempt.variants[3].order)}
    swapped = {f"q4-{places[0]}": 1, f"q4-{places[1]}": 2, f"q4-{places[2]}": 4, f"q4-{places[3]}": 3}
    signed_in.post(attempt.url, {**swapped, "act": "confirm"})
    page = signed_in.get(attempt.url).content.decode()
    assert [text for text in said if text not in page] == []


def test_going_on_is_the_same_attempt(signed_in: Client) -> None:
    addresses = {signed_in.post(f"{QUIZ}empezar/").headers["Location"] for _ in range(2)}
    assert addresses == {f"{QUIZ}1/"}


def test_a_new_attempt_draws_anew(signed_in: Client, quiz: Quiz, student: Enrollment) -> None:
    drawn = set()
    for _ in range(6):
        attempt = attempts.start(quiz, student)
        drawn.add(str(attempt.variants))
        attempts.submit(attempt)
    assert len(drawn) == 6
    assert [attempt.number for attempt in QuizAttempt.objects.all()] == [1, 2, 3, 4, 5, 6]


class TestNothingIsLost:
    def test_one_question_is_saved_as_it_is_answered(self, signed_in: Client, attempt: QuizAttempt) -> None:
        answer = signed_in.post(f"{attempt.url}respuestas/", {"question": "6", "q6": "eventual"})
        assert answer.json()["open"] == [1, 2, 3, 4, 5, 7]
        attempt.refresh_from_db()
        assert attempt.answers == {"consistencia": "eventual"}
        assert 'value="eventual"' in signed_in.get(attempt.url).content.decode()

    def test_two_windows_keep_what_each_answered(self, signed_in: Client, attempt: QuizAttempt) -> None:
        signed_in.post(f"{attempt.url}respuestas/", {"question": "6", "q6": "eventual"})
        signed_in.post(f"{attempt.url}respuestas/", {"question": "1", "q1": "0"})
        attempt.refresh_from_db()
        assert attempt.answers == {"consistencia": "eventual", "quien-espera": 0}

    def test_an_answer_can_be_taken_back(self, signed_in: Client, attempt: QuizAttempt) -> None:
        signed_in.post(f"{attempt.url}respuestas/", {"question": "2", "q2": ["0", "1"]})
        signed_in.post(f"{attempt.url}respuestas/", {"question": "2"})
        attempt.refresh_from_db()
        assert attempt.answers == {}

    def test_handing_in_with_open_questions_saves_and_asks_first(self, signed_in: Client, attempt: QuizAttempt) -> None:
        answer = signed_in.post(attempt.url, {"q6": "eventual", "act": "submit"})
        assert "confirmar" in answer.headers["Location"]
        page = signed_in.get(answer.headers["Location"])
        assert (page.context["confirming"], page.context["open"]) == (True, [1, 2, 3, 4, 5, 7])
        attempt.refresh_from_db()
        assert (attempt.submitted_at, attempt.answers) == (None, {"consistencia": "eventual"})
        signed_in.post(attempt.url, {"q6": "eventual", "act": "confirm"})
        attempt.refresh_from_db()
        assert (attempt.points, attempt.max_points) == (1, 8)

    def test_an_edited_file_leaves_an_attempt_under_way_as_it_was(
        self, signed_in: Client, attempt: QuizAttempt, content: Path
    ) -> None:
        before = fields(attempt)
        path = content / "courses/ml/02-paralelo/quizzes/01-paralelismo.yaml"
        text = path.read_text()
        path.write_text(text[: text.index("  - id: que-escala")])
        assert sync(load(content)).updated == ["Course ml", "Quiz 01-paralelismo"]
        signed_in.post(attempt.url, {**before, "act": "submit"})
        attempt.refresh_from_db()
        assert (attempt.points, attempt.max_points) == (8, 8)
        assert len(signed_in.get(attempt.url).context["questions"]) == 7
        assert Quiz.objects.get(pk=attempt.quiz_id).questions == 1

    def test_a_quiz_whose_file_is_gone_keeps_its_attempts(
        self, signed_in: Client, attempt: QuizAttempt, content: Path
    ) -> None:
        (content / "courses/ml/02-paralelo/quizzes/01-paralelismo.yaml").unlink()
        assert sync(load(content)).retired == ["Quiz 01-paralelismo"]
        signed_in.post(attempt.url, {**fields(attempt), "act": "submit"})
        assert signed_in.get(attempt.url).context["attempt"].points == 8
        assert signed_in.get(QUIZ).status_code == 200
        assert signed_in.get("/curso/ml/").content.decode().count(QUIZ) == 0


class TestHandingInHappensOnce:
    def test_the_second_of_two_changes_nothing(self, signed_in: Client, attempt: QuizAttempt) -> None:
        right = fields(attempt)
        signed_in.post(attempt.url, {"act": "confirm"})
        assert signed_in.post(attempt.url, {**right, "act": "confirm"}).status_code == 302
        attempt.refresh_from_db()
        assert (attempt.points, attempt.answers) == (0, {})

    def test_of_two_that_hold_the_open_attempt_one_wins(self, attempt: QuizAttempt) -> None:
        other = QuizAttempt.objects.get(pk=attempt.pk)
        assert [attempts.submit(attempt), attempts.submit(other)] == [True, False]
        assert not attempts.save(other, {"consistencia": "eventual"})

    def test_a_late_save_is_refused(self, signed_in: Client, attempt: QuizAttempt) -> None:
        signed_in.post(attempt.url, {"act": "confirm"})
        answer = signed_in.post(f"{attempt.url}respuestas/", {"question": "6", "q6": "eventual"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "submitted")

    def test_the_database_holds_one_open_attempt(self, attempt: QuizAttempt) -> None:
        twin = QuizAttempt.objects.get(pk=attempt.pk)
        twin.pk, twin.number = None, 2
        with pytest.raises(IntegrityError, match=r"UNIQUE|one_open"), transaction.atomic():
            twin.save(force_insert=True)


class TestTheCohortsRule:
    def rule(self, quiz: Quiz, student: Enrollment, **values: Any) -> CohortQuiz:
        found: CohortQuiz = CohortQuiz.objects.create(quiz=quiz, cohort=student.cohort, **values)
        return found

    def take(self, quiz: Quiz, student: Enrollment, *answered: str) -> QuizAttempt:
        """One attempt with these questions right."""
        attempt = attempts.start(quiz, student)

        form = QueryDict(mutable=True)
        for name, value in fields(attempt).items():
            form.setlist(name, value if isinstance(value, list) else [value])
        right = read(attempt, QueryDict(form.urlencode()))
        attempts.save(attempt, {name: right[name] for name in answered})
        attempts.submit(attempt)
        return attempt

    def test_attempts_run_out(self, signed_in: Client, quiz: Quiz, student: Enrollment) -> None:
        self.rule(quiz, student, max_attempts=1)
        self.take(quiz, student)
        answer = signed_in.post(f"{QUIZ}empezar/", follow=True)
        assert QuizAttempt.objects.count() == 1
        assert "Ya usaste todos los intentos" in answer.content.decode()
        assert answer.context["left"] == 0

    def test_another_cohorts_rule_is_not_mine(self, signed_in: Client, quiz: Quiz, student: Enrollment) -> None:
        CohortQuiz.objects.create(quiz=quiz, cohort=CohortFactory(), max_attempts=1)
        self.take(quiz, student)
        assert signed_in.post(f"{QUIZ}empezar/").headers["Location"] == f"{QUIZ}2/"

    @pytest.mark.parametrize(("counts", "number"), [("best", 1), ("last", 2)])
    def test_the_best_or_the_last_counts(
        self, signed_in: Client, quiz: Quiz, student: Enrollment, counts: str, number: int
    ) -> None:
        self.rule(quiz, student, counts=counts)
        self.take(quiz, student, "que-escala", "consistencia")
        self.take(quiz, student, "consistencia")
        assert signed_in.get(QUIZ).context["counted"].number == number

    def test_what_is_handed_in_after_the_due_date_is_practice(
        self, signed_in: Client, quiz: Quiz, student: Enrollment
    ) -> None:
        self.rule(quiz, student, due_at=soon(hours=-1))
        late = self.take(quiz, student, "consistencia")
        assert signed_in.get(QUIZ).context["counted"] is None
        assert not signed_in.get(late.url).context["taken"]

    @pytest.mark.parametrize(
        ("values", "shown"),
        [
            ({}, True),
            ({"shows": "never"}, False),
            ({"shows": "due"}, False),
            ({"shows": "due", "due_at": soon(hours=1)}, False),
            ({"shows": "due", "due_at": soon(hours=-1)}, True),
        ],
    )
    def test_right_answers_are_shown_by_the_rule(
        self, signed_in: Client, quiz: Quiz, student: Enrollment, values: dict[str, Any], shown: bool
    ) -> None:
        self.rule(quiz, student, **values)
        done = self.take(quiz, student)
        page = signed_in.get(done.url).content.decode()
        assert ("consistencia eventual" in page, "Llega al final" in page, "Sí, espera" in page) == (shown,) * 3


@pytest.mark.parametrize("path", [QUIZ, f"{QUIZ}1/", f"{QUIZ}2/", SELF_TEST, "/curso/ml/", "/curso/ml/paralelismo/"])
def test_a_page_costs_few_queries(
    signed_in: Client, attempt: QuizAttempt, path: str, django_assert_max_num_queries: Callable[..., object]
) -> None:
    attempts.submit(attempt)
    attempts.start(attempt.quiz, attempt.enrollment)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert signed_in.get(path).status_code == 200
