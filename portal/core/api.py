"""JSON endpoints: errors are ``{"error": {"code", "message"}}`` in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, JsonResponse
from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext as _

View = TypeVar("View", bound=Callable[..., Any])


class ApiError(Exception):
    """An answer other than success, which the api_errors middleware turns into JSON. ``extra`` joins the body."""

    def __init__(self, status: int, code: str, message: str | Promise, **extra: Any) -> None:
        super().__init__(str(message))
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra


def error_response(status: int, code: str, message: str | Promise, **extra: Any) -> JsonResponse:
    """One error as the contract spells it."""
    return JsonResponse({"error": {"code": code, "message": str(message)}, **extra}, status=status)


def api(view: View) -> View:
    """Mark a view as JSON: signing in, CSRF and 404 problems are answered as JSON as well."""
    view.is_api = True  # type: ignore[attr-defined]
    return view


def wants_json(request: HttpRequest) -> bool:
    """Whether errors of this request go to a script rather than to a person's page."""
    match = request.resolver_match
    if match is None:
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return False
    return bool(getattr(match.func, "is_api", False))


def body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in the request's body. Raises ApiError."""
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ApiError(400, "bad_json", _("The request is not a JSON object."))
    return value
