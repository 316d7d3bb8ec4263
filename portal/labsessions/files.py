"""Saving a student's files: checked, stored, then acknowledged. An earlier version is always kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from portal.core import blobs, clock
from portal.core.api import ApiError
from portal.labsessions.models import FileVersion, Workspace, WorkspaceFile

MAX_BYTES = 1024 * 1024
MAX_FILES = 200
_PATH = re.compile(r"(?!.*//)[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,4}")
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True)
class Saved:
    """The acknowledgement of a save."""

    version: int
    saved_at: datetime


def check_path(workspace: Workspace, path: str) -> None:
    """Raises ApiError unless the student may write this path."""
    if path not in workspace.lab.starter and (len(path) > 120 or not _PATH.fullmatch(path)):
        raise ApiError(
            422, "bad_name", _("Use letters without accents, digits, - _ and . in a file name, and at most 5 folders.")
        )


def check_text(text: Any, *, may_be_empty: bool = False) -> bytes:
    """The bytes to store. Raises ApiError with the reason when this is no text file of ours."""
    if not isinstance(text, str):
        raise ApiError(422, "no_text", _("There is no text to save."))
    try:
        content = text.encode()
    except UnicodeEncodeError:
        raise ApiError(415, "not_utf8", _("This is not UTF-8 text. The earlier version is kept.")) from None
    if len(content) > MAX_BYTES:
        raise ApiError(413, "too_big", _("A file may have 1 MiB at most. The earlier version is kept."))
    if _BINARY.search(text):
        raise ApiError(415, "binary", _("This looks like a binary file. Only text can be saved here."))
    if not text.strip() and not may_be_empty:
        raise ApiError(422, "empty", _("An empty file is not saved. The earlier version is kept."))
    return content


def save(workspace: Workspace, path: str, text: Any, base_version: Any) -> Saved:
    """Store one file. Raises ApiError; ``conflict`` carries the version and text that are there."""
    check_path(workspace, path)
    # An emptied file of the lab is a slip: nothing of it could be graded. An empty one of the student's may be meant.
    graded = path in workspace.lab.starter or path in workspace.lab.file.files
    content = check_text(text, may_be_empty=not graded)
    if not isinstance(base_version, int) or isinstance(base_version, bool) or base_version < 0:
        raise ApiError(422, "no_version", _("The save doesn't say which version it started from."))
    sha256 = blobs.put(content)
    now = clock.now()
    values = {"sha256": sha256, "size": len(content), "saved_at": now}
    with transaction.atomic():
        if base_version == 0:
            file = create(workspace, path, values)
        else:
            # The condition on the version is the lock: of two saves from the same base one wins. Typing on in a
            # window where the file is still open brings it back: what is typed counts more than a deletion elsewhere.
            same = WorkspaceFile.objects.filter(workspace=workspace, path=path, version=base_version)
            check_room(living(workspace), path)
            updated = same.update(version=base_version + 1, deleted_at=None, **values)
            file = workspace.files.get(path=path) if updated else None
        if file is not None:
            FileVersion.objects.create(file=file, version=file.version, **values)
    if file is None:
        return _same_or_conflict(workspace, path, sha256)
    return Saved(file.version, now)


def create(workspace: Workspace, path: str, values: dict[str, Any]) -> WorkspaceFile | None:
    """A file where none is; None when there is one. A deleted one of that name goes on counting its versions.

    ``values``: sha256, size and saved_at. Raises ApiError ``too_many`` and ``bad_name``. Within a transaction.
    """
    check_room(living(workspace), path)
    deleted = workspace.files.filter(path=path).exclude(deleted_at=None)
    if deleted.update(version=F("version") + 1, deleted_at=None, **values):
        return workspace.files.get(path=path)
    try:
        with transaction.atomic():
            return WorkspaceFile.objects.create(workspace=workspace, path=path, **values)
    except IntegrityError:
        return None


def living(workspace: Workspace) -> set[str]:
    """The paths of the workspace's files: the lab's own and the student's, without deleted ones."""
    return set(workspace.files.filter(deleted_at=None).values_list("path", flat=True)) | set(workspace.lab.starter)


def check_room(names: set[str], path: str) -> None:
    """Raises ApiError when ``path`` doesn't fit beside the files there are."""
    if path in names:
        return
    if len(names) >= MAX_FILES:
        raise ApiError(422, "too_many", _("A lab may have 200 files at most."))
    if any(name.startswith(f"{path}/") or path.startswith(f"{name}/") for name in names):
        raise ApiError(422, "bad_name", _("A file and a folder can't have the same name."))


def _same_or_conflict(workspace: Workspace, path: str, sha256: str) -> Saved:
    """A repeated save of what is stored already (its answer got lost) succeeds; anything else is a conflict."""
    current = workspace.files.filter(path=path, deleted_at=None).first()
    if current and current.sha256 == sha256:
        return Saved(current.version, current.saved_at)
    version = current.version if current else 0
    stored = blobs.get(current.sha256).decode() if current else (workspace.lab.starter.get(path) or {}).get("text")
    raise ApiError(
        409,
        "conflict",
        _("This file was changed in another window. Nothing was overwritten."),
        version=version,
        text=stored or "",
    )


def listing(workspace: Workspace) -> list[dict[str, Any]]:
    """The lab's files as the editor opens them, in the lab's order; the student's own are opened from the file tree."""
    lab = workspace.lab
    rows = workspace.files.filter(deleted_at=None, path__in=lab.file.files) if workspace.pk else ()
    saved = {file.path: file for file in rows}
    result = []
    for path in lab.file.files:
        starter = (lab.starter.get(path) or {}).get("text")
        if path in saved:
            text, version = blobs.get(saved[path].sha256).decode(), saved[path].version
        else:
            text, version = starter or "", 0
        result.append({"path": path, "text": text, "version": version, "starter": starter})
    return result
