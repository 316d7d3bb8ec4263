"""The directory both drivers keep their sandboxes in: one folder for each, named by its unguessable id.

``<run_dir>/<id>/lab`` is the sandbox's ``/run/lab``; ``meta.json`` beside it is the host's own record, never mounted.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from workers.jobs import SandboxSpec
from workers.sandboxes.base import Handle, SandboxError

REMOVE_SECONDS = 60
ID = re.compile(r"[a-z0-9]{26}")
_FIRST_UID = 1_000_000_000
_UIDS = 1_000_000_000  # up to 2^31: runc takes no more


@dataclass(frozen=True)
class Meta:
    """What the host remembers of a sandbox: enough for any process to find it again and to end it.

    It ends at ``deadline``, which may be moved, and ``wall_seconds`` after it was ``created`` at the latest.
    """

    id: str
    driver: str
    uid: int
    deadline: float
    created: float
    wall_seconds: float
    labels: dict[str, str]

    @property
    def end(self) -> float:
        return min(self.deadline, self.latest)

    @property
    def latest(self) -> float:
        """What no moved deadline goes beyond: a limit that holds inside, too."""
        return self.created + self.wall_seconds


def uid_of(sandbox: str) -> int:
    """A uid no account, range of subordinate ids or other sandbox has; as unguessable as the id."""
    if os.geteuid() != 0:
        return os.geteuid()  # only root can give files and processes away
    return _FIRST_UID + int.from_bytes(hashlib.sha256(sandbox.encode()).digest()[:8], "big") % _UIDS


class RunDir:
    """The sandboxes' folders below one run directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def tag(self) -> str:
        """Tells this portal's sandboxes from those of another on the same host."""
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:12]

    def folder(self, sandbox: str) -> Path:
        if not ID.fullmatch(sandbox):
            raise SandboxError(f"not a sandbox id: {sandbox!r}")
        return self.path / sandbox

    def create(self, spec: SandboxSpec, driver: str) -> Meta:
        """Makes the folder of a new sandbox. Raises SandboxError when the id was used before."""
        folder = self.folder(spec.id)
        if spec.deadline <= time.time():
            raise SandboxError(f"the deadline of sandbox {spec.id} has passed already")
        meta = Meta(spec.id, driver, uid_of(spec.id), spec.deadline, time.time(), spec.limits.wall_seconds, spec.labels)
        try:
            folder.mkdir(mode=0o711)
        except FileExistsError:
            raise SandboxError(f"sandbox {spec.id} exists already: ids are used once") from None
        except OSError as error:
            raise SandboxError(f"cannot make {folder}: {error}") from error
        try:
            folder.chmod(0o711)
            lab = folder / "lab"
            lab.mkdir()
            lab.chmod(0o750)  # the group is for a grader looking at its student's sockets
            if os.geteuid() == 0:
                os.chown(lab, meta.uid, meta.uid)
            write_private(folder / "meta.json", json.dumps(asdict(meta)).encode())
        except OSError as error:
            self.remove(spec.id)
            raise SandboxError(f"cannot fill {folder}: {error}") from error
        return meta

    def read(self, sandbox: str) -> Meta | None:
        try:
            return Meta(**json.loads((self.folder(sandbox) / "meta.json").read_bytes()))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, TypeError) as error:
            raise SandboxError(f"unreadable record of sandbox {sandbox}: {error}") from error

    def update(self, meta: Meta) -> Handle:
        """Put another record in a living sandbox's place."""
        write_private(self.folder(meta.id) / "meta.json", json.dumps(asdict(meta)).encode())
        return self.handle(meta)

    def all(self, driver: str) -> Iterator[Meta]:
        """The sandboxes of one driver, in no order. A folder being made or removed right now is left out."""
        for entry in self.path.iterdir():
            if ID.fullmatch(entry.name) and (meta := self.read(entry.name)) and meta.driver == driver:
                yield meta

    def handle(self, meta: Meta) -> Handle:
        return Handle(meta.id, self.folder(meta.id) / "lab", meta.labels, meta.deadline)

    def remove(self, sandbox: str) -> None:
        """Deletes the folder, whatever the program in the sandbox put there; gone already is fine."""
        folder = self.folder(sandbox)
        if not folder.exists():
            return
        # Not shutil: a chain of ten thousand folders is deeper than Python's stack.
        done = _run("rm", "-rf", "--", str(folder))
        if done.returncode != 0 and os.geteuid() != 0:  # folders the program closed to its own uid
            _run("chmod", "-R", "u+rwX", "--", str(folder))
            done = _run("rm", "-rf", "--", str(folder))
        if done.returncode != 0:
            raise SandboxError(f"cannot remove {folder}: {done.stderr[-300:]}")


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=REMOVE_SECONDS, check=False
    )


def write_private(path: Path, content: bytes) -> None:
    """Writes a file only the host's own account reads, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as out:
        out.write(content)
    partial.rename(path)
