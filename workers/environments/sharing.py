"""Keeps one copy of what several environment trees have in common: the same file is a hard link into one store.

Trees are read-only once they are finished, and build lines have run by then: nothing writes through a link. What Python
has compiled is lent before them, and Python replaces such files whole.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

SMALLEST = 4096
"""Bytes. Smaller files are many and gain little."""
OWN = (".jar",)
"""Not shared: an archive of Java classes is void when a jar's time is another than when it was made."""


def share(tree: Path, store: Path) -> int:
    """Link the tree's files to those of the store, and put there what it lacks. Gives the bytes that were saved.

    Two trees may be shared at the same time. Raises OSError.
    """
    saved = 0
    for path, status in _files(tree):
        kept = _place(store, path, status)
        kept.parent.mkdir(parents=True, exist_ok=True)
        if _link(path, kept):
            continue
        spare = path.with_name(f".{path.name}.shared")
        if _link(kept, spare):
            spare.replace(path)
            saved += status.st_size
    return saved


def lend_compiled(tree: Path, finished: Sequence[Path]) -> int:
    """Link into a new tree what Python has made of the same source files in finished ones; the number of files.

    By name and size: finish.py then compiles whatever isn't of the very text, into a file of the tree's own.
    """
    lent = 0
    for library in tree.glob("lib/python3*"):
        suffix = f".cpython-{library.name.removeprefix('python').replace('.', '')}.pyc"
        for source in library.rglob("*.py"):
            place = source.parent / "__pycache__" / f"{source.stem}{suffix}"
            for other in finished:
                theirs = other / source.relative_to(tree)
                if _size(theirs) == _size(source):
                    place.parent.mkdir(exist_ok=True)
                    if _link(other / place.relative_to(tree), place):
                        lent += 1
                        break
    return lent


def remove_unused(store: Path) -> int:
    """Take out what no tree links to any more; the number of files."""
    removed = 0
    for path in store.glob("??/*"):
        with contextlib.suppress(FileNotFoundError):  # another process was at it
            if path.lstat().st_nlink == 1:
                path.unlink()
                removed += 1
    return removed


def _size(path: Path) -> int | None:
    """None when it isn't there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _files(tree: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Those that are worth a link, and have none yet."""
    for folder, _, names in os.walk(tree):
        for path in (Path(folder, name) for name in names):
            status = path.lstat()
            regular = stat.S_ISREG(status.st_mode) and path.suffix not in OWN
            if regular and status.st_size >= SMALLEST and status.st_nlink == 1:
                yield path, status


def _place(store: Path, path: Path, status: os.stat_result) -> Path:
    """By content and mode: a link shares its mode with every other."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return store / digest[:2] / f"{digest}-{stat.S_IMODE(status.st_mode):o}"


def _link(source: Path, target: Path) -> bool:
    """Whether ``target`` is now a link to ``source``.

    False when it was there, the source is gone or full, or the file system has no links: then nothing is shared.
    """
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOENT, errno.EMLINK, errno.EPERM, errno.ENOTSUP):
            raise
        return False
    return True
