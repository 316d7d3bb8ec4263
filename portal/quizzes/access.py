"""Who may take which quiz: everybody enrolled in its course. What a cohort's students handed in is read by who teaches
it, and by staff. Whatever isn't theirs is not found.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from portal.accounts.models import User
from portal.courses.models import Cohort, Course, Enrollment
from portal.courses.services import course_for
from portal.quizzes.models import Quiz, QuizAttempt


def quiz_for(user: User, course: str, module: int, slug: str) -> tuple[Quiz, Enrollment | None]:
    """A quiz with the reader's enrolment; staff read it without one. Raises Http404.

    A quiz that its files no longer have is there for who has attempted it.
    """
    row, enrollment = course_for(user, course)
    rows = Quiz.objects.select_related("module__course", "topic").filter(module__course=row, module__number=module)
    quiz = rows.filter(slug=slug).order_by("-active").first()
    if quiz is None:
        raise Http404
    if not quiz.active and not QuizAttempt.objects.filter(quiz=quiz, enrollment=enrollment).exists():
        raise Http404
    return quiz, enrollment


def own_quiz(user: User, course: str, module: int, slug: str) -> tuple[Quiz, Enrollment]:
    """The same for what takes an enrolment, also of staff. Raises Http404."""
    quiz, enrollment = quiz_for(user, course, module, slug)
    if enrollment is None:
        raise Http404
    return quiz, enrollment


def own_attempt(user: User, course: str, module: int, slug: str, number: int) -> QuizAttempt:
    """The reader's n-th attempt in their newest cohort. Raises Http404."""
    quiz, enrollment = own_quiz(user, course, module, slug)
    attempt = QuizAttempt.objects.filter(enrollment=enrollment, quiz=quiz, number=number).first()
    if attempt is None:
        raise Http404
    attempt.quiz, attempt.enrollment = quiz, enrollment
    return attempt


def taught_cohorts(user: User, course: Course) -> QuerySet[Cohort]:
    """The cohorts of a course whose results somebody may read, the newest first: their own, or all for staff."""
    cohorts = Cohort.objects.filter(course=course).order_by("-pk")
    return cohorts if user.is_staff else cohorts.filter(enrollments__in=Enrollment.objects.teaches(user))


def taught_quiz(user: User, course: str, module: int, slug: str, cohort: int) -> tuple[Quiz, Cohort]:
    """A quiz, also one that its files no longer have, with a cohort that somebody teaches. Raises Http404."""
    row, _enrollment = course_for(user, course)
    rows = Quiz.objects.select_related("module__course", "topic").filter(module__course=row, module__number=module)
    quiz = rows.filter(slug=slug).order_by("-active").first()
    found = taught_cohorts(user, row).filter(pk=cohort).first()
    if quiz is None or found is None:
        raise Http404
    return quiz, found


def handed_in_attempt(user: User, pk: int) -> QuizAttempt:
    """Another's attempt, once it is handed in, for who teaches its cohort and for staff. Raises Http404."""
    rows = QuizAttempt.objects.select_related(
        "quiz__module__course", "quiz__topic", "enrollment__user", "enrollment__cohort"
    )
    attempt = rows.filter(pk=pk, submitted_at__isnull=False).first()
    if (
        attempt is None
        or not taught_cohorts(user, attempt.quiz.module.course).filter(pk=attempt.enrollment.cohort_id).exists()
    ):
        raise Http404
    return attempt
