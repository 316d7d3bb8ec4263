"""What is busy in a session's sandbox, how long nothing has happened, and the pause of one that nobody uses.

Activity is a person's request (a run, a save, a key in a terminal; not a page that asks how things are) or work that
goes on by itself: a busy kernel, a Spark job, Dask tasks, a process using the CPU, a command in a terminal.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from . import clusters, processes
from .session_kernel import SessionKernel

logger = logging.getLogger(__name__)

SAMPLE_SECONDS = 10.0
CPU_SHARE = 0.1
"""Of one core, by a process group, over a sample. Servers that wait stay below: a JVM with Spark up uses 0.01."""
TERMINAL_SECONDS = 120.0
"""How long a terminal counts as used after its last input or output."""
AWAKE_SECONDS = 30.0
"""After the last request that needed the other processes, before they are paused again."""
READING = ("GET", "HEAD", "OPTIONS")
ALONE = re.compile(
    r"/lab/(activity|health|workspace|snapshot|changed|tree|zip|ports|services(/events|/[^/]+/log)?"
    r"|runs(/[^/]+/events)?|files/.+)"
)
"""What the session process answers by itself, so may be read while the others are paused."""

Busy = dict[str, str]


class Activity:
    """Watches one sandbox. Everything happens on the session's event loop."""

    def __init__(self, kernel: SessionKernel, kernels: Any, terminals: Any, hibernate_seconds: float | None) -> None:
        """``kernels`` and ``terminals`` are Jupyter Server's managers; no hibernation when no time is given."""
        self._kernel = kernel
        self._kernels = kernels
        self._terminals = terminals
        self._hibernate_seconds = hibernate_seconds
        self._last = self._needed = time.monotonic()
        self._meter = processes.CpuMeter()
        self._looked: float | None = None
        self._sampled: list[Busy] = []
        self._pause = processes.Pause()

    # What comes in

    def request(self, method: str, path: str) -> None:
        """An HTTP request is about to be served."""
        if method not in READING:
            self.mark()
        if method not in READING or not ALONE.fullmatch(path):
            self.wake()

    def traffic(self, chunk: bytes, first: bool) -> None:
        """Bytes on their way to a web page in the sandbox; ``first`` of their connection, so with the HTTP method.

        What follows a GET is a WebSocket's: its messages are a person's, its control frames (opcode 8 and up) aren't.
        """
        self.wake()
        if not chunk.startswith((b"GET ", b"HEAD ", b"OPTIONS ")) if first else not chunk[0] & 0x08:
            self.mark()

    def mark(self) -> None:
        """A person did something."""
        self._last = time.monotonic()

    def wake(self) -> None:
        """Something needs the other processes: let them go on, at once, if they are paused."""
        self._needed = time.monotonic()
        if self._pause:
            self._pause.end()
            self._looked = None  # what they catch up with is no sign of work

    # What is going on

    def report(self) -> dict[str, Any]:
        """The answer to ``GET /lab/activity``."""
        working = [*self._working(), *self._sampled]
        if working:
            self.mark()
        idle = min([time.monotonic() - self._last, *map(_ago, self._stamps())])
        return {
            "idle_seconds": round(max(idle, 0.0), 1),
            "busy": working + list(self._open_terminals()),
            "hibernating": bool(self._pause),
        }

    def _working(self) -> Iterator[Busy]:
        """What shows without asking anybody."""
        if self._kernel.state in ("busy", "starting"):
            run = self._kernel.run
            yield _busy("kernel", run.path if run and run.state == "running" else self._kernel.state)
        for kernel in self._jupyter_kernels():
            if kernel.execution_state == "busy":
                yield _busy("kernel", kernel.kernel_name)
        for terminal in self._terminals.terminals.values():
            if command := _command(terminal):
                yield _busy("terminal", command)

    def _open_terminals(self) -> Iterator[Busy]:
        for name, terminal in self._terminals.terminals.items():
            if not _command(terminal) and _ago(terminal.last_activity) < TERMINAL_SECONDS:
                yield _busy("terminal", str(name))

    def _stamps(self) -> Iterator[datetime]:
        """When Jupyter's kernels last ran something and its terminals last took or printed something."""
        for used in (*self._jupyter_kernels(), *self._terminals.terminals.values()):
            yield used.last_activity

    def _jupyter_kernels(self) -> list[Any]:
        """Those started through ``/api/kernels``."""
        known = (self._kernels.get_kernel(ident) for ident in self._kernels.list_kernel_ids())
        return [kernel for kernel in known if isinstance(kernel.last_activity, datetime)]  # set once it has started

    async def _sample(self) -> None:
        """What must be asked for, or measured over a time."""
        used = list(self._using_cpu())
        self._sampled = [*(_busy(kind, detail) for kind, detail in await clusters.busy()), *used]

    def _using_cpu(self) -> Iterator[Busy]:
        """Process groups that used more than CPU_SHARE since the last look; a busy kernel is named already."""
        now, before = time.monotonic(), self._looked
        self._looked = now
        kernels = {kernel.provisioner.pgid for kernel in self._jupyter_kernels() if kernel.execution_state == "busy"}
        if self._kernel.state in ("busy", "starting"):
            kernels.add(self._kernel.group)
        for group, (seconds, pid) in self._meter.look(processes.others()).items():
            if before is not None and group not in kernels and seconds > CPU_SHARE * (now - before):
                yield _busy("process", processes.title(pid))

    # Hibernation

    async def run(self) -> None:
        """Sample and, when nobody needs it, pause: until the end of the session."""
        pause = self._hibernate_seconds
        self.mark()
        while True:
            await asyncio.sleep(SAMPLE_SECONDS if pause is None else min(SAMPLE_SECONDS, pause / 2))
            try:
                if not self._pause:  # a paused sandbox does nothing, and couldn't answer
                    await self._sample()
                self._settle()
            except Exception:
                logger.exception("activity not sampled")  # the next sample may succeed; the session goes on

    def _settle(self) -> None:
        """Pause or go on, by what was found."""
        report = self.report()
        if report["busy"] or self._hibernate_seconds is None:
            self.wake()  # a kernel that died while paused starts again
        elif self._pause:
            self._pause.stop()  # what has come since, too
        elif report["idle_seconds"] >= self._hibernate_seconds and time.monotonic() - self._needed >= min(
            AWAKE_SECONDS, self._hibernate_seconds
        ):
            self._sampled = []
            self._pause.stop()


def _busy(kind: str, detail: str) -> Busy:
    return {"kind": kind, "detail": "".join(c if c.isprintable() else "?" for c in detail)[:80]}


def _ago(moment: datetime) -> float:
    return (datetime.now(UTC) - moment).total_seconds()


def _command(terminal: Any) -> str | None:
    """What runs in the foreground of a terminal, None when its shell waits for a command."""
    try:
        group = os.tcgetpgrp(terminal.ptyproc.fd)
    except (OSError, ValueError):
        return None  # closed this moment
    return None if group in (0, terminal.ptyproc.pid) else processes.title(group) or "?"
