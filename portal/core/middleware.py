"""Middleware that every request passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from portal.core.api import ApiError, error_response, wants_json

GetResponse = Callable[[HttpRequest], HttpResponse]


def permissions_policy(get_response: GetResponse) -> GetResponse:
    """Say that no page of the portal uses the browser's sensors."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
        return response

    return middleware


class _ApiErrors:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer scripts in JSON; leave pages to Django's own handlers."""
        if isinstance(error, ApiError):
            return error_response(error.status, error.code, error.message, **error.extra)
        if not wants_json(request):
            return None
        if isinstance(error, Http404):
            return error_response(404, "not_found", _("There is nothing here, or it is not yours."))
        if isinstance(error, PermissionDenied):
            return error_response(403, "forbidden", _("You may not do this."))
        if isinstance(error, RequestDataTooBig):
            return error_response(413, "too_big", _("That is too much at once."))
        if isinstance(error, OperationalError):
            return error_response(503, "database", _("The portal cannot store this right now. Try again in a moment."))
        return None


def api_errors(get_response: GetResponse) -> Callable[[HttpRequest], HttpResponse]:
    """Turn exceptions of JSON views into JSON answers."""
    return _ApiErrors(get_response)


class SignInRequired(LoginRequiredMiddleware):
    """Every view needs a signed-in reader unless it says otherwise; scripts get 401 instead of the sign-in page."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        if wants_json(request):
            return error_response(401, "sign_in", _("Your session ended. Sign in again; your work is kept."))
        return super().handle_no_permission(request, view_func)
