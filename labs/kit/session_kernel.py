"""The session's own kernel: starts at once, runs one file at a time, is interrupted, killed and restarted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Literal

import zmq
import zmq.asyncio

from . import places, wire
from .kernel import KernelFailed, KernelProcess
from .runs import Run, Runs, State

logger = logging.getLogger(__name__)

MAX_MESSAGE = 32 << 20
READY_SECONDS = 120
GRACE_SECONDS = 1.0
END_SECONDS = 10.0
"""What was published before a reply may come after it: at once, or late on a busy machine, or never if it got lost."""
BEGUN = ("lab_begun", "execute_input")
"""What says that the code itself runs now: the runner's word for a file, Jupyter's for a cell."""


class Busy(Exception):
    """A run is going on, or the kernel is not up."""


class SessionKernel:
    """Owns the kernel process and its sockets; everything happens on one event loop."""

    def __init__(self, process: KernelProcess) -> None:
        self.runs = Runs()
        self.state: Literal["starting", "idle", "busy", "dead"] = "starting"
        self.run: Run | None = None
        self._process = process
        self._watched: KernelProcess | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._request = ""
        self._stopped: State | None = None
        self._context = zmq.asyncio.Context()
        self._sockets: dict[int, zmq.asyncio.Socket] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._begun = asyncio.Event()
        self._idle = asyncio.Event()
        self._replied = asyncio.Event()
        self._restarting = asyncio.Lock()

    @property
    def group(self) -> int:
        """The process group of the kernel as it is now."""
        return self._process.group

    async def start(self) -> None:
        """Wait for the process and connect. Raises KernelFailed."""
        await asyncio.to_thread(self._process.wait_ready, READY_SECONDS)
        for place, kind in ((places.SHELL, zmq.DEALER), (places.IOPUB, zmq.SUB)):
            socket = self._context.socket(kind)
            socket.linger = 0
            socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
            if kind == zmq.SUB:
                socket.subscribe(b"")
            socket.connect(f"ipc://{places.RUN}/{places.KERNEL_SOCKET}-{place}")
            self._sockets[place] = socket
            self._readers.append(self._spawn(self._read(place, socket)))
        await self._say_hello()
        self._watched = self._process
        self._spawn(self._watch(self._process))
        self.state = "idle"

    async def _say_hello(self) -> None:
        """Until what the kernel publishes reaches us: a subscription takes effect some time after connecting."""
        while True:
            self._idle.clear()
            self._request, frames = wire.request("kernel_info_request", {})
            await self._sockets[places.SHELL].send_multipart(frames)
            try:
                await asyncio.wait_for(self._idle.wait(), 0.25)
            except TimeoutError:
                if not self._process.alive:
                    raise KernelFailed("the kernel died while starting") from None
            else:
                return

    async def execute(self, path: str) -> Run:
        """Begin to run a file of the workspace. Raises Busy."""
        code = f"from {__package__} import runner as _lab_runner; _lab_runner.run_and_show({path!r}); del _lab_runner"
        return await self._begin(path, None, wire.execute(code))

    async def execute_cell(self, path: str, cell: str, source: str) -> Run:
        """Begin to run one cell of a notebook, in the namespace that its cells share. Raises Busy."""
        return await self._begin(path, cell, wire.execute_cell(source, path, cell))

    async def _begin(self, path: str, cell: str | None, request: tuple[str, list[bytes]]) -> Run:
        if self.state != "idle":
            raise Busy(self.state)
        self.state = "busy"
        run = self.run = self.runs.start(path, cell)
        self._stopped = None
        self._begun.clear()
        self._idle.clear()
        self._replied.clear()
        self._request, frames = request
        await self._sockets[places.SHELL].send_multipart(frames)
        self._spawn(self._finish(run))
        return run

    async def interrupt(self) -> None:
        """As Ctrl-C; a run that shrugs it off goes on (the page then offers a restart)."""
        if self.run is not None and self.run.state == "running":
            self._stopped = "interrupted"
            self._spawn(self._interrupt_when_begun(self.run))

    async def _interrupt_when_begun(self, run: Run) -> None:
        """A kernel drops an interrupt that comes before the code it is meant for."""
        await self._begun.wait()
        if run.state == "running":
            self._process.interrupt()

    def restart_soon(self) -> None:
        """Begin to restart; the state says ``starting`` from now on."""
        self.state = "starting"
        self._spawn(self.restart())

    async def restart(self, state: State = "killed") -> None:
        """Kill the kernel and start another; a run in progress ends with ``state``."""
        async with self._restarting:
            self.state = "starting"
            if self.run is not None:
                self.run.finish(state)
            self._watched = None  # its death is no news
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
            self._replied.set()  # lets what waits for the old kernel go
            self._begun.set()
            self._idle.set()
            self._close()
            self._process = KernelProcess()
            try:
                await self.start()
            except KernelFailed:
                self.state = "dead"
                logger.exception("the kernel did not come back")

    async def _finish(self, run: Run) -> None:
        """The run is over when the kernel has replied and all it published before is here."""
        await self._replied.wait()
        try:
            await asyncio.wait_for(self._idle.wait(), END_SECONDS)
        except TimeoutError:
            logger.warning("the end of %s was lost: its output was too much", run.id)
        if run.state == "running":
            over: State | None = "output_limit" if run.over else None
            run.finish(over or (self._stopped if run.failed and self._stopped else "error" if run.failed else "ok"))
            self.state = "idle"

    async def _enforce_cap(self) -> None:
        """Interrupt a run that says too much; a kernel that goes on talking is replaced."""
        self._process.interrupt()
        try:
            await asyncio.wait_for(self._replied.wait(), GRACE_SECONDS)
        except TimeoutError:
            await self.restart("output_limit")

    async def _read(self, place: int, socket: zmq.asyncio.Socket) -> None:
        while True:
            try:
                message = wire.parse(await socket.recv_multipart())
            except wire.BadMessage as error:
                logger.warning("dropped a message of the kernel: %s", error)
                continue
            if message.parent == self._request:
                self._take(place, message)

    def _take(self, place: int, message: wire.Message) -> None:
        if place == places.SHELL:
            if message.type == "execute_reply":
                self._replied.set()
            return
        if message.type in BEGUN:
            self._begun.set()
        if message.type == "status":
            if message.content.get("execution_state") == "idle":
                self._idle.set()
        elif self.run is not None:
            before = self.run.over
            self.run.record(message)
            if self.run.over and not before:
                self._spawn(self._enforce_cap())

    async def _watch(self, process: KernelProcess) -> None:
        """A kernel that ends on its own is replaced; the run it was in says so."""
        code = await asyncio.to_thread(process.wait)
        if process is self._watched:
            logger.warning("the kernel ended with status %s", code)
            self.state = "dead"
            self._spawn(self.restart("killed"))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a task of the session failed", exc_info=task.exception())

    def _close(self) -> None:
        for task in self._readers:
            task.cancel()
        self._readers.clear()
        for socket in self._sockets.values():
            socket.close()
        self._sockets.clear()

    async def stop(self) -> None:
        """End the kernel with the session."""
        self._watched = None
        self._process.kill()
        await asyncio.to_thread(self._process.wait)
        self._close()
