"""JSON that every database takes."""

from __future__ import annotations

import math
from typing import Any


def plain(value: Any, depth: int = 60) -> Any:
    """The same JSON without what PostgreSQL or SQLite refuse: no NaN, infinity, NUL or half character.

    What workers report holds a student's words and numbers; a report that can't be stored would be graded for ever.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "ignore").decode()
    if isinstance(value, dict):
        return {plain(str(key)): plain(item, depth - 1) for key, item in value.items()} if depth else None
    if isinstance(value, list | tuple):
        return [plain(item, depth - 1) for item in value] if depth else None
    return value
