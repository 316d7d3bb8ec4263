"""What is kept of a workspace from one sandbox to the next: a compressed tar in the store, by its SHA-256.

Each has its session and time in its gzip header, so no two are the same stored file and one can be deleted without
asking who else might have it. What a sandbox answers is the student's: capped here, checked where it is laid again.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from workers.host import Host
from workers.sandboxes.base import Handle
from workers.workspace import MAX_SNAPSHOT_BYTES, Connection

SECONDS = 60.0
CHUNK = 1 << 20
NAMES = 10
MAX_CHANGED = 200
MAX_ANSWER = 256 << 10
MAX_CHANGED_BYTES = 8 << 20
"""Of all changed files: what is stored of them may stay for good, as versions do."""
MAX_FILE_BYTES = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Snapshot:
    """One that is stored. ``left_out``: ``count``, ``bytes``, ``names`` (some) of files too large, ``more``: uncounted.

    ``content`` is the tar's own digest: the same when nothing has changed. ``changed``: of the files that the portal
    laid there and something in the sandbox wrote since, by path, ``[SHA-256 as laid, SHA-256 as stored now]``.
    """

    sha256: str
    size: int
    content: str
    taken_at: float
    left_out: dict[str, Any] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)


def take(host: Host, session: str, handle: Handle, known: str = "") -> Snapshot | None:
    """Store the workspace as it is now; None when its content is the ``known`` one. Raises OSError or StorageError."""
    taken_at = time.time()
    packed, content = io.BytesIO(), hashlib.sha256()
    connection = Connection(handle)
    try:
        connection.request("GET", "/lab/snapshot")
        response = connection.getresponse()
        if response.status != http.client.OK:
            raise ConnectionError(f"no snapshot: {response.status}")
        with gzip.GzipFile(f"{session}.{taken_at}", "wb", 1, packed) as file:
            for chunk in _chunks(response):
                content.update(chunk)
                file.write(chunk)
        if content.hexdigest() == known:
            return None
        left_out = _left_out(response.getheader("X-Lab-Left-Out") or "{}")
        changed = _changed(host, connection)
    except http.client.HTTPException as error:
        raise ConnectionError(f"no whole snapshot: {error!r}") from error
    finally:
        connection.close()
    stored = packed.getvalue()
    return Snapshot(host.storage.put(stored), len(stored), content.hexdigest(), taken_at, left_out, changed)


def _changed(host: Host, connection: Connection) -> dict[str, list[str]]:
    """Store the files that a shell or a program changed of those that were laid. Raises OSError or StorageError."""
    status, answer = connection.ask("GET", "/lab/changed", most=MAX_ANSWER)
    try:
        laid = {str(path): str(digest) for path, digest in json.loads(answer)["files"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ConnectionError(f"it doesn't say what was changed: {status} {error!r}") from error
    changed, left, end = {}, MAX_CHANGED_BYTES, time.monotonic() + SECONDS
    for path, digest in list(laid.items())[:MAX_CHANGED]:
        content = _file(connection, path)
        left -= len(content or b"")
        if left < 0 or time.monotonic() > end:
            raise ConnectionError("the changed files are too large or too slow")
        if content is not None and _DIGEST.fullmatch(digest):
            changed[path] = [digest, host.storage.put(content)]
    return changed


def _file(connection: Connection, path: str) -> bytes | None:
    """A file of the workspace; None when it is gone. Raises OSError, also for one larger than the portal keeps."""
    try:
        address = f"/lab/files/{quote(path)}"
    except UnicodeEncodeError as error:
        raise ConnectionError(f"no path: {path!r}") from error
    status, content = connection.ask("GET", address, most=MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ConnectionError(f"{path} is too large")
    return content if status == http.client.OK else None


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body, under a cap of bytes and time. Raises ConnectionError."""
    size, end = 0, time.monotonic() + SECONDS
    while chunk := response.read1(CHUNK):
        size += len(chunk)
        if size > MAX_SNAPSHOT_BYTES or time.monotonic() > end:
            raise ConnectionError(f"the snapshot is too large or too slow: {size} bytes")
        yield chunk


def _left_out(text: str) -> dict[str, Any]:
    """The sandbox's word on it, in the one shape that the portal takes."""
    try:
        told = json.loads(text[:65536])
        names = [str(name)[:512] for name in told.get("names", [])][:NAMES]
        count, size = int(told.get("count", 0)), int(told.get("bytes", 0))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return {"count": 0, "bytes": 0, "names": [], "more": True}
    return {"count": count, "bytes": size, "names": names, "more": bool(told.get("more"))}
