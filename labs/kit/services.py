"""Processes that run beside the student's: started in order, watched, restarted when they end, each with its log.

Everything happens on one event loop, in a thread that lives as long as the sandbox: services die with it.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from . import places
from .kernel import clean_environment
from .ports import listening
from .service_log import QUIET_SECONDS, Log

State = Literal["stopped", "starting", "ready", "failed", "restarting"]

LAUNCHER = Path(__file__).with_name("service_process.py")
POLL_SECONDS = 0.1
START_SECONDS = 120.0
"""How long a grading waits for all of them, beside the lab's own time. The worker waits as long."""
NEXT_SECONDS = 60.0
"""How long the next service waits for one that doesn't become ready."""
PROBE_SECONDS = 10.0
"""How long a service's readiness command may take before it counts as a no."""
PROBE_PAUSE_SECONDS = 0.5
TERM_SECONDS = 5.0
MAX_ENDS = 5
ENDS_WITHIN_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.5
TAIL_BYTES = 2000
MAX_SERVICES = 32


class BadDeclaration(ValueError):
    """What was pushed is no list of services."""


@dataclass(frozen=True)
class Declared:
    """A service as the environment or the lab declares it (``labs.models.Service``)."""

    id: str
    title: dict[str, str]
    command: tuple[str, ...]
    start: Literal["session", "demand"] = "session"
    port: int | None = None
    probe: tuple[str, ...] = ()
    """Ends with status 0 once the service is ready."""
    restart: bool = True
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Any) -> Declared:
        """Raises BadDeclaration."""
        try:
            ready = data.get("ready") or {}
            made = cls(
                id=data["id"],
                title=data["title"],
                command=tuple(data["command"]),
                start=data.get("start", "session"),
                port=ready.get("port"),
                probe=tuple(ready.get("command", ())),
                restart=data.get("restart", True),
                env=data.get("env", {}),
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise BadDeclaration(f"not a service: {error!r}") from None
        pairs = [*made.title.items(), *made.env.items()]
        texts = [made.id, *made.command, *made.probe, *(text for pair in pairs for text in pair)]
        sound = all(isinstance(text, str) and "\0" not in text for text in texts)
        named = re.fullmatch(r"[a-z0-9-]+", made.id) if sound else None
        if not named or not made.command or not (made.port is None or type(made.port) is int):
            raise BadDeclaration("not a service")
        return made


class Service:
    """One of them. ``since`` is Unix time; ``exit`` its last exit status, negative for a signal."""

    def __init__(self, declared: Declared, changed: Callable[[], None]) -> None:
        self.declared = declared
        self.log = Log()
        self.state: State = "stopped"
        self.since = time.time()
        self.exit: int | None = None
        self.restarts = 0
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._stopping = False
        self._ended = False

    def describe(self) -> dict[str, Any]:
        """As the page shows it; ``tail`` is the end of the log of one that has failed."""
        told = {
            "id": self.declared.id,
            "title": self.declared.title,
            "state": self.state,
            "since": self.since,
            "exit": self.exit,
            "restarts": self.restarts,
        }
        return {**told, "tail": self.log.tail(TAIL_BYTES)} if self.state == "failed" else told

    @property
    def settled(self) -> bool:
        """Whether there is nothing to wait for just now."""
        return self.state in ("ready", "failed", "stopped")

    def start(self) -> None:
        """Begin, unless it runs already."""
        if self._task is None or self._task.done():
            self._stopping = False
            self._enter("starting")
            self._task = asyncio.get_running_loop().create_task(self._supervise())

    async def stop(self) -> None:
        """TERM to all its processes, then KILL; stopped on return."""
        if self._task is not None and not self._task.done():
            self._stopping = True
            self._woken.set()
            await asyncio.shield(self._task)
        self._enter("stopped")

    async def restart(self) -> None:
        await self.stop()
        self.start()

    def _enter(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.since = time.time()
            self._changed()

    async def _supervise(self) -> None:
        ends: list[float] = []
        while True:
            await self._run_once()
            if self._stopping:
                return
            now = time.monotonic()
            ends = [*(end for end in ends if now - end < ENDS_WITHIN_SECONDS), now]
            if len(ends) >= MAX_ENDS or not self.declared.restart:
                self._enter("failed" if self.declared.restart or self.exit != 0 else "stopped")
                return
            self._enter("restarting")
            self._woken.clear()
            await self._sleep(FIRST_PAUSE_SECONDS * 2 ** (len(ends) - 1))
            if self._stopping:
                return
            self.restarts += 1
            self._enter("starting")

    async def _run_once(self) -> None:
        """Start it and stay until it has ended, for whatever reason."""
        loop = asyncio.get_running_loop()
        self._ended = False
        self.log.write(f"\x1b[2m▶ {' '.join(self.declared.command)}\x1b[0m\n".encode())
        try:
            process, pipe = self._launch()
        except OSError as error:  # no more processes, or no more room
            self.exit = None
            self.log.write(f"{error.strerror}\n".encode())
            return
        watch = os.pidfd_open(process.pid)
        loop.add_reader(watch, self._saw_end)
        loop.add_reader(pipe, self._read, pipe)
        try:
            await self._stay(process)
        finally:
            loop.remove_reader(watch)
            os.close(watch)
            _signal(process, signal.SIGKILL)  # what it started must not hold its ports
            self.exit = process.wait()
            while self._read(pipe):
                pass
            loop.remove_reader(pipe)
            os.close(pipe)
        ended = f"exit status {self.exit}" if self.exit >= 0 else signal.Signals(-self.exit).name
        self.log.write(f"\x1b[2m■ {ended}\x1b[0m\n".encode())

    def _launch(self) -> tuple[subprocess.Popen[bytes], int]:
        pipe, theirs = os.pipe()
        os.set_blocking(pipe, False)
        try:
            process = self._popen(self.declared.command, theirs)
        except OSError:
            os.close(pipe)
            raise
        finally:
            os.close(theirs)
        return process, pipe

    def _popen(self, command: tuple[str, ...], output: int) -> subprocess.Popen[bytes]:
        """``command`` in the student's workspace, with the service's own folder and variables."""
        home = places.HOME / "services" / self.declared.id
        home.mkdir(parents=True, exist_ok=True)
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=places.WORK,
            env={**clean_environment(), "SERVICE_HOME": str(home), **self.declared.env},
            start_new_session=True,
        )

    def _saw_end(self) -> None:
        self._ended = True
        self._woken.set()

    def _read(self, pipe: int) -> bool:
        """Move what it wrote into the log; False when there is no more for now."""
        try:
            data = os.read(pipe, 64 << 10)
        except BlockingIOError:
            return False
        if data:
            self.log.write(data)
        else:
            asyncio.get_running_loop().remove_reader(pipe)
        return bool(data)

    async def _stay(self, process: subprocess.Popen[bytes]) -> None:
        port = self.declared.port
        while not self._over and port is not None and port not in listening():
            await self._sleep(POLL_SECONDS)
        while not self._over and self.declared.probe and not await self._probed():
            await self._sleep(PROBE_PAUSE_SECONDS)
        if not self._over:
            self._enter("ready")
        while not self._over:
            await self._sleep(None)
        if not self._ended:
            _signal(process, signal.SIGTERM)
            end = time.monotonic() + TERM_SECONDS
            while not self._ended and (left := end - time.monotonic()) > 0:
                await self._sleep(left)

    async def _probed(self) -> bool:
        """Whether the readiness command says yes. What it prints is nobody's: it is asked over and over."""
        try:
            probe = self._popen(self.declared.probe, subprocess.DEVNULL)
        except OSError:  # no more processes, or no more room: a moment later perhaps
            return False
        end = time.monotonic() + PROBE_SECONDS
        try:
            while not _has_ended(probe) and not self._over and time.monotonic() < end:
                await self._sleep(POLL_SECONDS)
        finally:
            _signal(probe, signal.SIGKILL)
            status = probe.wait()
        return status == 0

    @property
    def _over(self) -> bool:
        return self._ended or self._stopping

    async def _sleep(self, seconds: float | None) -> None:
        """That long, or until it ends or is to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has, without reaping it: until then nobody else gets its number."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To its whole group. Its leader is not reaped yet, so the group's number can't be another's."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


class Supervisor:
    """The services of one sandbox, in the order they were declared."""

    def __init__(self) -> None:
        self.services: dict[str, Service] = {}
        self._changed = asyncio.Event()
        self._begun: asyncio.Task[None] | None = None

    def declare(self, items: Any) -> None:
        """Take the list and begin to start what starts with the session. Once: the same list again changes nothing.

        Raises BadDeclaration.
        """
        if not isinstance(items, list) or len(items) > MAX_SERVICES:
            raise BadDeclaration("not a list of services")
        declared = [Declared.from_json(item) for item in items]
        if len({service.id for service in declared}) < len(declared):
            raise BadDeclaration("two services have one id")
        if self.services:
            if declared != [service.declared for service in self.services.values()]:
                raise BadDeclaration("the services of this sandbox are declared already")
            return
        self.services = {one.id: Service(one, self._notify) for one in declared}
        self._begun = asyncio.get_running_loop().create_task(self._begin())
        self._notify()

    def describe(self) -> list[dict[str, Any]]:
        return [service.describe() for service in self.services.values()]

    async def follow(self) -> AsyncIterator[list[dict[str, Any]] | None]:
        """The list, now and at each change, without end; None every quiet 15 seconds."""
        while True:
            changed = self._changed
            yield self.describe()
            while True:
                try:
                    await asyncio.wait_for(changed.wait(), QUIET_SECONDS)
                    break
                except TimeoutError:
                    yield None

    async def until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Until something that follows from the services' states holds, or that long."""
        end = time.monotonic() + seconds
        while not condition() and (left := end - time.monotonic()) > 0:
            changed = self._changed
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), left)

    async def started(self, seconds: float) -> None:
        """Until all that starts with the session has settled, or that long."""
        if self._begun is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._begun), seconds)

    async def _begin(self) -> None:
        for service in self.services.values():
            if service.declared.start == "session":
                service.start()
                await self.until(lambda s=service: s.settled, NEXT_SECONDS)  # type: ignore[misc]

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
