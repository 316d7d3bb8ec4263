"""Reaching into a sandbox's socket directory, where everything but the directory itself is the student's to replace.

A socket could be swapped for a link to the container engine's, or to a neighbour's: names are opened without following
links, checked, and used through the open descriptor, so what was checked is what is used.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NotASocket(OSError):
    """Missing, or something other than a socket: nothing that may be connected to."""


@contextmanager
def pinned(folder: Path, name: str) -> Iterator[str]:
    """A path that leads to exactly the socket ``folder/name`` as it is now, good while the context lasts."""
    try:
        handle = os.open(folder / name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise NotASocket(error.errno, f"no socket {name}") from error
    try:
        if not stat.S_ISSOCK(os.fstat(handle).st_mode):
            raise NotASocket(0, f"{name} is not a socket")
        yield f"/proc/self/fd/{handle}"
    finally:
        os.close(handle)


def connect(folder: Path, name: str, timeout: float) -> socket.socket:
    """A connection to the socket ``folder/name``. Raises OSError."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        with pinned(folder, name) as path:
            connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


def read_note(folder: Path, name: str, limit: int = 4096) -> str | None:
    """The first ``limit`` bytes of a small regular file the sandbox wrote, None when there is none."""
    try:
        handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return file.read(limit).decode("utf-8", "replace")
