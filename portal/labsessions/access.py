"""Whose session is it? Everything reached by key goes through here."""

from __future__ import annotations

from django.http import Http404

from portal.accounts.models import User
from portal.labsessions.models import LabSession


def own_session(user: User, key: str) -> LabSession:
    """The reader's own session. A foreign key and an unknown one look alike: Http404."""
    found = (
        LabSession.objects.select_related("workspace__lab__environment", "workspace__enrollment")
        .filter(key=key, workspace__enrollment__user=user)
        .first()
    )
    if found is None:
        raise Http404
    return found
