"""JSON from someone who may mean harm: no NaN, no infinities, no duplicate keys, bounded size and depth."""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 64


class BadJSON(ValueError):
    """Not the JSON we accept; the message says why, for a log or a check's message."""


def _constant(name: str) -> Any:
    raise BadJSON(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadJSON("number out of range")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise BadJSON("duplicate key")
    return result


def _check_depth(value: Any, max_depth: int) -> None:
    level = [value]
    for _ in range(max_depth):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise BadJSON("nested too deeply")


def loads(data: bytes | memoryview, max_bytes: int, max_depth: int = MAX_DEPTH) -> Any:
    """The value of one JSON text. Raises BadJSON for anything a careful writer would not have sent."""
    if len(data) > max_bytes:
        raise BadJSON(f"longer than {max_bytes} bytes")
    try:
        value = json.loads(bytes(data), parse_constant=_constant, parse_float=_finite, object_pairs_hook=_unique)
    except BadJSON:
        raise
    except (ValueError, RecursionError) as error:  # ValueError: syntax, not UTF-8, integers of thousands of digits
        raise BadJSON(str(error)[:200]) from None
    _check_depth(value, max_depth)
    return value
