"""Who may do what: an attempt is its owner's alone; a quiz is there for who reads its course."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.courses.models import Course, Enrollment
from portal.quizzes.models import QuizAttempt
from tests.portal.factories import EnrollmentFactory, UserFactory
from tests.portal.quizzes.conftest import QUIZ, browser_of, fields


@pytest.mark.parametrize("path", [QUIZ, f"{QUIZ}1/"])
def test_who_is_not_signed_in_is_sent_to_the_door(client: Client, attempt: QuizAttempt, path: str) -> None:
    assert client.get(path).headers["Location"].startswith("/entrar/")
    assert client.post(f"{QUIZ}empezar/").headers["Location"].startswith("/entrar/")
    assert client.post(f"{QUIZ}1/respuestas/", {"question": "6", "q6": "x"}).status_code == 401


def test_an_attempt_is_found_by_its_owner_alone(attempt: QuizAttempt, strangers: dict[str, Client]) -> None:
    """The address names the n-th attempt of whoever asks, so nobody can even name another's."""
    for who, browser in strangers.items():
        for path in (attempt.url, f"{attempt.url}respuestas/"):
            form = {**fields(attempt), "question": "6", "act": "confirm"}
            assert browser.post(path, form).status_code == 404, (who, path)
        assert browser.get(attempt.url).status_code == 404, who
    attempt.refresh_from_db()
    assert (attempt.answers, attempt.submitted_at) == ({}, None)


def test_handed_in_it_is_still_its_owners_alone(
    signed_in: Client, attempt: QuizAttempt, strangers: dict[str, Client]
) -> None:
    signed_in.post(attempt.url, {"act": "confirm"})
    assert signed_in.get(attempt.url).status_code == 200
    assert {browser.get(attempt.url).status_code for browser in strangers.values()} == {404}


@pytest.mark.usefixtures("course")
def test_who_is_not_enrolled_finds_no_quiz(strangers: dict[str, Client]) -> None:
    assert strangers["nobody's"].get(QUIZ).status_code == 404
    assert strangers["nobody's"].post(f"{QUIZ}empezar/").status_code == 404


def test_staff_read_about_a_quiz_and_take_it_only_when_enrolled(strangers: dict[str, Client]) -> None:
    page = strangers["staff"].get(QUIZ)
    assert (page.status_code, page.context["enrollment"]) == (200, None)
    assert strangers["staff"].post(f"{QUIZ}empezar/").status_code == 404
    assert not QuizAttempt.objects.exists()


def test_an_instructor_takes_a_quiz_like_a_student(student: Enrollment) -> None:
    teacher = EnrollmentFactory(cohort=student.cohort, role=Enrollment.Role.INSTRUCTOR)
    assert browser_of(teacher.user).post(f"{QUIZ}empezar/").status_code == 302
    assert QuizAttempt.objects.get().enrollment == teacher


def test_the_newest_cohort_counts(student: Enrollment, attempt: QuizAttempt) -> None:
    newer = EnrollmentFactory(user=student.user)
    browser = browser_of(student.user)
    assert browser.get(attempt.url).status_code == 404
    browser.post(f"{QUIZ}empezar/")
    assert QuizAttempt.objects.get(enrollment=newer).number == 1


def test_a_course_that_is_no_longer_taught_has_no_quizzes(signed_in: Client, attempt: QuizAttempt) -> None:
    Course.objects.update(active=False)
    assert signed_in.get(QUIZ).status_code == 404
    assert signed_in.get(attempt.url).status_code == 404


@pytest.mark.usefixtures("course")
def test_unknown_addresses_are_404(signed_in: Client) -> None:
    for path in (
        "/cuestionario/ml/2/nada/",
        "/cuestionario/ml/9/01-paralelismo/",
        "/cuestionario/otro/2/01-paralelismo/",
        f"{QUIZ}7/",
    ):
        assert signed_in.get(path).status_code == 404


def test_beginning_takes_a_post(signed_in: Client) -> None:
    assert signed_in.get(f"{QUIZ}empezar/").status_code == 405
    assert not QuizAttempt.objects.exists()


def test_only_staff_see_attempts_in_the_administration(attempt: QuizAttempt, strangers: dict[str, Client]) -> None:
    root = browser_of(UserFactory(is_staff=True, is_superuser=True))
    listed, one = "/admin/quizzes/quizattempt/", f"/admin/quizzes/quizattempt/{attempt.pk}/change/"
    assert (root.get(listed).status_code, root.get(one).status_code) == (200, 200)
    assert root.post(f"/admin/quizzes/quizattempt/{attempt.pk}/delete/").status_code == 403
    for who in ("a student of the cohort", "the instructor", "nobody's"):
        assert strangers[who].get(listed).status_code == 302


def test_a_cohorts_rules_are_edited_with_the_cohort(student: Enrollment) -> None:
    root = browser_of(UserFactory(is_staff=True, is_superuser=True))
    page = root.get(f"/admin/courses/cohort/{student.cohort_id}/change/").content.decode()
    assert "quiz_rules-TOTAL_FORMS" in page
