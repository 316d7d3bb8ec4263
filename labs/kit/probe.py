"""What an author's own code told of S. It ran beside the student's, so the shape comes first: it is data from there."""

from __future__ import annotations

from typing import Any

from .failed import Failed


def unseen(got: object) -> Failed:
    """The probe told something that it never tells by itself."""
    return Failed(
        es="La prueba no pudo observar tu código: algo en él la cambió.",
        en="The probe couldn't watch your code: something in it changed the probe.",
        got=f"{got}"[:200],
    )


def shaped(value: Any, like: Any) -> Any:
    """``value``, once it is shaped so: ``{"a": [int]}`` stands for a dict with that key and a list of whole numbers
    in it, ``(int, float)`` for either, None for anything. Raises ``unseen``.
    """
    if not _fits(value, like):
        raise unseen(value)
    return value


def _fits(value: Any, like: Any) -> bool:
    if isinstance(like, dict):
        return isinstance(value, dict) and all(key in value and _fits(value[key], like[key]) for key in like)
    if isinstance(like, list):
        return isinstance(value, list) and all(_fits(item, like[0]) for item in value)
    kinds = like if isinstance(like, tuple) else (like,)
    return like is None or type(value) in kinds  # a bool is no whole number
