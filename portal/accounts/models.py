"""Who signs in."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person. What they may do in a course is their Enrollment's role, not a flag here."""

    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="es")

    def __str__(self) -> str:
        return self.get_full_name() or self.username
