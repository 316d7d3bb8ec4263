"""Control groups for bubblewrap sandboxes: version 1, version 2, or none where the machine lends us no subtree."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from workers.jobs import Limits

MOUNTS = Path("/proc/self/mountinfo")
OWN = Path("/proc/self/cgroup")
_PERIOD_US = 100_000
_NEEDED = ("memory", "pids", "cpu")


@dataclass(frozen=True)
class Cgroups:
    """The parent group of each controller, where this account may make groups. ``version`` 0: nowhere."""

    version: int
    parents: dict[str, Path]

    def groups(self, name: str) -> list[Path]:
        """The directories of one sandbox's groups."""
        return sorted({parent / name for parent in self.parents.values()})

    def create(self, name: str, limits: Limits) -> None:
        """Makes the sandbox's groups and writes the limits. Raises OSError."""
        for controller, parent in self.parents.items():
            if not parent.exists():  # another process of this portal tidied up as it ended
                _make_parent(parent, self.version)
            group = parent / name
            group.mkdir(exist_ok=True)
            for file, value in self._settings(controller, limits):
                (group / file).write_text(value)

    def _settings(self, controller: str, limits: Limits) -> list[tuple[str, str]]:
        memory = str(limits.memory_mb * 1024 * 1024)
        quota = str(max(1000, int(limits.cpus * _PERIOD_US)))
        if controller == "pids":
            return [("pids.max", str(limits.pids))]
        if controller == "cpu" and self.version == 1:
            return [("cpu.cfs_period_us", str(_PERIOD_US)), ("cpu.cfs_quota_us", quota)]
        if controller == "cpu":
            return [("cpu.max", f"{quota} {_PERIOD_US}")]
        if self.version == 2:
            return [("memory.max", memory), ("memory.swap.max", "0")]
        settings = [("memory.limit_in_bytes", memory)]
        if (self.parents["memory"] / "memory.memsw.limit_in_bytes").exists():
            settings.append(("memory.memsw.limit_in_bytes", memory))
        return settings

    def tidy(self) -> None:
        """Removes the parents where no sandbox is left in them; the next start makes them again."""
        for parent in set(self.parents.values()):
            with contextlib.suppress(OSError):
                parent.rmdir()

    def oom_file(self, name: str) -> Path | None:
        """The file whose ``oom_kill`` line counts what the kernel killed for memory."""
        if "memory" not in self.parents:
            return None
        return self.parents["memory"] / name / ("memory.events" if self.version == 2 else "memory.oom_control")

    def peak_memory(self, name: str) -> int:
        """Bytes, as the kernel counted them: ``memory.peak`` needs Linux 5.19. 0 where there is no count."""
        if "memory" not in self.parents:
            return 0
        file = "memory.peak" if self.version == 2 else "memory.max_usage_in_bytes"
        try:
            return int((self.parents["memory"] / name / file).read_text())
        except FileNotFoundError:
            return 0

    def remove(self, name: str, seconds: float = 5.0) -> bool:
        """Kills all that is in the sandbox's groups and removes them. False when something would not go in time."""
        end = time.monotonic() + seconds
        for group in self.groups(name):
            while not _remove(group):
                if time.monotonic() > end:
                    return False
                time.sleep(0.005)
        return True


def _remove(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        _kill(group)
        return False
    return True


def _kill(group: Path) -> None:
    """SIGKILL to every member; on version 2 the kernel does it at once, so a fork bomb can't outrun it."""
    kill = group / "cgroup.kill"
    if kill.exists():
        kill.write_text("1")
        return
    for line in (group / "cgroup.procs").read_text().split():
        try:
            os.kill(int(line), signal.SIGKILL)
        except ProcessLookupError:
            continue


def find(tag: str) -> Cgroups:
    """The groups this account may use, below a parent called ``labs-<tag>`` that is made where needed."""
    mounts = _mounts()
    if parents := _version_one(mounts, tag):
        return Cgroups(1, parents)
    if parent := _version_two(mounts, tag):
        return Cgroups(2, dict.fromkeys(_NEEDED, parent))
    return Cgroups(0, {})


def _mounts() -> list[tuple[Path, str, set[str]]]:
    """Each cgroup mount as (path, file system type, controllers)."""
    found = []
    for line in MOUNTS.read_text().splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        if kind in ("cgroup", "cgroup2"):
            found.append((Path(left.split()[4]), kind, set(options.split(","))))
    return found


def _version_one(mounts: list[tuple[Path, str, set[str]]], tag: str) -> dict[str, Path]:
    parents = {}
    for path, kind, options in mounts:
        for controller in _NEEDED:
            if kind == "cgroup" and controller in options and (parent := _child(path, tag)):
                parents[controller] = parent
    return parents


def _version_two(mounts: list[tuple[Path, str, set[str]]], tag: str) -> Path | None:
    """The nearest group above this process that hands every needed controller to its children and lets us add one."""
    root = next((path for path, kind, _ in mounts if kind == "cgroup2"), None)
    own = next((line[3:] for line in OWN.read_text().splitlines() if line.startswith("0::")), None)
    if root is None or own is None:
        return None
    start = root / own.lstrip("/")
    for group in (start, *start.parents):
        if (parent := _delegated(group, tag)) is not None:
            return parent
        if group == root:
            break
    return None


def _delegated(group: Path, tag: str) -> Path | None:
    if os.geteuid() == 0 and not _hands_down(group):
        try:
            (group / "cgroup.subtree_control").write_text(" ".join(f"+{c}" for c in _NEEDED))
        except OSError:
            return None  # it holds processes itself, or a controller belongs to version 1
    if not _hands_down(group) or not os.access(group / "cgroup.procs", os.W_OK):
        return None
    try:
        return _make_parent(group / f"labs-{tag}", 2)
    except OSError:
        return None


def _hands_down(group: Path) -> bool:
    try:
        return set(_NEEDED) <= set((group / "cgroup.subtree_control").read_text().split())
    except OSError:
        return False


def _child(group: Path, tag: str) -> Path | None:
    try:
        parent = _make_parent(group / f"labs-{tag}", 1)
    except OSError:
        return None
    return parent if os.access(parent, os.W_OK) else None


def _make_parent(parent: Path, version: int) -> Path:
    parent.mkdir(exist_ok=True)
    if version == 2:
        (parent / "cgroup.subtree_control").write_text(" ".join(f"+{c}" for c in _NEEDED))
    return parent
