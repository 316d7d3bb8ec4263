"""The explanations of common errors as the lab page gets them: in the reader's language, named by what they say."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from portal.courses.models import Explanation, in_language, reader


def entries() -> list[dict[str, Any]]:
    """Every explanation: ``id``, ``error``, ``match``, ``cause`` and ``remedy``."""
    specs = Explanation.objects.order_by("slug").values_list("spec", flat=True)
    texts = ("cause", "remedy")
    return [{**spec, **{name: in_language(spec[name]) for name in texts}} for spec in specs]


def version() -> str:
    """Changes whenever :func:`entries` does."""
    return hashlib.sha256(json.dumps([reader(), entries()]).encode()).hexdigest()
