"""The signed-in reader of a request."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from portal.accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Who is signed in. The SignInRequired middleware sends all others away before a view is reached."""
    user = request.user
    if not user.is_authenticated:
        raise PermissionDenied
    return user


async def signed_in_async(request: HttpRequest) -> User:
    """The same for asynchronous views."""
    user = await request.auser()
    if not user.is_authenticated:
        raise PermissionDenied
    return user
