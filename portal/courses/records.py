"""What readers leave behind in a course. It names pages and labs by their slugs, so a sync that writes the rows of a
course anew loses nothing."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # none that are taken for each other when read aloud


def new_code() -> str:
    """Three groups of four: 58 random bits, short enough to type from paper."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


class PageRead(models.Model):
    """``page``: a page's slug, unique in its course."""

    enrollment = models.ForeignKey("courses.Enrollment", models.CASCADE, related_name="reads")
    page = models.CharField(max_length=60)
    read_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["enrollment", "page"], name="page_read_once"),)

    def __str__(self) -> str:
        return f"{self.enrollment} · {self.page}"


class LastPlace(models.Model):
    """Where a reader was last: a page or lab, and the heading (``anchor``, in words too) they left the page at.

    ``language``: the one it was read in, for each has anchors of its own.
    """

    class Kind(models.TextChoices):
        PAGE = "page", _("page")
        LAB = "lab", _("lab")

    enrollment = models.OneToOneField("courses.Enrollment", models.CASCADE, related_name="last_place")
    kind = models.CharField(max_length=4, choices=Kind)
    slug = models.CharField(max_length=60)
    anchor = models.CharField(max_length=200, blank=True)
    heading = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=5)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.slug}"


class Certificate(models.Model):
    """Issued once, and true for ever: it keeps what it says, whatever becomes of the course, the cohort or the account.

    ``titles``: the course's, in each language. ``language``: the one it is written in.
    """

    code = models.CharField(_("code"), max_length=14, unique=True, default=new_code, editable=False)
    enrollment = models.OneToOneField(
        "courses.Enrollment", models.SET_NULL, null=True, editable=False, related_name="certificate"
    )
    name = models.CharField(_("name"), max_length=300, editable=False)
    titles = models.JSONField(editable=False)
    cohort = models.CharField(_("cohort"), max_length=120, editable=False)
    hours = models.FloatField(_("hours"), editable=False)
    language = models.CharField(_("language"), max_length=5, editable=False)
    issued_at = models.DateTimeField(_("issued"), editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    def __str__(self) -> str:
        return self.code

    @property
    def title(self) -> str:
        """The course's, in the language of the certificate."""
        return str(self.titles.get(self.language) or self.titles["es"])
