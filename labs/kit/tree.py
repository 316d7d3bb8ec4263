"""The workspace as a tree: listed, rearranged and packed as a zip, while hostile code may be changing it.

Everything goes through ``workspace``'s descriptors: no link is followed, nothing outside the folder is touched.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import time
import zipfile
from pathlib import Path
from typing import Any

from . import workspace
from .workspace import CAPS, Caps, Refused

MAX_ENTRIES = 2000
"""What a listing shows at most; more is said to be there."""


def listing(root: Path, caps: Caps = CAPS, most: int = MAX_ENTRIES) -> dict[str, Any]:
    """``files``: path, size (bytes), mtime (seconds); ``folders``: paths; ``more``: whether the listing was cut;
    ``hidden``: how many entries are not shown because they are links, devices, or named so that they can't be.
    """
    found: dict[str, Any] = {"files": [], "folders": [], "more": False, "hidden": 0}
    waiting: list[list[str]] = [[]]
    seen = 0
    while waiting and not found["more"]:
        names = waiting.pop(0)  # breadth first: a cut listing still shows what is near the top
        for name, status in _entries(root, names):
            seen += 1
            if seen > most:
                found["more"] = True
                break
            if (path := _shown(names, name, caps)) is None:
                found["hidden"] += 1
            elif stat.S_ISDIR(status.st_mode):
                found["folders"].append(path)
                waiting.append([*names, name])
            elif stat.S_ISREG(status.st_mode):
                found["files"].append({"path": path, "size": status.st_size, "mtime": status.st_mtime})
            else:
                found["hidden"] += 1
    found["files"].sort(key=lambda file: file["path"])
    found["folders"].sort()
    return found


def _entries(root: Path, names: list[str]) -> list[tuple[str, os.stat_result]]:
    """A folder's entries, sorted by name, without what is ours or a cache. Empty for one that is gone or a link."""
    entries = []
    try:
        with workspace.folder(root, names) as handle, os.scandir(handle) as scanned:
            for entry in scanned:
                if entry.name in workspace.CACHES or entry.name.startswith(workspace.OURS):
                    continue
                entries.append((entry.name, entry.stat(follow_symlinks=False)))
                if len(entries) > MAX_ENTRIES:
                    break
    except OSError:
        return []
    return sorted(entries, key=lambda entry: entry[0])


def _shown(names: list[str], name: str, caps: Caps) -> str | None:
    path = "/".join([*names, name])
    try:
        workspace.check_path(path, caps)
    except Refused:
        return None
    return path


def make_folder(root: Path, path: str) -> None:
    """A folder, with those above it. Raises Refused (``exists``: there is one, or a file)."""
    *above, name = workspace.check_path(path)
    try:
        with workspace.folder(root, above, create=True) as handle:
            os.mkdir(name, 0o755, dir_fd=handle)
    except FileExistsError:
        raise Refused("exists", path) from None
    except OSError as error:
        raise _refused(error, path) from None


def move(root: Path, path: str, to: str) -> None:
    """Give a file or folder another name; what is there already stays. Raises Refused."""
    *above, name = workspace.check_path(path)
    *above_new, new = workspace.check_path(to)
    if to == path or to.startswith(f"{path}/"):
        raise Refused("bad_name", to)
    try:
        with workspace.folder(root, above) as source, workspace.folder(root, above_new, create=True) as target:
            status = os.stat(name, dir_fd=source, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                os.mkdir(new, 0o755, dir_fd=target)  # fails where something is; an empty folder is then replaced
                os.rename(name, new, src_dir_fd=source, dst_dir_fd=target)
            elif stat.S_ISREG(status.st_mode):
                os.link(name, new, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
                os.unlink(name, dir_fd=source)
            else:
                raise Refused("not_regular", path)
    except FileExistsError:
        raise Refused("exists", to) from None
    except OSError as error:
        raise _refused(error, path) from None


def remove(root: Path, path: str) -> None:
    """Delete a file, or a folder with all in it; a link goes, not what it leads to. Raises Refused."""
    *above, name = workspace.check_path(path)
    try:
        with workspace.folder(root, above) as handle:
            if stat.S_ISDIR(os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode):
                shutil.rmtree(name, dir_fd=handle)
            else:
                os.unlink(name, dir_fd=handle)
    except RecursionError:
        raise Refused("path_too_long", path) from None
    except OSError as error:
        raise _refused(error, path) from None


def _refused(error: OSError, path: str) -> Refused:
    if isinstance(error, FileNotFoundError):
        return Refused("missing", path)
    return Refused("no_space" if error.errno in workspace.FULL else "not_regular", path)


def pack_zip(root: Path, caps: Caps = CAPS) -> bytes:
    """The same files as ``workspace.pack``, as a zip that any desktop opens. Raises Refused past a cap."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, content in workspace.files(root, caps):
            member = zipfile.ZipInfo(path, time.localtime()[:6])
            member.external_attr = 0o644 << 16
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return output.getvalue()
