"""Jupyter's message format, the little of it we speak, read as data from a stranger.

Messages are not signed: the sockets lie in a directory that only the sandbox's own user reaches, and inside it the
student's code could read any key. What comes back is capped and parsed strictly instead (see ``strict``).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from . import strict

DELIMITER = b"<IDS|MSG>"
MAX_JSON = 8 << 20
_SESSION = uuid.uuid4().hex


class BadMessage(ValueError):
    """Bytes on a kernel socket that are not a message we accept."""


@dataclass(frozen=True)
class Message:
    """One message. ``parent`` is the id of the request it belongs to."""

    type: str
    parent: str
    content: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)
    buffers: Sequence[bytes] = ()


def request(
    kind: str, content: dict[str, Any], buffers: Sequence[bytes] = (), metadata: dict[str, Any] | None = None
) -> tuple[str, list[bytes]]:
    """The id and the frames of a request to a kernel."""
    ident = uuid.uuid4().hex
    header = {
        "msg_id": ident,
        "msg_type": kind,
        "username": "lab",
        "session": _SESSION,
        "date": datetime.now(UTC).isoformat(),
        "version": "5.3",
    }
    parts = [json.dumps(part).encode() for part in (header, {}, metadata or {}, content)]
    return ident, [DELIMITER, b"", *parts, *buffers]


def execute(code: str, buffers: Sequence[bytes] = ()) -> tuple[str, list[bytes]]:
    """A request to run code that leaves no trace in the history; ``input()`` fails at once instead of waiting."""
    content = {"code": code, "silent": True, "store_history": False, "allow_stdin": False, "stop_on_error": False}
    return request("execute_request", content, buffers)


def execute_cell(source: str, path: str, ident: str, *, answer: bool = False) -> tuple[str, list[bytes]]:
    """A request to run a notebook's cell as Jupyter does; see ``cells``. ``answer``: say how it went to a grader."""
    content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": False}
    return request("execute_request", content, metadata={"lab_cell": {"path": path, "id": ident, "answer": answer}})


def parse(frames: Sequence[bytes]) -> Message:
    """What a kernel sent. Raises BadMessage."""
    try:
        start = list(frames[:8]).index(DELIMITER)
    except ValueError:
        raise BadMessage("no delimiter") from None
    body = frames[start + 2 :]
    if len(body) < 4 or len(body) > 4 + 1024:
        raise BadMessage("wrong number of parts")
    try:
        header, parent, metadata, content = (strict.loads(part, MAX_JSON) for part in body[:4])
    except strict.BadJSON as error:
        raise BadMessage(str(error)) from None
    if not all(isinstance(part, dict) for part in (header, parent, metadata, content)):
        raise BadMessage("a part is not an object")
    kind, ident = header.get("msg_type"), parent.get("msg_id", "")
    if not isinstance(kind, str) or not isinstance(ident, str):
        raise BadMessage("msg_type or msg_id is not a string")
    return Message(kind, ident, content, metadata, body[4:])
