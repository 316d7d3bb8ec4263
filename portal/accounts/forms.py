"""Forms about accounts."""

from __future__ import annotations

from django.contrib.auth.forms import BaseUserCreationForm
from django.utils.translation import get_language

from portal.accounts.models import User


class SignUpForm(BaseUserCreationForm):
    """A new account for somebody who holds an invitation."""

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email")

    def save(self, commit: bool = True) -> User:
        """The account reads in the language its owner signed up in."""
        self.instance.language = (get_language() or "es")[:2]
        user: User = super().save(commit)
        return user
