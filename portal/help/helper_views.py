"""An instructor's side of help: the raised hands of a cohort, and looking on (and typing) in one student's lab."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from portal.accounts.access import signed_in, signed_in_async
from portal.accounts.models import User
from portal.core.api import ApiError, api, body
from portal.core.live import live
from portal.grading.views import lab_context
from portal.help import hands, record, visits
from portal.help.access import helped_cohort, helped_hand, helped_workspace, own_visit
from portal.help.models import Hand, Visit
from portal.help.presenting import hand_rows, visit_json, working_rows
from portal.labsessions import filetree
from portal.labsessions.models import LabSession
from portal.labsessions.presenting import session_json
from portal.labsessions.services import active_session

State = LabSession.State
# The looking page follows files, runs and submissions that nobody announces: it asks this often.
POLL_MS = 2000
# Addresses of the student's page that know a helper by themselves (portal.grading.access).
SHARED_URLS = ("submission", "submissionFiles", "submissionEvents")


@require_safe
def raised_hands(request: HttpRequest, cohort: int) -> HttpResponse:
    """``help/hands.html``: cohort, hands (rows of presenting.hand_rows), working (of presenting.working_rows)."""
    found = helped_cohort(signed_in(request), cohort)
    lists = {"hands": hand_rows(found.pk), "working": working_rows(found.pk)}
    return render(request, "help/hands.html", {"cohort": found, **lists})


@api
async def hands_events(request: HttpRequest, cohort: int) -> StreamingHttpResponse:
    """``event: hands`` with what the list shows at each change: the page reads itself again."""
    user = await signed_in_async(request)
    await sync_to_async(helped_cohort)(user, cohort)

    def snapshot(_events: list[dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        helped_cohort(user, cohort)
        rows = [{**row, "raised_at": row["raised_at"].isoformat(), "grade": None} for row in hand_rows(cohort)]
        return {"hands": rows, "working": working_rows(cohort)}, False

    return live(
        user=user.pk,
        stream=record.cohort_stream(cohort),
        event="hands",
        snapshot=snapshot,
        after=request.headers.get("Last-Event-ID", ""),
    )


@require_POST
def lower(request: HttpRequest, pk: int) -> HttpResponse:
    """The instructor lowers a hand: the student was helped."""
    hand = helped_hand(signed_in(request), pk)
    hands.lower(hand, Hand.Why.INSTRUCTOR, signed_in(request))
    return redirect("help:hands", hand.workspace.enrollment.cohort_id)


@require_POST
def look(request: HttpRequest, workspace: int) -> HttpResponse:
    """Begin (or go on) looking at a student's lab."""
    user = signed_in(request)
    return redirect("help:visit", visits.begin(helped_workspace(user, workspace), user).pk)


@require_safe
@ensure_csrf_cookie
def visit_page(request: HttpRequest, pk: int) -> HttpResponse:
    """``labs/lab.html`` of the student, in its looking mode. A visit that ended leads back to the raised hands."""
    user = signed_in(request)
    ended = Visit.objects.filter(pk=pk, instructor=user).select_related("workspace__enrollment").first()
    try:
        visit = own_visit(user, pk)
    except Http404:
        if ended is None:
            raise
        messages.info(request, _("You no longer look at that lab. You can look again from here."))
        return redirect("help:hands", ended.workspace.enrollment.cohort_id)
    context = lab_context(visit.workspace, staff=True)
    urls = context["config"]["urls"]
    context["config"]["urls"] = {name: urls[name] for name in SHARED_URLS} | _urls(visit)
    context["config"]["visit"] = {
        "id": visit.pk,
        "student": str(visit.workspace.enrollment.user),
        "hands": reverse("help:hands", args=[visit.workspace.enrollment.cohort_id]),
        **visit_json(visit),
    }
    return render(request, "labs/lab.html", {**context, "visit": visit})


def _urls(visit: Visit) -> dict[str, str]:
    """The lab page's addresses, with the visit's in place of the student's; what a helper may not do has none."""
    of_session = {"sessionDetail": "session", "sessionEvents": "session_events", "ticket": "ticket"}
    return {
        "file": reverse("help:file", args=[visit.pk, "__path__"]),
        "session": reverse("help:current_session", args=[visit.pk]),
        "visitEvents": reverse("help:visit_events", args=[visit.pk]),
        "keyboard": reverse("help:keyboard", args=[visit.pk]),
        "leave": reverse("help:leave", args=[visit.pk]),
        **{name: reverse(f"help:{view}", args=[visit.pk, "__key__"]) for name, view in of_session.items()},
    }


@api
async def visit_events(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """``event: visit`` with ``visit_json`` at each change; ``{"going": false, "because"}`` is the last."""
    user = await signed_in_async(request)
    visit = await sync_to_async(own_visit)(user, pk)

    def snapshot(_events: list[dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        try:
            now = own_visit(user, pk)
        except Http404:
            because = Visit.objects.filter(pk=pk).values_list("ended_because", flat=True).first()
            return {"going": False, "because": because or ""}, True
        visits.seen(now)
        return visit_json(now), False

    return live(
        user=user.pk,
        stream=record.lab_stream(visit.workspace),
        event="visit",
        snapshot=snapshot,
        after=request.headers.get("Last-Event-ID", ""),
        every_ms=POLL_MS,
    )


@api
@require_POST
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: the instructor stops looking."""
    user = signed_in(request)
    visits.end(own_visit(user, pk), Visit.Why.LEFT, user)
    return JsonResponse({"going": False, "because": Visit.Why.LEFT})


@api
@require_http_methods(["POST", "DELETE"])
def keyboard(request: HttpRequest, pk: int) -> HttpResponse:
    """POST asks the student to let the instructor type; DELETE withdraws that, or gives the leave back."""
    user = signed_in(request)
    visit = own_visit(user, pk)
    if request.method == "POST":
        visits.ask(visit)
    else:
        visits.stop_typing(visit, user)
    return JsonResponse(visit_json(visit))


@api
@require_http_methods(["GET", "PUT"])
def file(request: HttpRequest, pk: int, path: str) -> HttpResponse:
    """GET as ``labsessions.views.file``; PUT too, while the student lets the instructor type."""
    visit = own_visit(signed_in(request), pk)
    if request.method == "GET":
        return JsonResponse(filetree.read(visit.workspace, path))
    data = body(request)
    saved = visits.save(visit, path, data.get("text"), data.get("base_version"))
    return JsonResponse({"version": saved.version, "saved_at": saved.saved_at.isoformat()})


@api
@require_POST
def current_session(request: HttpRequest, pk: int) -> HttpResponse:
    """POST → the student's session that goes on. A helper starts none: that is the student's to do."""
    found = active_session(own_visit(signed_in(request), pk).workspace)
    if found is None:
        raise ApiError(409, "off", _("The student's sandbox is off. Ask them to start it."))
    return JsonResponse(session_json(found))


def _session(user: User, pk: int, key: str) -> tuple[Visit, LabSession]:
    """A session of the workspace that is visited. Raises Http404."""
    visit = own_visit(user, pk)
    found = visit.workspace.sessions.filter(key=key).first()
    if found is None:
        raise Http404
    found.workspace = visit.workspace
    return visit, found


@api
@require_GET
def session(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """GET → session JSON."""
    return JsonResponse(session_json(_session(signed_in(request), pk, key)[1]))


@api
async def session_events(request: HttpRequest, pk: int, key: str) -> StreamingHttpResponse:
    """``event: session`` with the session JSON at each change, until it or the visit has ended."""
    user = await signed_in_async(request)
    seen = await sync_to_async(lambda: _session_state(user, pk, key))()

    def snapshot(_events: list[dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        nonlocal seen
        try:
            seen = _session_state(user, pk, key)
        except Http404:
            return seen, True
        return seen, seen["state"] in {State.STOPPED, State.FAILED}

    return live(
        user=user.pk,
        stream=f"session:{key}",
        event="session",
        snapshot=snapshot,
        after=request.headers.get("Last-Event-ID", ""),
    )


def _session_state(user: User, pk: int, key: str) -> dict[str, Any]:
    """Its JSON without what changes every second. Raises Http404."""
    state = session_json(_session(user, pk, key)[1])
    state.pop("seconds_left")
    return state


@api
@require_POST
def ticket(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """POST ``{"ui": "jupyter"}`` → ``visits.ticket``, good for seconds: the page asks again as long as it may."""
    visit, found = _session(signed_in(request), pk, key)
    if found.state != State.READY:
        raise ApiError(409, "not_ready", _("The session is not running."))
    if body(request).get("ui") != "jupyter":
        raise ApiError(403, "no_pages", _("The web pages of the lab's tools open for the student only."))
    return JsonResponse(visits.ticket(visit, found, "jupyter"))
