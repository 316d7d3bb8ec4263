"""Addresses of static files that change when the file does, so that browsers may keep what they have."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


class VersionedStorage(StaticFilesStorage):
    """Adds ``?v=<digest>`` to styles and scripts. Fonts and pictures are named by styles too, which can't add it."""

    def url(self, name: str | None) -> str:
        address = super().url(name)
        found = finders.find(name) if name and name.endswith((".css", ".js")) else None
        if not isinstance(found, str):
            return address
        path = Path(found)
        return f"{address}?v={_digest(path, path.stat().st_mtime_ns)}"


@lru_cache(maxsize=200)
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
