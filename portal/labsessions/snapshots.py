"""Workspaces as their sandboxes left them: recorded, handed to the next session, and taken away once outdated."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, OuterRef, Q, Subquery

from portal.core import blobs
from portal.core.api import ApiError
from portal.labsessions import files
from portal.labsessions.models import LabSession, Snapshot, Workspace
from workers.storage import StorageError

logger = logging.getLogger(__name__)

SWEPT_AT_ONCE = 200


def record(key: str, told: dict[str, Any] | None) -> None:
    """Record what a worker stored of a session's workspace. A report may come twice, and late."""
    session = LabSession.objects.filter(key=key).first() if told else None
    if told is None or session is None:
        return
    left_out, changed = told.get("left_out") or {}, told.get("changed") or {}
    values = {
        "workspace_id": session.workspace_id,
        "session": session,
        "size": int(told["size"]),
        "left_out": left_out if isinstance(left_out, dict) else {},
        "changed": changed if isinstance(changed, dict) else {},
        "taken_at": datetime.fromtimestamp(float(told["taken_at"]), UTC),
    }
    Snapshot.objects.get_or_create(sha256=str(told["sha256"])[:64], defaults=values)


def take_in(key: str) -> None:
    """Save what a shell or a program wrote into saved files of a session that is over, or the next begins with older.

    While it ran, its open page did so itself. A file saved here since it was laid there is left as it was saved.
    """
    snapshot = Snapshot.objects.filter(session__key=key).exclude(workspace=None).first()
    if snapshot is None or not snapshot.changed or snapshot.workspace is None:
        return
    if snapshot.workspace.sessions.filter(state__in=LabSession.ACTIVE).exists():
        return  # a later session has begun with what was known then; its page saves what is written there
    for path, digests in snapshot.changed.items():
        try:
            laid, left = digests
            _take_in(snapshot.workspace, path, str(laid), str(left))
        except (ApiError, StorageError, UnicodeDecodeError, TypeError, ValueError) as error:
            logger.info("%s of session %s stays in its snapshot: %s", path, key, error)
    Snapshot.objects.filter(pk=snapshot.pk).update(changed={})


def _take_in(workspace: Workspace, path: str, laid: str, left: str) -> None:
    """Raises ApiError for what is no text file of ours."""
    saved = workspace.files.filter(path=path).first()
    starter = workspace.lab.starter.get(path) or {}
    known = saved.sha256 if saved else starter.get("sha256")
    if known == laid and not (saved and saved.deleted_at):
        files.save(workspace, path, blobs.get(left).decode(), saved.version if saved else 0)


def current(workspace: Workspace) -> Snapshot | None:
    """What the workspace's next session begins with, below the saved files."""
    return workspace.snapshots.first() if workspace.pk else None


def set_aside(workspace: Workspace) -> None:
    """Have the next session begin with the saved files alone; the sweep then takes the snapshots away."""
    workspace.snapshots.update(workspace=None)


def shown(workspace: Workspace) -> dict[str, Any] | None:
    """For the page: when it was taken, its size (bytes), and what was too large to be in it."""
    found = current(workspace)
    if found is None:
        return None
    return {"taken_at": found.taken_at.isoformat(), "size": found.size, "left_out": found.left_out}


def sweep() -> None:
    """Take those that no session begins with any more out of the store."""
    newest = Snapshot.objects.filter(workspace=OuterRef("workspace")).values("pk")[:1]
    outdated = Snapshot.objects.annotate(newest=Subquery(newest)).filter(~Q(pk=F("newest")) | Q(workspace=None))
    for snapshot in outdated[:SWEPT_AT_ONCE]:
        try:
            blobs.delete(snapshot.sha256)
        except StorageError as error:
            logger.warning("snapshot %s stays for now: %s", snapshot.sha256, error)
            continue
        snapshot.delete()
