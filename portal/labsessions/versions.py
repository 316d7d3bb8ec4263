"""What a student's files held at earlier saves. Going back is a save of its own, so it can be undone like any other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from portal.core import blobs
from portal.core.api import ApiError
from portal.labsessions import files
from portal.labsessions.models import FileVersion, Workspace

MAX_SHOWN = 300


def saves(workspace: Workspace, path: str | None = None) -> list[dict[str, Any]]:
    """Saves of one file or of all, the newest first: path, version, size (bytes), saved_at. At most MAX_SHOWN.

    Raises ApiError ``missing`` for a path that was never a file here.
    """
    found = _versions(workspace).order_by("-saved_at", "-pk")
    if path is not None:
        found = found.filter(file__path=path)
        if path not in _own(workspace) and not found.exists():
            raise _missing()
    return [
        {"path": row.file.path, "version": row.version, "size": row.size, "saved_at": row.saved_at.isoformat()}
        for row in found[:MAX_SHOWN]
    ]


def text(workspace: Workspace, path: str, version: str) -> str:
    """A file as one of its saves left it; version 0 is the lab's own. Raises ApiError ``missing``."""
    starter = workspace.lab.starter.get(path) or {}
    if version == "0" and starter.get("text") is not None:
        return str(starter["text"])
    found = None
    if version.isdecimal() and len(version) < 10:
        found = _versions(workspace).filter(file__path=path, version=int(version)).first()
    if found is None:
        raise _missing()
    return blobs.get(found.sha256).decode()


def at(workspace: Workspace, moment: str) -> dict[str, str]:
    """Every file's text as it was then: the lab's own as given where nothing was saved yet.

    ``starter`` in place of a time gives the lab's own files as the lab gives them. Raises ApiError ``bad_time``.
    """
    texts = {path: str(given["text"]) for path, given in workspace.lab.starter.items() if given.get("text") is not None}
    if moment == "starter":
        return texts
    then = _parsed(moment)
    alive = Q(file__deleted_at=None) | Q(file__deleted_at__gt=then)
    newest: dict[str, FileVersion] = {}
    for row in _versions(workspace).filter(alive, saved_at__lte=then).order_by("version"):
        newest[row.file.path] = row
    return texts | {path: blobs.get(row.sha256).decode() for path, row in newest.items()}


def _parsed(moment: str) -> datetime:
    try:
        then = parse_datetime(moment)
    except ValueError:
        then = None
    if then is None or then.tzinfo is None:
        raise ApiError(422, "bad_time", _("This is no time that files could be taken back to."))
    return then


def write(workspace: Workspace, entries: Any) -> list[dict[str, Any]]:
    """Save several files, all or none: ``[{"path", "text", "base_version"}]`` → ``[{"path", "version", "saved_at"}]``.

    Raises ApiError as ``files.save`` does, with the path that it was for.
    """
    if not isinstance(entries, list) or not 0 < len(entries) <= files.MAX_FILES:
        raise ApiError(422, "bad_name", _("The request doesn't say which files."))
    with transaction.atomic():
        return [_write(workspace, entry if isinstance(entry, dict) else {}) for entry in entries]


def _write(workspace: Workspace, entry: dict[str, Any]) -> dict[str, Any]:
    path = str(entry.get("path", ""))
    try:
        saved = files.save(workspace, path, entry.get("text"), entry.get("base_version"))
    except ApiError as error:
        error.extra["path"] = path
        raise
    return {"path": path, "version": saved.version, "saved_at": saved.saved_at.isoformat()}


def _versions(workspace: Workspace) -> Any:
    rows = FileVersion.objects.select_related("file")
    return rows.filter(file__workspace=workspace) if workspace.pk else rows.none()


def _own(workspace: Workspace) -> set[str]:
    return {*workspace.lab.file.files, *workspace.lab.starter}


def _missing() -> ApiError:
    return ApiError(404, "missing", _("There is no such version."))
