"""Error pages in the reader's language."""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from portal.core.api import error_response, wants_json


def _error(request: HttpRequest, status: int, title: str, message: str) -> HttpResponse:
    """``core/error.html``: status (int), title, message."""
    if wants_json(request):
        return error_response(status, HTTPStatus(status).name.lower(), message)
    return render(request, "core/error.html", {"status": status, "title": title, "message": message}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    return _error(request, 400, _("That request can't be read"), _("Go back and try again."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _error(request, 403, _("You may not see this"), _("Ask your instructor if you think you should."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _error(request, 404, _("There is nothing here"), _("The address is wrong, or it is not yours to see."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Needs nothing that may be what broke: no database, no session, no signed-in reader."""
    database_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = 503 if database_away else 500
    message = _("Your saved work is safe. Try again in a moment.")
    if wants_json(request):
        return error_response(status, "database" if database_away else "internal", message)
    context = {"status": status, "title": _("Something broke on our side"), "message": message}
    return HttpResponse(render_to_string("core/error.html", context), status=status)


def csrf_failure(request: HttpRequest, reason: str = "", **_kwargs: Any) -> HttpResponse:  # noqa: ARG001
    return _error(request, 403, _("This page is out of date"), _("Reload it and try again; your saved work is safe."))
