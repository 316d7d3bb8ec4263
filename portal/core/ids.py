"""Unguessable names for what is reached by address."""

from __future__ import annotations

import secrets

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def new_key() -> str:
    """26 characters of ``[a-z2-7]``: 130 random bits, safe in host names and paths."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(26))
