"""Language of the signed-in reader."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from portal.core.middleware import GetResponse


def saved_language(get_response: GetResponse) -> GetResponse:
    """A signed-in person reads in the language they chose, on every device."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language
        return get_response(request)

    return middleware
