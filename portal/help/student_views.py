"""What a student does about help in their own lab: hand, answers to helpers, and the record of it all."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import signed_in, signed_in_async
from portal.accounts.models import User
from portal.core.api import api, body
from portal.core.live import live
from portal.courses.services import lab_for
from portal.help import hands, record, visits
from portal.help.models import Entry, Hand, Visit
from portal.help.presenting import student_json
from portal.labsessions.models import Workspace
from portal.labsessions.services import workspace_for

RECORD_ROWS = 200


@api
@require_http_methods(["GET", "POST", "DELETE"])
def own(request: HttpRequest, lab: str) -> HttpResponse:
    """GET → ``student_json``. POST ``{"note"}`` raises the hand, DELETE lowers it; both answer the same."""
    user = signed_in(request)
    found, enrollment = lab_for(user, lab)
    if request.method == "POST":
        hands.raise_hand(workspace_for(enrollment, found), body(request).get("note", ""))
    workspace = _stored(user, lab)
    if request.method == "DELETE" and workspace and (hand := hands.raised(workspace)):
        hands.lower(hand, Hand.Why.STUDENT, user)
    return JsonResponse(student_json(workspace))


def _stored(user: User, lab: str) -> Workspace | None:
    found, enrollment = lab_for(user, lab)
    stored = Workspace.objects.filter(enrollment=enrollment, lab=found)
    return stored.select_related("enrollment__user", "lab").first()


@api
async def own_events(request: HttpRequest, lab: str) -> StreamingHttpResponse:
    """``event: help`` with ``student_json`` at each change, as long as the page is open."""
    user = await signed_in_async(request)
    found, enrollment = await sync_to_async(lab_for)(user, lab)

    def snapshot(_events: list[dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        return student_json(_stored(user, lab)), False

    return live(
        user=user.pk,
        stream=record.lab_stream(Workspace(enrollment=enrollment, lab=found)),
        event="help",
        snapshot=snapshot,
        after=request.headers.get("Last-Event-ID", ""),
    )


@api
@require_POST
def answer(request: HttpRequest, lab: str) -> HttpResponse:
    """POST ``{"request": id, "yes": bool}``: may the instructor who asks type here? → ``student_json``."""
    workspace = _own_workspace(signed_in(request), lab)
    data = body(request)
    visits.answer(workspace, data.get("request"), data.get("yes"))
    return JsonResponse(student_json(workspace))


@api
@require_http_methods(["DELETE"])
def end_visit(request: HttpRequest, lab: str, pk: int) -> HttpResponse:
    """DELETE: this instructor looks no longer → ``student_json``."""
    visit = _own_visit(signed_in(request), lab, pk)
    visits.end(visit, Visit.Why.STUDENT, signed_in(request))
    return JsonResponse(student_json(visit.workspace))


@api
@require_http_methods(["DELETE"])
def revoke(request: HttpRequest, lab: str, pk: int) -> HttpResponse:
    """DELETE: this instructor types no longer → ``student_json``."""
    visit = _own_visit(signed_in(request), lab, pk)
    visits.stop_typing(visit, signed_in(request))
    return JsonResponse(student_json(visit.workspace))


def _own_workspace(user: User, lab: str) -> Workspace:
    found = _stored(user, lab)
    if found is None:
        raise Http404
    return found


def _own_visit(user: User, lab: str, pk: int) -> Visit:
    """A visit to the student's own lab. Raises Http404."""
    workspace = _own_workspace(user, lab)
    visit = Visit.objects.filter(pk=pk, workspace=workspace).select_related("instructor").first()
    if visit is None:
        raise Http404
    visit.workspace = workspace
    return visit


@require_safe
def own_record(request: HttpRequest) -> HttpResponse:
    """``help/record.html``: entries of the reader's own labs, newest first."""
    entries = Entry.objects.filter(workspace__enrollment__user=signed_in(request))
    entries = entries.select_related("actor", "workspace__lab")
    return render(request, "help/record.html", {"entries": entries[:RECORD_ROWS]})
