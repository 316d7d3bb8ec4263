"""Deleting, bringing back and renaming what the portal keeps of a workspace. Folders are only prefixes of paths.

A deleted file stays as a tombstone, so that it comes back with all its versions. The lab's own files are what is
graded: they can be neither deleted nor renamed.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from portal.core import blobs, clock
from portal.core.api import ApiError
from portal.labsessions import files
from portal.labsessions.models import FileVersion, Workspace, WorkspaceFile

MAX_SHOWN_DELETED = 50


def overview(workspace: Workspace) -> dict[str, Any]:
    """``files``: path, version, size, saved_at (None: as the lab gives it) and fixed; ``deleted``: path, deleted_at."""
    rows = {row.path: row for row in workspace.files.all()} if workspace.pk else {}
    fixed = {path: _fixed_entry(workspace, path, rows.get(path)) for path in workspace.lab.file.files}
    own = [_entry(row) for row in rows.values() if row.path not in fixed and row.deleted_at is None]
    gone = sorted((row for row in rows.values() if row.deleted_at), key=lambda row: str(row.deleted_at), reverse=True)
    deleted = [
        {"path": row.path, "deleted_at": row.deleted_at.isoformat() if row.deleted_at else None}
        for row in gone[:MAX_SHOWN_DELETED]
    ]
    return {"files": [*fixed.values(), *own], "deleted": deleted}


def _entry(row: WorkspaceFile) -> dict[str, Any]:
    saved = row.saved_at.isoformat()
    return {"path": row.path, "version": row.version, "size": row.size, "saved_at": saved, "fixed": False}


def _fixed_entry(workspace: Workspace, path: str, row: WorkspaceFile | None) -> dict[str, Any]:
    if row:
        return _entry(row) | {"fixed": True}
    size = len(str((workspace.lab.starter.get(path) or {}).get("text") or "").encode())
    return {"path": path, "version": 0, "size": size, "saved_at": None, "fixed": True}


def read(workspace: Workspace, path: str) -> dict[str, Any]:
    """One file as the editor opens it: path, text, version, starter. Raises ApiError ``missing``."""
    starter = (workspace.lab.starter.get(path) or {}).get("text")
    row = workspace.files.filter(path=path, deleted_at=None).first() if workspace.pk else None
    if row is None and path not in workspace.lab.file.files:
        raise ApiError(404, "missing", _("There is no file of that name."))
    text = blobs.get(row.sha256).decode() if row else starter or ""
    return {"path": path, "text": text, "version": row.version if row else 0, "starter": starter}


def delete(workspace: Workspace, path: str) -> list[str]:
    """Delete a file or all of a folder; the paths. Raises ApiError ``fixed`` and ``missing``."""
    with transaction.atomic():
        found = _under(workspace, path)
        _refuse_fixed(workspace, path)
        paths = list(found.values_list("path", flat=True))
        if not paths:
            raise ApiError(404, "missing", _("There is no file of that name."))
        found.update(deleted_at=clock.now())
    return paths


def restore(workspace: Workspace, paths: Any) -> list[dict[str, Any]]:
    """Bring deleted files back, all or none; what is there stays. Raises ApiError ``missing`` and ``bad_name``."""
    if not isinstance(paths, list) or not 0 < len(paths) <= files.MAX_FILES:
        raise ApiError(422, "bad_name", _("The request doesn't say which files."))
    with transaction.atomic():
        rows = workspace.files.filter(path__in=[str(path) for path in paths])
        if len(rows) < len(set(map(str, paths))):
            raise ApiError(404, "missing", _("There is no file of that name."))
        for row in rows:
            files.check_room(files.living(workspace), row.path)
            workspace.files.filter(pk=row.pk).update(deleted_at=None)
    return [_entry(row) for row in rows]


def rename(workspace: Workspace, path: str, to: Any) -> list[dict[str, Any]]:
    """Give a file or folder another name, all or nothing; ``[{"from", "path", "version", …}]``.

    The earlier versions stay with the old name, which becomes a deleted file. Raises ApiError ``fixed``, ``missing``,
    ``bad_name`` and ``exists``.
    """
    if not isinstance(to, str) or to == path or to.startswith(f"{path}/"):
        raise ApiError(422, "bad_name", _("Choose another name."))
    with transaction.atomic():
        rows = list(_under(workspace, path))
        _refuse_fixed(workspace, path)
        if not rows:
            raise ApiError(404, "missing", _("There is no file of that name."))
        _under(workspace, path).update(deleted_at=clock.now())
        return [_moved(workspace, row, to + row.path.removeprefix(path)) for row in rows]


def _moved(workspace: Workspace, row: WorkspaceFile, to: str) -> dict[str, Any]:
    files.check_path(workspace, to)
    if to in files.living(workspace):
        raise ApiError(409, "exists", _("There is a file of that name already."))
    values = {"sha256": row.sha256, "size": row.size, "saved_at": row.saved_at}
    made = files.create(workspace, to, values)
    if made is None:
        raise ApiError(409, "exists", _("There is a file of that name already."))
    FileVersion.objects.create(file=made, version=made.version, **values)
    return _entry(made) | {"from": row.path}


def _under(workspace: Workspace, path: str) -> QuerySet[WorkspaceFile]:
    here = Q(path=path) | Q(path__startswith=f"{path}/")
    return WorkspaceFile.objects.filter(here, workspace=workspace, deleted_at=None)


def _refuse_fixed(workspace: Workspace, path: str) -> None:
    fixed = {*workspace.lab.file.files, *workspace.lab.starter}
    if any(name == path or name.startswith(f"{path}/") for name in fixed):
        raise ApiError(409, "fixed", _("This file belongs to the lab and is graded: it keeps its name and can't go."))
