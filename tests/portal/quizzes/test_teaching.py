"""What a cohort handed in, as who teaches it reads it: with what is right, and nothing to change."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.core import clock
from portal.courses.models import Cohort, Course, Enrollment
from portal.quizzes import attempts
from portal.quizzes.models import CohortQuiz, Quiz, QuizAttempt
from tests.portal.factories import CohortFactory, EnrollmentFactory, UserFactory
from tests.portal.quizzes.conftest import QUIZ, browser_of, fields

TEACHES = ("the instructor", "staff")
OTHERS = ("a student of the cohort", "nobody's", "an instructor of another cohort")


@pytest.fixture
def browsers(student: Enrollment, strangers: dict[str, Client]) -> dict[str, Client]:
    elsewhere = EnrollmentFactory(cohort=CohortFactory(course=student.cohort.course), role=Enrollment.Role.INSTRUCTOR)
    return {**strangers, "an instructor of another cohort": browser_of(elsewhere.user)}


@pytest.fixture
def handed_in(signed_in: Client, attempt: QuizAttempt) -> QuizAttempt:
    signed_in.post(attempt.url, {**fields(attempt), "q1": "", "act": "confirm"})
    attempt.refresh_from_db()
    return attempt


def results(cohort: Cohort) -> str:
    return f"{QUIZ}cohorte/{cohort.pk}/"


def seen(attempt: QuizAttempt) -> str:
    return f"/intentos/{attempt.pk}/"


@pytest.mark.parametrize("who", TEACHES)
def test_who_teaches_reads_what_was_handed_in(browsers: dict[str, Client], handed_in: QuizAttempt, who: str) -> None:
    listed = browsers[who].get(results(handed_in.enrollment.cohort))
    assert listed.status_code == 200
    assert f'href="{seen(handed_in)}"' in listed.content.decode()
    page = browsers[who].get(seen(handed_in))
    assert page.status_code == 200
    assert str(handed_in.enrollment.user) in page.content.decode()
    assert [told.points > 0 for told in page.context["questions"]][:2] == [False, True]


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_else_finds_it(browsers: dict[str, Client], handed_in: QuizAttempt, who: str) -> None:
    for path in (seen(handed_in), results(handed_in.enrollment.cohort)):
        assert browsers[who].get(path).status_code == 404, path


def test_not_even_its_owner_finds_it_there(signed_in: Client, handed_in: QuizAttempt) -> None:
    """Their own page tells by the cohort's rule; this one tells everything."""
    assert signed_in.get(handed_in.url).status_code == 200
    assert signed_in.get(seen(handed_in)).status_code == 404
    assert signed_in.get(results(handed_in.enrollment.cohort)).status_code == 404


def test_who_is_not_signed_in_is_sent_to_the_door(handed_in: QuizAttempt) -> None:
    for path in (seen(handed_in), results(handed_in.enrollment.cohort)):
        assert Client().get(path).headers["Location"].startswith("/entrar/")


@pytest.mark.parametrize("who", TEACHES)
def test_an_open_attempt_is_its_students_alone(browsers: dict[str, Client], attempt: QuizAttempt, who: str) -> None:
    assert browsers[who].get(seen(attempt)).status_code == 404
    page = browsers[who].get(results(attempt.enrollment.cohort))
    assert seen(attempt) not in page.content.decode()
    assert [row.open for row in page.context["rows"]].count(True) == 1


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_there_is_nothing_to_change(browsers: dict[str, Client], handed_in: QuizAttempt, method: str) -> None:
    before = QuizAttempt.objects.values().get()
    for path in (seen(handed_in), results(handed_in.enrollment.cohort)):
        assert getattr(browsers["the instructor"], method)(path, {"q1": "0", "act": "confirm"}).status_code == 405
    assert "<form" not in browsers["the instructor"].get(seen(handed_in)).content.decode().split("<main", 1)[1]
    assert QuizAttempt.objects.values().get() == before


def test_who_teaches_sees_what_the_rule_hides_from_the_student(
    signed_in: Client, browsers: dict[str, Client], handed_in: QuizAttempt
) -> None:
    CohortQuiz.objects.create(cohort=handed_in.enrollment.cohort, quiz=handed_in.quiz, shows=CohortQuiz.Shows.NEVER)

    def right(page: Any) -> list[bool | None]:
        return [choice.right for choice in page.context["questions"][0].asked.choices]

    assert set(right(signed_in.get(handed_in.url))) == {None}
    taught = browsers["the instructor"].get(seen(handed_in))
    assert True in right(taught)
    assert "no se muestran ahora" in taught.content.decode()


def test_the_table_has_every_student_by_name_and_what_counts(
    signed_in: Client, browsers: dict[str, Client], quiz: Quiz, handed_in: QuizAttempt
) -> None:
    again = attempts.start(quiz, handed_in.enrollment)
    signed_in.post(again.url, {**fields(again), "act": "confirm"})
    page = browsers["the instructor"].get(results(handed_in.enrollment.cohort))
    rows = page.context["rows"]
    assert [row.student for row in rows] == sorted((row.student for row in rows), key=str.casefold)
    assert len(rows) == handed_in.enrollment.cohort.enrollments.filter(role=Enrollment.Role.STUDENT).count()
    (given,) = [row for row in rows if row.attempts]
    assert [attempt.number for attempt in given.attempts] == [1, 2]
    assert (given.counted.number, given.passed) == (2, True)


def test_the_queries_do_not_grow_with_the_cohort(
    browsers: dict[str, Client], quiz: Quiz, student: Enrollment, django_assert_max_num_queries: Any
) -> None:
    for _each in range(5):
        other = EnrollmentFactory(cohort=student.cohort)
        attempts.submit(attempts.start(quiz, other))
    with django_assert_max_num_queries(12):
        browsers["the instructor"].get(results(student.cohort))
    with django_assert_max_num_queries(12):
        browsers["the instructor"].get(seen(QuizAttempt.objects.latest("pk")))


def test_the_quiz_leads_there_for_who_teaches(browsers: dict[str, Client], student: Enrollment) -> None:
    link = f'href="{results(student.cohort)}"'
    for who in TEACHES:
        assert link in browsers[who].get(QUIZ).content.decode(), who
    assert link not in browsers["a student of the cohort"].get(QUIZ).content.decode()
    assert link not in browsers["an instructor of another cohort"].get(QUIZ).content.decode()


def test_a_cohort_of_another_course_or_a_course_no_longer_taught_is_not_found(
    browsers: dict[str, Client], handed_in: QuizAttempt
) -> None:
    other = CohortFactory(course=Course.objects.create(slug="otro", titles={}, summaries={}, digest=""))
    assert browsers["staff"].get(results(other)).status_code == 404
    assert browsers["staff"].get("/intentos/999999/").status_code == 404
    Course.objects.filter(pk=handed_in.quiz.module.course_id).update(active=False)
    assert browsers["the instructor"].get(results(handed_in.enrollment.cohort)).status_code == 404


def test_who_stops_teaching_reads_no_more(student: Enrollment, handed_in: QuizAttempt) -> None:
    teacher = EnrollmentFactory(cohort=student.cohort, role=Enrollment.Role.INSTRUCTOR)
    browser = browser_of(teacher.user)
    assert browser.get(seen(handed_in)).status_code == 200
    Enrollment.objects.filter(pk=teacher.pk).update(role=Enrollment.Role.STUDENT)
    assert browser.get(seen(handed_in)).status_code == 404
    assert browser_of(UserFactory(is_staff=True)).get(seen(handed_in)).status_code == 200
    assert handed_in.submitted_at is not None
    assert handed_in.submitted_at <= clock.now()
