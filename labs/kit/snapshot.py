"""The workspace as it is kept between two sandboxes: a tar of every file that fits, and a word on those that don't.

It is made file by file, so that a big workspace never stands in memory; ``workspace.unpack`` lays it again.
"""

from __future__ import annotations

import os
import stat
import tarfile
from pathlib import Path
from typing import Any

from . import tree, workspace
from .workspace import CAPS, Caps, Refused

NAMES = 10
"""Files left out that are named; the rest is counted."""
END = bytes(2 * tarfile.BLOCKSIZE)


def choose(root: Path, caps: Caps = CAPS) -> tuple[list[str], dict[str, Any]]:
    """Paths to keep, and what is left out: ``count``, ``bytes``, ``names`` (the largest), ``more`` (some not counted).

    Small files come before large ones: what no longer fits is as few files as can be.
    """
    found = tree.listing(root, caps)
    kept: list[str] = []
    left: list[dict[str, Any]] = []
    total = 0
    for file in sorted(found["files"], key=lambda file: (file["size"], file["path"])):
        if file["size"] > caps.file_bytes or total + file["size"] > caps.total_bytes or len(kept) >= caps.files:
            left.append(file)
            continue
        kept.append(file["path"])
        total += file["size"]
    left.reverse()
    return sorted(kept), {
        "count": len(left),
        "bytes": sum(file["size"] for file in left),
        "names": [file["path"] for file in left[:NAMES]],
        "more": found["more"],
    }


def member(root: Path, path: str, caps: Caps = CAPS) -> bytes:
    """One file as its part of the tar; nothing when it has gone, or grown past the cap, since it was chosen."""
    try:
        with workspace.opened(root, path) as handle:
            status = os.fstat(handle)
            with os.fdopen(os.dup(handle), "rb") as file:
                content = file.read(caps.file_bytes + 1)
    except (Refused, OSError):
        return b""
    if len(content) > caps.file_bytes:
        return b""
    entry = tarfile.TarInfo(path)
    entry.size = len(content)
    entry.mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
    padding = bytes(-len(content) % tarfile.BLOCKSIZE)
    return entry.tobuf(tarfile.PAX_FORMAT) + content + padding
