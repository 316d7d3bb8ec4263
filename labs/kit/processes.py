"""The sandbox's own processes, read from /proc: what they cost, and pausing all of them but the session's.

Nothing here is imported by the other roles: a sandbox that grades is never paused.
"""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PASSES = 50
"""Looks at /proc until one finds nothing new: a process may start another before the signal reaches it."""


@dataclass(frozen=True)
class Process:
    """One process as it is now. ``started`` (ticks since boot) tells it from a later one with the same number;
    ``seconds`` is the CPU time of it and of the children that it waited for.
    """

    pid: int
    started: int
    parent: int
    group: int
    state: str
    seconds: float

    @property
    def key(self) -> tuple[int, int]:
        return self.pid, self.started


def read(pid: int) -> Process | None:
    """None when there is no such process."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and parentheses
    ticks = sum(map(int, fields[11:15]))  # utime stime cutime cstime
    return Process(pid, int(fields[19]), int(fields[1]), int(fields[2]), fields[0], ticks / TICKS)


def others() -> list[Process]:
    """Every living process but this one and those above it: the sandbox's init, and what keeps its time."""
    found = {pid: process for pid in map(int, filter(str.isdecimal, os.listdir(PROC))) if (process := read(pid))}  # noqa: PTH208
    above, pid = {1}, os.getpid()
    while pid in found and pid not in above:
        above.add(pid)
        pid = found[pid].parent
    return [process for process in found.values() if process.pid not in above and process.state not in "ZX"]


def title(pid: int) -> str:
    """What a person knows it by: its command, cut to 80 printable characters."""
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    text = " ".join([words[0].rpartition("/")[2], *words[1:]]).strip()
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:80]


class CpuMeter:
    """CPU time by process group between one look and the next."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], Process] = {}

    def look(self, processes: Iterable[Process]) -> dict[int, tuple[float, int]]:
        """By group: seconds used since the last look, and the process that used most of them."""
        now = {process.key: process for process in processes}
        used: dict[int, float] = defaultdict(float)
        most: dict[int, tuple[float, int]] = {}
        # A child that ended hands all its time to its parent: what was counted of it before isn't counted again.
        inherited: dict[int, float] = defaultdict(float)
        for key in self._known.keys() - now.keys():
            inherited[self._known[key].parent] += self._known[key].seconds
        for key, process in now.items():
            before = self._known[key].seconds if key in self._known else 0.0
            seconds = max(0.0, process.seconds - before - inherited[process.pid])
            used[process.group] += seconds
            most[process.group] = max(most.get(process.group, (0.0, process.pid)), (seconds, process.pid))
        self._known = now
        return {group: (seconds, most[group][1]) for group, seconds in used.items()}


class Pause:
    """Stops the sandbox's other processes, and lets them go on."""

    def __init__(self) -> None:
        self._stopped: list[Process] = []

    def __bool__(self) -> bool:
        return bool(self._stopped)

    def stop(self) -> None:
        """SIGSTOP to all, and to those that came since. Parents before children: a shell must not see its job stop.

        What the student stopped themselves (Ctrl-Z) is left as it is, so that it stays so afterwards.
        """
        sent = {process.key for process in self._stopped}
        for _ in range(PASSES):
            new = [p for p in others() if p.key not in sent and p.state not in "Tt"]
            if not new:
                return
            for process in _parents_first(new):
                sent.add(process.key)
                if _signal(process, signal.SIGSTOP):
                    self._stopped.append(process)

    def end(self) -> None:
        """SIGCONT to all that live, children first."""
        stopped, self._stopped = self._stopped, []
        for process in reversed(stopped):
            _signal(process, signal.SIGCONT)


def _parents_first(processes: list[Process]) -> list[Process]:
    by_pid = {process.pid: process for process in processes}

    def depth(process: Process) -> int:
        steps = 0
        while (parent := by_pid.get(process.parent)) is not None and steps < len(by_pid):
            process, steps = parent, steps + 1
        return steps

    return sorted(processes, key=depth)


def _signal(process: Process, number: signal.Signals) -> bool:
    """To exactly that process; False when it is gone."""
    now = read(process.pid)
    if now is None or now.started != process.started:
        return False
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return False
    return True
