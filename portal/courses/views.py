"""The course, its pages and glossary, and joining a cohort."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from portal.accounts.access import signed_in
from portal.accounts.forms import SignUpForm
from portal.core import clock
from portal.core.api import api
from portal.courses import certificates
from portal.courses import explanations as explained
from portal.courses.glossary import terms, terms_in
from portal.courses.models import Course, Invite, Topic
from portal.courses.outline import Outline, place_to_go_on, reached
from portal.courses.presenting import reading_config, rendered_page
from portal.courses.reading import Kind, opened, unread_before
from portal.courses.services import course_for, join, teaches

_FIGURE = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*\.(svg|png|webp|json)")
_FIGURE_TYPES = {"svg": "image/svg+xml", "png": "image/png", "webp": "image/webp", "json": "application/json"}


@login_not_required
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """The one course of the reader, or ``core/landing.html``: courses (objects with title, summary, url)."""
    courses: list[Course] = []
    if request.user.is_authenticated:
        enrolled = Course.objects.filter(active=True, cohorts__enrollments__user=request.user).distinct()
        courses = list(Course.objects.filter(active=True) if request.user.is_staff else enrolled)
    if len(courses) == 1:
        return redirect(courses[0].url)
    return render(request, "core/landing.html", {"courses": courses})


@require_safe
def home(request: HttpRequest, course: str) -> HttpResponse:
    """``courses/home.html``: course, enrollment (None for staff), modules (ModuleCard), place, been_here, reached,
    standing, teaches, only_marked, reading."""
    row, enrollment = course_for(signed_in(request), course, "last_place", "certificate")
    modules = Outline(row, enrollment).modules()
    place, been_here = place_to_go_on(modules, enrollment)
    context = {
        "course": row,
        "enrollment": enrollment,
        "modules": modules,
        "place": place,
        "been_here": been_here,
        "reached": reached(modules),
        "standing": certificates.standing(enrollment, modules),
        "teaches": teaches(signed_in(request), enrollment),
        "only_marked": "marcadas" in request.GET and teaches(signed_in(request), enrollment),
        "reading": reading_config(),
    }
    return render(request, "courses/home.html", context)


@require_safe
def page(request: HttpRequest, course: str, slug: str) -> HttpResponse:
    """``courses/page.html``: course, module, topic, page, body and contents (safe HTML), labs, quiz, before (PageCard),
    previous, next, enrollment, read, reading. ``courses/first.html`` (course, page, first): one to read before.
    """
    row, enrollment = course_for(signed_in(request), course)
    outline = Outline(row, enrollment)
    found = next((page for page in outline.pages if page.slug == slug), None)
    if found is None:
        raise Http404
    if first := unread_before(enrollment, found, outline.read):
        context = {"course": row, "page": found, "first": outline.cards(first), "reading": reading_config()}
        return render(request, "courses/first.html", context)
    rendered = rendered_page(found)
    if "prefetch" not in request.headers.get("Sec-Purpose", ""):
        opened(enrollment, Kind.PAGE, found.slug)
    previous, following = outline.neighbours(found)
    context = {
        "course": row,
        "enrollment": enrollment,
        "module": found.topic.module,
        "topic": found.topic,
        "page": found,
        "body": rendered.html,
        "contents": rendered.contents,
        "labs": outline.labs(found),
        "quiz": outline.quiz(found.topic),
        "before": outline.cards(found.after),
        "read": found.slug in outline.read,
        "previous": previous,
        "next": following,
        "reading": reading_config(found, terms_in(row, rendered.html)),
    }
    return render(request, "courses/page.html", context)


@require_safe
def glossary(request: HttpRequest, course: str) -> HttpResponse:
    """``courses/glossary.html``: course, terms (portal.courses.glossary.Entry), reading."""
    row, _enrollment = course_for(signed_in(request), course)
    return render(request, "courses/glossary.html", {"course": row, "terms": terms(row), "reading": reading_config()})


@require_safe
def figure(request: HttpRequest, course: str, topic: str, name: str) -> FileResponse:
    """A picture that a page shows, from the course files. Opened by itself, an SVG may run nothing."""
    row, _enrollment = course_for(signed_in(request), course)
    found = get_object_or_404(Topic.objects.select_related("module"), module__course=row, slug=topic)
    module = settings.LABS.content_dir / "courses" / row.slug / found.module.folder
    return figure_response(module, found.slug, name)


def figure_response(module: Path, topic: str, name: str) -> FileResponse:
    """One of a topic's figures. Raises Http404."""
    match = _FIGURE.fullmatch(name)
    folder = module / "pages" / topic / "figures"
    if not match or not (folder / name).is_file():
        raise Http404
    response = FileResponse((folder / name).open("rb"), content_type=_FIGURE_TYPES[match[1]])
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@login_not_required
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """``courses/invite.html``: cohort, course, state, form (sign-up form for who isn't signed in, else None)."""
    found = get_object_or_404(Invite.objects.select_related("cohort__course"), token=token)
    user = request.user if request.user.is_authenticated else None
    form = None if user else SignUpForm(request.POST or None)
    state = found.state(user, clock.now())
    if request.method == "POST" and state == "open":
        if form is None or form.is_valid():
            if _join(request, found, form):
                messages.success(request, _("Welcome to %(cohort)s.") % {"cohort": found.cohort.name})
                return redirect(found.cohort.course.url)
            state = "used"
    elif state == "member":
        return redirect(found.cohort.course.url)
    context = {"cohort": found.cohort, "course": found.cohort.course, "state": state, "form": form, "invite": found}
    return render(request, "courses/invite.html", context)


def _join(request: HttpRequest, found: Invite, form: SignUpForm | None) -> bool:
    """Make the account if need be and enrol: both or neither."""
    with transaction.atomic():
        user = form.save() if form else signed_in(request)
        if not join(found, user):
            transaction.set_rollback(True)
            return False
    if form:
        login(request, user, backend="portal.accounts.sessions.PortalBackend")
    return True


@api
@require_safe
@cache_control(private=True, no_cache=True)
@condition(etag_func=lambda _request: f'"{explained.version()}"')
def explanations(_request: HttpRequest) -> HttpResponse:
    """GET → what common errors mean; 304 to a browser that has it as it is."""
    return JsonResponse(explained.entries(), safe=False)
