"""Raised hands, who looks on at a student's lab, who may type in it, and the record of all of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.labsessions.models import Workspace


class Hand(models.Model):
    """A student's call for help in one lab; raised until ``lowered_at``."""

    class Why(models.TextChoices):
        STUDENT = "student", _("by the student")
        INSTRUCTOR = "instructor", _("by an instructor")
        PASSED = "passed", _("the lab was passed")
        TIMEOUT = "timeout", _("it was up too long")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="hands")
    note = models.CharField(max_length=280, blank=True)
    raised_at = models.DateTimeField()
    lowered_at = models.DateTimeField(null=True)
    lowered_because = models.CharField(max_length=10, choices=Why, blank=True)

    class Meta:
        ordering = ("raised_at", "pk")
        constraints = (
            models.UniqueConstraint(fields=["workspace"], condition=Q(lowered_at=None), name="one_hand_raised"),
        )

    def __str__(self) -> str:
        return f"{self.workspace} {self.raised_at:%H:%M}"


class Visit(models.Model):
    """An instructor looking on at a student's lab, until ``ended_at``. ``seen_at``: when their page last asked."""

    class Why(models.TextChoices):
        LEFT = "left", _("the instructor left")
        STUDENT = "student", _("the student ended it")
        SILENT = "silent", _("the instructor's page was closed")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="visits")
    instructor = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="visits")
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=10, choices=Why, blank=True)

    class Meta:
        ordering = ("began_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "instructor"], condition=Q(ended_at=None), name="one_visit_at_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.instructor} → {self.workspace}"


class Typing(models.Model):
    """An instructor's wish to type in the lab they look at, and what the student said. ``until`` ends wish or leave."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        GRANTED = "granted", _("allowed")
        REFUSED = "refused", _("refused")
        LAPSED = "lapsed", _("not answered")
        ENDED = "ended", _("ended")

    OPEN = (State.ASKED, State.GRANTED)

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="typings")
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["visit"], condition=Q(state__in=["asked", "granted"]), name="one_open_typing_a_visit"
            ),
        )

    def __str__(self) -> str:
        return f"{self.visit} ({self.state})"


class AppendOnly(Exception):
    """A record was to be changed or deleted."""


class EntryQuerySet(models.QuerySet["Entry"]):
    def update(self, **_values: Any) -> int:
        raise AppendOnly

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly


class Entry(models.Model):
    """One thing that happened: who, in whose lab, in which session, when, what. Never changed, never deleted.

    ``actor`` is None for what the portal did by itself. ``detail`` holds the note, the path and version …
    """

    class Act(models.TextChoices):
        RAISED = "raised", _("raised a hand")
        LOWERED = "lowered", _("lowered the hand")
        LOOKED = "looked", _("began to look at the lab")
        LEFT = "left", _("stopped looking")
        ASKED = "asked", _("asked to type")
        ALLOWED = "allowed", _("allowed typing")
        REFUSED = "refused", _("did not allow typing")
        LAPSED = "lapsed", _("the question was not answered")
        REVOKED = "revoked", _("ended the typing")
        SAVED = "saved", _("changed a file")

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="help_entries")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True)
    act = models.CharField(max_length=8, choices=Act)
    session = models.CharField(max_length=26, blank=True)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField()

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.act} {self.workspace}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new one. Raises AppendOnly for one that is stored."""
        if self.pk is not None:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        """Raises AppendOnly."""
        raise AppendOnly
