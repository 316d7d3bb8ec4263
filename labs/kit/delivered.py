"""What was put into the workspace from outside, so that what a shell or a program changed since can be told apart.

A student may edit a lab's file in a terminal, or save a notebook in JupyterLab: the page takes such a change in, where
it would otherwise put its own, older text over it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from . import workspace

MAX_BYTES = 1 << 20
"""The portal keeps no larger text file."""
MAX_FILES = 1000


@dataclass(frozen=True)
class _Put:
    sha256: str
    stamp: tuple[int, int]
    """Time of the last change (ns) and size, by which most files are seen to be as they were."""


class Delivered:
    """The files that came in, by path, each as it was then."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, _Put] = {}

    def note(self, path: str, content: bytes) -> None:
        """This content was just written there."""
        self._files.pop(path, None)
        stamp = self._stamp(path)
        if stamp is not None and len(content) <= MAX_BYTES and len(self._files) < MAX_FILES:
            self._files[path] = _Put(hashlib.sha256(content).hexdigest(), stamp)

    def changed(self) -> dict[str, str]:
        """Paths whose content is another now, with the SHA-256 of what came in. What is gone is not among them."""
        return {path: put.sha256 for path, put in self._files.items() if self._differs(path, put)}

    def _differs(self, path: str, put: _Put) -> bool:
        if self._stamp(path) in (None, put.stamp):
            return False
        try:
            content = workspace.read(self._root, path, MAX_BYTES)
        except workspace.Refused:
            return False  # a link, or too large by now: nothing that the page could take in
        return hashlib.sha256(content).hexdigest() != put.sha256

    def _stamp(self, path: str) -> tuple[int, int] | None:
        try:
            found = (self._root / path).lstat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
