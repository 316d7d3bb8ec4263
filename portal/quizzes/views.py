"""Taking a quiz: its intro, the attempt that saves itself, the result. For who teaches: what a cohort handed in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import signed_in
from portal.core import clock
from portal.core.api import ApiError, api
from portal.quizzes import access, answers, attempts
from portal.quizzes.models import QuizAttempt
from portal.quizzes.presenting import Presenter
from portal.quizzes.results import counted, has_passed, of_cohort, rule_for


@never_cache
@require_safe
def quiz(request: HttpRequest, course: str, module: int, slug: str) -> HttpResponse:
    """``quizzes/quiz.html``: quiz, course, enrollment (None for staff), rule, over, attempts, open, counted, passed,
    left (attempts; None without limit), taught (cohorts whose results the reader may see)."""
    user = signed_in(request)
    found, enrollment = access.quiz_for(user, course, module, slug)
    rule = rule_for(enrollment, found)
    own = list(QuizAttempt.objects.filter(quiz=found, enrollment=enrollment).defer("spec")) if enrollment else []
    for attempt in own:
        attempt.quiz = found
    count = counted(own, rule)
    context = {
        "quiz": found,
        "course": found.module.course,
        "enrollment": enrollment,
        "rule": rule,
        "over": rule.is_over(clock.now()),
        "attempts": [attempt for attempt in own if attempt.submitted_at],
        "open": next((attempt for attempt in own if attempt.submitted_at is None), None),
        "counted": count,
        "passed": has_passed(count),
        "left": None if rule.max_attempts is None else max(0, rule.max_attempts - len(own)),
        "taught": access.taught_cohorts(user, found.module.course),
    }
    return render(request, "quizzes/quiz.html", context)


@require_POST
def start(request: HttpRequest, course: str, module: int, slug: str) -> HttpResponse:
    """Begin an attempt, or go on with the open one."""
    found, enrollment = access.own_quiz(signed_in(request), course, module, slug)
    try:
        return redirect(attempts.start(found, enrollment).url)
    except ApiError as error:
        messages.error(request, str(error.message))
        return redirect(found.url)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def attempt(request: HttpRequest, course: str, module: int, slug: str, number: int) -> HttpResponse:
    """``quizzes/attempt.html`` (course, quiz, attempt, questions, open, confirming) or ``quizzes/result.html``.

    POST saves every answer of the page; with ``act=submit`` it hands in, asking first when something is left open.
    """
    own = access.own_attempt(signed_in(request), course, module, slug, number)
    if request.method == "POST":
        return _posted(request, own)
    if own.submitted_at:
        return _result(request, own)
    context = {
        "course": own.quiz.module.course,
        "quiz": own.quiz,
        "attempt": own,
        "questions": Presenter(own).asked(),
        "open": attempts.open_questions(own),
        "confirming": "confirmar" in request.GET,
    }
    return render(request, "quizzes/attempt.html", context)


def _posted(request: HttpRequest, own: QuizAttempt) -> HttpResponse:
    if not attempts.save(own, answers.read(own, request.POST)):
        messages.info(request, _("This attempt was handed in already; nothing was changed."))
        return redirect(own.url)
    if request.POST.get("act") not in {"submit", "confirm"}:
        messages.success(request, _("Your answers are saved."))
        return redirect(own.url)
    if request.POST["act"] == "submit" and attempts.open_questions(own):
        return redirect(f"{own.url}?confirmar=1#quedan")
    attempts.submit(own)
    return redirect(own.url)


def _result(request: HttpRequest, own: QuizAttempt) -> HttpResponse:
    """``quizzes/result.html``: course, quiz, attempt, rule, shows, questions (Told), passed, taken, again, left."""
    rule = rule_for(own.enrollment, own.quiz)
    shows = rule.shows_answers(clock.now())
    used = QuizAttempt.objects.filter(quiz=own.quiz, enrollment=own.enrollment).count()
    left = None if rule.max_attempts is None else max(0, rule.max_attempts - used)
    context = {
        "course": own.quiz.module.course,
        "quiz": own.quiz,
        "attempt": own,
        "rule": rule,
        "shows": shows,
        "questions": Presenter(own).told(shows),
        "passed": has_passed(own),
        "taken": own.submitted_at is not None and rule.takes(own.submitted_at),
        "left": left,
        "again": own.quiz.active and left != 0,
    }
    return render(request, "quizzes/result.html", context)


@never_cache
@require_safe
def results(request: HttpRequest, course: str, module: int, slug: str, cohort: int) -> HttpResponse:
    """``quizzes/results.html``, for who teaches the cohort: course, quiz, cohort, rule, rows (StudentRow)."""
    found, taught = access.taught_quiz(signed_in(request), course, module, slug, cohort)
    rule, rows = of_cohort(found, taught)
    context = {"course": found.module.course, "quiz": found, "cohort": taught, "rule": rule, "rows": rows}
    return render(request, "quizzes/results.html", context)


@never_cache
@require_safe
def handed_in(request: HttpRequest, pk: int) -> HttpResponse:
    """``quizzes/result.html`` of a student, to read only, for who teaches them: with what is right, whatever the rule
    tells the student; besides, student and cohort."""
    attempt = access.handed_in_attempt(signed_in(request), pk)
    rule = rule_for(attempt.enrollment, attempt.quiz)
    context = {
        "course": attempt.quiz.module.course,
        "quiz": attempt.quiz,
        "attempt": attempt,
        "student": str(attempt.enrollment.user),
        "cohort": attempt.enrollment.cohort,
        "rule": rule,
        "shows": rule.shows_answers(clock.now()),
        "questions": Presenter(attempt).told(shows=True),
        "passed": has_passed(attempt),
        "taken": attempt.submitted_at is not None and rule.takes(attempt.submitted_at),
    }
    return render(request, "quizzes/result.html", context)


@api
@require_POST
def save(request: HttpRequest, course: str, module: int, slug: str, number: int) -> HttpResponse:
    """The fields of the questions whose numbers ``question`` names → ``{"saved", "open"}``; ``open`` are the numbers of
    those not answered wholly. 409 ``submitted`` once the attempt is handed in."""
    own = access.own_attempt(signed_in(request), course, module, slug, number)
    numbers = [int(each) for each in request.POST.getlist("question") if each.isascii() and each.isdigit()]
    if not attempts.save(own, answers.read(own, request.POST, numbers)):
        raise ApiError(409, "submitted", _("This attempt was handed in already; nothing was changed."))
    return JsonResponse({"saved": own.saved_at, "open": attempts.open_questions(own)})
