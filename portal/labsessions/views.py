"""JSON endpoints of the lab page: files and the session."""

from __future__ import annotations

import time
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from portal.accounts.access import signed_in, signed_in_async
from portal.core.api import ApiError, api, body
from portal.core.live import live
from portal.courses.services import lab_for
from portal.labsessions import admission, archives, files, filetree, lifecycle, services, snapshots, versions, web
from portal.labsessions.access import own_session, workspace_of
from portal.labsessions.models import LabSession, Workspace
from portal.labsessions.presenting import session_json
from workers import tickets

TICKET_SECONDS = 300
State = LabSession.State


@api
@require_http_methods(["GET", "PUT", "DELETE"])
def file(request: HttpRequest, lab: str, path: str) -> HttpResponse:
    """GET → ``{"path", "text", "version", "starter"}``. DELETE a file or folder → ``{"deleted": [path]}``.

    PUT ``{"text", "base_version"}`` → ``{"version", "saved_at"}``; 409 carries the stored version and text.
    """
    if request.method == "PUT":
        return _save(request, lab, path)
    workspace = _workspace(request, lab)
    if request.method == "DELETE":
        return JsonResponse({"deleted": filetree.delete(workspace, path)})
    return JsonResponse(filetree.read(workspace, path))


def _workspace(request: HttpRequest, lab: str) -> Workspace:
    """The reader's workspace; who only looks gets one that isn't stored."""
    if request.method == "GET":
        return workspace_of(signed_in(request), lab)
    found, enrollment = lab_for(signed_in(request), lab)
    return services.workspace_for(enrollment, found)


def _save(request: HttpRequest, lab: str, path: str) -> HttpResponse:
    if int(request.headers.get("Content-Length") or 0) > 8 * files.MAX_BYTES:
        raise ApiError(413, "too_big", _("A file may have 1 MiB at most. The earlier version is kept."))
    workspace = _workspace(request, lab)
    data = body(request)
    saved = files.save(workspace, path, data.get("text"), data.get("base_version"))
    return JsonResponse({"version": saved.version, "saved_at": saved.saved_at.isoformat()})


@api
@require_http_methods(["GET", "POST"])
def file_list(request: HttpRequest, lab: str) -> HttpResponse:
    """GET → ``filetree.overview``.

    POST ``{"rename": path, "to": path}``, ``{"restore": [path]}`` or ``{"save": [{"path", "text", "base_version"}]}``
    (all or none) → ``{"files"}``.
    """
    workspace = _workspace(request, lab)
    if request.method == "GET":
        return JsonResponse(filetree.overview(workspace))
    data = body(request)
    if "save" in data:
        return JsonResponse({"files": versions.write(workspace, data["save"])})
    if "restore" in data:
        return JsonResponse({"files": filetree.restore(workspace, data["restore"])})
    return JsonResponse({"files": filetree.rename(workspace, str(data.get("rename", "")), data.get("to"))})


@api
@require_GET
def version_list(request: HttpRequest, lab: str) -> HttpResponse:
    """GET → ``{"saves": [{"path", "version", "size", "saved_at"}]}``; with ``?at=`` (a time, or ``starter``) →
    ``{"files": {path: text}}`` as they were then.
    """
    workspace = _workspace(request, lab)
    if "at" in request.GET:
        return JsonResponse({"files": versions.at(workspace, request.GET["at"])})
    return JsonResponse({"saves": versions.saves(workspace)})


@api
@require_GET
def file_versions(request: HttpRequest, lab: str, path: str) -> HttpResponse:
    """GET → ``{"saves": [...]}`` of one file; with ``?version=`` → ``{"text"}``, 0 being the lab's own."""
    workspace = _workspace(request, lab)
    if "version" in request.GET:
        return JsonResponse({"text": versions.text(workspace, path, request.GET["version"])})
    return JsonResponse({"saves": versions.saves(workspace, path)})


@api
@require_safe
def download(request: HttpRequest, lab: str) -> StreamingHttpResponse:
    """A zip of the student's stored files."""
    workspace = _workspace(request, lab)
    return _zip(archives.own_files(workspace), workspace.lab.slug)


@api
@require_safe
def take_home(request: HttpRequest, lab: str) -> StreamingHttpResponse:
    """A zip with all it takes to go on at home."""
    workspace = _workspace(request, lab)
    return _zip(archives.take_home(workspace), _("%(lab)s-at-home") % {"lab": workspace.lab.slug})


def _zip(entries: archives.Entries, name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(archives.stream(entries, name), content_type="application/zip", headers=headers)


@api
@require_POST
def start_session(request: HttpRequest, lab: str) -> HttpResponse:
    """POST → 201 with a new session, 200 with the one that runs already.

    ``{"without_snapshot": true}`` gives up what programs wrote in earlier ones.
    """
    found, enrollment = lab_for(signed_in(request), lab)
    if request.content_type == "application/json" and body(request).get("without_snapshot") is True:
        snapshots.set_aside(services.workspace_for(enrollment, found))
    session, created = services.start(services.workspace_for(enrollment, found))
    admission.seen(session)
    return JsonResponse(session_json(session), status=201 if created else 200)


@api
@require_GET
def session(request: HttpRequest, key: str) -> HttpResponse:
    """GET → session JSON."""
    found = own_session(signed_in(request), key)
    admission.seen(found)
    return JsonResponse(session_json(found))


@api
@require_POST
def stop_session(request: HttpRequest, key: str) -> HttpResponse:
    """POST → session JSON, stopping or stopped."""
    services.stop(own_session(signed_in(request), key))
    return JsonResponse(session_json(own_session(signed_in(request), key)))


@api
@require_POST
def extend_session(request: HttpRequest, key: str) -> HttpResponse:
    """POST ``{"deadline"}``, the end that the page shows → session JSON with a later one. Twice gives time once."""
    lifecycle.extend(own_session(signed_in(request), key), body(request).get("deadline"))
    return JsonResponse(session_json(own_session(signed_in(request), key)))


@api
@require_POST
def ticket(request: HttpRequest, key: str) -> HttpResponse:
    """POST ``{"ui": "jupyter" | "port-<n>"}`` → ``{"ticket", "expires_at"}`` for the gateway of a running session."""
    found = own_session(signed_in(request), key)
    if found.state != State.READY:
        raise ApiError(409, "not_ready", _("The session is not running."))
    ui = str(body(request).get("ui", ""))
    if not web.may_be_opened(ui):
        raise ApiError(422, "no_such_page", _("There is no such page: a port goes from 1024 to 65535."))
    expires = time.time() + TICKET_SECONDS
    signed = tickets.issue(found.key, str(request.user.pk), ui, TICKET_SECONDS)
    return JsonResponse({"ticket": signed, "expires_at": expires})


@api
async def session_events(request: HttpRequest, key: str) -> StreamingHttpResponse:
    """``event: session`` with the session JSON at each change, until it has ended."""
    user = await signed_in_async(request)
    await sync_to_async(own_session)(user, key)

    def snapshot(_events: list[dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        found = own_session(user, key)
        admission.seen(found)
        state = session_json(found)
        # The page counts down by itself; a changing second would be news with every poll.
        state.pop("seconds_left")
        return state, found.state in {State.STOPPED, State.FAILED}

    return live(
        user=user.pk,
        stream=f"session:{key}",
        event="session",
        snapshot=snapshot,
        after=request.headers.get("Last-Event-ID", ""),
    )
