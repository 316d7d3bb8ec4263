"""Files in and out of a folder that hostile code may be changing meanwhile.

Every path is walked one name at a time from a directory descriptor, never following a link, so nothing outside the
folder is read or written; only regular files are, and what is read is read once, up to a cap.
"""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
import tarfile
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


class Refused(Exception):
    """A file or an archive that breaks a rule; ``code`` says which, the message says where."""

    def __init__(self, code: str, path: str = "") -> None:
        super().__init__(f"{code}: {path[:200]!r}" if path else code)
        self.code = code
        self.path = path[:200]


@dataclass(frozen=True)
class Caps:
    """Limits of one archive or folder."""

    files: int = 2000
    total_bytes: int = 64 << 20
    file_bytes: int = 32 << 20
    depth: int = 16
    name_bytes: int = 128
    path_bytes: int = 512


CAPS = Caps()
CACHES = ("__pycache__", ".ipynb_checkpoints")
OURS = ".lab-"
"""Begins the names of what the kit itself puts beside the student's files."""
FULL = (errno.ENOSPC, errno.EDQUOT)


def check_path(path: str, caps: Caps = CAPS) -> list[str]:
    """The names of a relative path. Raises Refused for one that leaves the folder or can't be shown honestly."""
    names = path.removeprefix("./").split("/")
    if len(names) > caps.depth or len(path.encode(errors="replace")) > caps.path_bytes:
        raise Refused("path_too_long", path)
    for name in names:
        if name in ("", ".", ".."):
            raise Refused("outside", path)
        if len(name.encode(errors="replace")) > caps.name_bytes:
            raise Refused("path_too_long", path)
        # Cc: newlines and escapes; Cf: right-to-left overrides; Cs: bytes that are not UTF-8.
        if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in name):
            raise Refused("bad_name", path)
    return names


@contextmanager
def folder(root: Path, names: list[str], create: bool = False) -> Iterator[int]:
    """A descriptor of the folder ``names`` below ``root``."""
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            if create:
                with suppress(FileExistsError):  # whatever it is, the open below only takes a real folder
                    os.mkdir(name, 0o755, dir_fd=current)
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            inner = os.open(name, flags, dir_fd=current)
            os.close(current)
            current = inner
        yield current
    finally:
        os.close(current)


def _open(folder: int, name: str, path: str) -> int:
    # O_NONBLOCK: opening a FIFO must not wait for a writer.
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Refused("not_regular", path)
    return handle


def _read(folder: int, name: str, max_bytes: int, path: str) -> bytes:
    with os.fdopen(_open(folder, name, path), "rb", buffering=0) as file:
        parts, left = [], max_bytes + 1
        while left > 0 and (part := file.read(min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
    if left <= 0:
        raise Refused("too_large", path)
    return b"".join(parts)


@contextmanager
def opened(root: Path, path: str) -> Iterator[int]:
    """A descriptor for reading one regular file beneath ``root``. Raises Refused."""
    *folders, name = check_path(path)
    try:
        with folder(root, folders) as above:
            handle = _open(above, name, path)
    except FileNotFoundError:
        raise Refused("missing", path) from None
    except OSError:
        raise Refused("not_regular", path) from None
    try:
        yield handle
    finally:
        os.close(handle)


def read(root: Path, path: str, max_bytes: int = CAPS.file_bytes) -> bytes:
    """One regular file beneath ``root``. Raises Refused (``missing``, ``not_regular``, ``too_large`` …)."""
    *folders, name = check_path(path)
    try:
        with folder(root, folders) as handle:
            return _read(handle, name, max_bytes, path)
    except FileNotFoundError:
        raise Refused("missing", path) from None
    except OSError:  # ELOOP: a link; ENOTDIR: a file or link where a folder should be; ENXIO: a socket
        raise Refused("not_regular", path) from None


def write(root: Path, path: str, content: bytes, caps: Caps = CAPS, mode: int = 0o644) -> None:
    """Put a file there at once or not at all, making folders on the way. Raises Refused."""
    if len(content) > caps.file_bytes:
        raise Refused("too_large", path)
    *folders, name = check_path(path, caps)
    temporary = f"{OURS}{secrets.token_hex(8)}"
    try:
        with folder(root, folders, create=True) as handle:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(temporary, flags, mode, dir_fd=handle), "wb") as file:
                file.write(content)
            os.replace(temporary, name, src_dir_fd=handle, dst_dir_fd=handle)
    except OSError as error:
        raise Refused("no_space" if error.errno in FULL else "not_regular", path) from None


def remove(root: Path, path: str) -> None:
    """Delete one file, never a folder. Raises Refused."""
    *folders, name = check_path(path)
    try:
        with folder(root, folders) as handle:
            os.unlink(name, dir_fd=handle)
    except FileNotFoundError:
        raise Refused("missing", path) from None
    except OSError:
        raise Refused("not_regular", path) from None


def unpack(
    archive: bytes, root: Path, caps: Caps = CAPS, each: Callable[[str, bytes], None] = lambda _path, _content: None
) -> int:
    """Lay a tar over ``root``; the number of files. All is checked before anything is written. Raises Refused.

    ``each`` is told of every file that was written.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            wanted = [member for member in _members(tar, caps) if member.isfile()]
            for member in wanted:
                source = tar.extractfile(member)
                if source is None:
                    raise Refused("not_regular", member.name)
                content = source.read(member.size)
                if len(content) < member.size:
                    raise Refused("bad_archive", member.name)
                write(root, member.name, content, caps, 0o755 if member.mode & 0o100 else 0o644)
                each(member.name.removeprefix("./"), content)
            return len(wanted)
    except (tarfile.TarError, ValueError, EOFError, OverflowError) as error:
        raise Refused("bad_archive", str(error)) from None


def _members(tar: tarfile.TarFile, caps: Caps) -> list[tarfile.TarInfo]:
    members, total = [], 0
    for member in tar:
        members.append(member)
        total += max(member.size, 0)
        if len(members) > caps.files:
            raise Refused("too_many_files")
        if total > caps.total_bytes or member.size > caps.file_bytes:
            raise Refused("too_large", member.name)
        if member.isdir() and member.name.strip("./") == "":
            continue
        check_path(member.name.rstrip("/"), caps)
        # isreg alone would take GNU sparse members, whose size says little about what unpacking writes.
        if not (member.isdir() or member.type in (tarfile.REGTYPE, tarfile.AREGTYPE)) or member.issparse():
            raise Refused("not_regular", member.name)
    return members


def pack(root: Path, caps: Caps = CAPS) -> bytes:
    """The folder's regular files as a tar. Links, odd names and caches stay out; past a cap raises Refused."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in files(root, caps):
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return output.getvalue()


def files(root: Path, caps: Caps = CAPS) -> Iterator[tuple[str, bytes]]:
    """Paths and contents of the regular files; links, odd names and caches stay out. Raises Refused past a cap."""
    count = total = 0
    for path, content in _walk(root, caps):
        count, total = count + 1, total + len(content)
        if count > caps.files:
            raise Refused("too_many_files")
        if total > caps.total_bytes:
            raise Refused("too_large", path)
        yield path, content


def _walk(root: Path, caps: Caps) -> Iterator[tuple[str, bytes]]:
    """Paths and contents, depth first. Folders too deep to be ours are not entered."""
    waiting: list[list[str]] = [[]]
    seen = 0
    while waiting:
        names = waiting.pop()
        try:
            with folder(root, names) as handle, os.scandir(handle) as entries:
                for entry in entries:
                    seen += 1
                    if seen > caps.files * 10:
                        raise Refused("too_many_files")
                    yield from _entry(handle, names, entry, waiting, caps)
        except OSError:
            continue  # replaced by a link, or gone, since we saw it


def _entry(
    folder: int, names: list[str], entry: os.DirEntry[str], waiting: list[list[str]], caps: Caps
) -> Iterator[tuple[str, bytes]]:
    path = "/".join([*names, entry.name])
    if entry.name in CACHES or entry.name.startswith(OURS):
        return
    try:
        check_path(path, caps)
    except Refused:
        return
    if entry.is_dir(follow_symlinks=False):
        waiting.append([*names, entry.name])
    elif entry.is_file(follow_symlinks=False):
        yield path, _read(folder, entry.name, caps.file_bytes, path)
