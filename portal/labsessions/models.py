"""A student's files, their interactive session, and the hosts and environments that sessions run on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.core.ids import new_key
from portal.courses.models import Enrollment, Environment, Lab


class Workspace(models.Model):
    """One student's files in one lab. Starter files nobody edited are not stored here: they stay the lab's."""

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="workspaces")
    lab = models.ForeignKey(Lab, models.PROTECT, related_name="workspaces")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["enrollment", "lab"], name="workspace_once"),)

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.lab}"

    def manifest(self) -> dict[str, str]:
        """SHA-256 of every file by path: the lab's starter with the student's own laid over, without deleted ones."""
        starter = {path: file["sha256"] for path, file in self.lab.starter.items()}
        return starter | dict(self.files.filter(deleted_at=None).values_list("path", "sha256"))

    def deleted(self) -> list[str]:
        """Paths the student deleted: what an older copy of the workspace still holds there must not come back."""
        return list(self.files.exclude(deleted_at=None).values_list("path", flat=True))


class WorkspaceFile(models.Model):
    """The current content of one path; ``version`` counts its saves. A deleted one stays, so that it can come back."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="files")
    path = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    saved_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("path",)
        constraints = (models.UniqueConstraint(fields=["workspace", "path"], name="path_once"),)

    def __str__(self) -> str:
        return self.path


class FileVersion(models.Model):
    """What a file held at one of its saves."""

    file = models.ForeignKey(WorkspaceFile, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["file", "version"], name="version_once"),)

    def __str__(self) -> str:
        return f"{self.file} {self.version}"


class Host(models.Model):
    """A machine that runs sandboxes, as it last reported itself. ``gpus``: the cards it lends, as in LABS_GPUS."""

    name = models.CharField(max_length=63, unique=True)
    driver = models.CharField(max_length=20)
    protections = models.JSONField(default=list)
    sandboxes = models.PositiveIntegerField(default=0)
    slots = models.PositiveIntegerField(default=0)
    gpus = models.CharField(max_length=100, blank=True, default="")
    disk_free = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField()

    SILENT_AFTER = timedelta(seconds=60)

    def __str__(self) -> str:
        return self.name

    def alive(self, now: datetime) -> bool:
        return now - self.seen_at < self.SILENT_AFTER

    def serves(self, environment: Environment) -> bool:
        """Whether it is one of those that are built there."""
        return bool(self.gpus) or not environment.file.gpu

    @property
    def missing(self) -> list[dict[str, Any]]:
        """The protections it can't give."""
        return [protection for protection in self.protections if not protection.get("ok")]


class EnvironmentBuild(models.Model):
    """One environment, at one digest, on one host."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        BUILDING = "building", _("building")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="builds")
    digest = models.CharField(max_length=64)
    host = models.CharField(max_length=63)
    driver = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    progress = models.FloatField(default=0)
    step = models.CharField(max_length=60, blank=True)
    detail = models.TextField(blank=True)
    image = models.CharField(max_length=400, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["environment", "digest", "host", "driver"], name="build_once_a_host"),
        )

    def __str__(self) -> str:
        return f"{self.environment} on {self.host}"


class LabSession(models.Model):
    """One interactive sandbox, from the click to its end. Never reused: a new start makes a new row and key.

    While it waits, ``place`` says how many are served before it (in order of ``turn``) and ``seen_at`` when a page last
    asked for it;
    ``joined_behind`` (the first ``place``), ``admitted_at`` and ``ready_at`` tell later ones how long a wait is.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        STARTING = "starting", _("starting")
        READY = "ready", _("ready")
        STOPPING = "stopping", _("stopping")
        STOPPED = "stopped", _("stopped")
        FAILED = "failed", _("failed")

    ACTIVE = (State.QUEUED, State.STARTING, State.READY, State.STOPPING)
    RUNNING = (State.STARTING, State.READY, State.STOPPING)

    key = models.CharField(max_length=26, unique=True, default=new_key, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="sessions")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    reason = models.CharField(max_length=40, blank=True)
    detail = models.TextField(blank=True)
    host = models.CharField(max_length=63, blank=True)
    sandbox = models.CharField(max_length=40, blank=True)
    gpu = models.BooleanField(default=False, help_text="whether it was sent to the hosts that lend a GPU")
    pool_hit = models.BooleanField(null=True)
    seconds = models.FloatField(null=True)
    created_at = models.DateTimeField()
    place = models.PositiveIntegerField(default=0)
    turn = models.PositiveIntegerField(null=True)
    joined_behind = models.PositiveIntegerField(null=True)
    seen_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    admitted_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    deadline = models.DateTimeField()
    idle_at = models.DateTimeField(null=True, blank=True, help_text="when it ends for want of use, once that is near")
    hibernating = models.BooleanField(default=False)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(state__in=["queued", "starting", "ready", "stopping"]),
                name="one_active_session",
            ),
        )
        indexes = (
            models.Index(fields=["state", "created_at"], name="session_queue"),
            models.Index(fields=["turn"], name="session_turn"),
        )

    def __str__(self) -> str:
        return self.key


class Snapshot(models.Model):
    """A workspace as a sandbox left it, in the store; the newest of a workspace is what its next session begins with.

    Rows outlive what they belong to, so that the sweep finds their content and takes it out of the store.
    ``changed``: saved files that something in the sandbox wrote, by path, ``[SHA-256 as laid, SHA-256 as left]``.
    """

    workspace = models.ForeignKey(Workspace, models.SET_NULL, null=True, related_name="snapshots")
    session = models.ForeignKey(LabSession, models.SET_NULL, null=True, related_name="snapshots")
    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveIntegerField()
    left_out = models.JSONField(default=dict)
    changed = models.JSONField(default=dict)
    taken_at = models.DateTimeField()

    class Meta:
        # By session first: clocks of two hosts may differ, sessions of a workspace follow each other.
        ordering = ("-session_id", "-taken_at")

    def __str__(self) -> str:
        return f"{self.workspace} {self.taken_at:%Y-%m-%d %H:%M}"
