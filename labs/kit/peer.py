"""G's side of S: one request at a time over S's kernel sockets, with everything that comes back taken as data.

S may forge, flood, hang or fall silent; each ends here in one of these exceptions, in bounded time and memory.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from zmq.utils.monitor import recv_monitor_message

from . import places, strict, wire

MAX_FRAME = 64 << 20
MAX_STREAM = 4 << 20
MAX_TOTAL = 512 << 20
QUEUED_MESSAGES = 16
RESTART_SECONDS = 60.0
MAX_ORDER_ANSWER = 1 << 20
HELLO_SECONDS = 10.0


class PeerError(Exception):
    """S did not answer as asked: one check fails."""


class PeerTimeout(PeerError):
    """The request took longer than it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


class PeerDied(PeerError):
    """The process ended, or can't be reached any more."""


class BadAnswer(PeerError):
    """What came is not an answer."""


class StopGrading(Exception):
    """The job ends here. ``outcome`` is the report's."""

    outcome = "timeout"


class DeadlinePassed(StopGrading):
    """The lab's time for a grading is over."""


class OutputLimit(StopGrading):
    """S sent more than it may."""

    outcome = "output_limit"


@dataclass
class Answer:
    """What one request brought. ``seconds`` is measured here."""

    result: dict[str, Any] = field(default_factory=dict)
    buffers: Sequence[bytes] = ()
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    shown: str = ""
    """The text form of what was displayed."""


class Peer:
    """S, reached through its socket directory."""

    def __init__(self, folder: Path, deadline: float) -> None:
        self.seconds = 0.0
        """Time spent waiting for S: the student's own."""
        self.waiting = False
        self._folder = folder
        self._deadline = deadline
        self._stream_bytes = 0
        self._total_bytes = 0
        self._gone = False
        self._context = zmq.Context()
        self._sockets: dict[int, Any] = {}
        self._monitor: Any = None
        self._poller = zmq.Poller()

    def connect(self, seconds: float = HELLO_SECONDS) -> None:
        """Open the sockets and exchange a first message. Raises PeerDied."""
        self._close()
        self._poller = zmq.Poller()
        kinds = {places.SHELL: zmq.DEALER, places.CONTROL: zmq.DEALER, places.IOPUB: zmq.SUB}
        for place, kind in kinds.items():
            channel = self._context.socket(kind)
            channel.linger = 0
            channel.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME)
            channel.setsockopt(zmq.RCVHWM, QUEUED_MESSAGES)
            channel.setsockopt(zmq.RECONNECT_IVL, 10)
            if kind == zmq.SUB:
                channel.subscribe(b"")
            if place == places.SHELL:
                self._monitor = channel.get_monitor_socket(zmq.EVENT_DISCONNECTED)
            channel.connect(f"ipc://{self._folder}/{places.KERNEL_SOCKET}-{place}")
            self._sockets[place] = channel
        for source in (self._sockets[places.SHELL], self._sockets[places.IOPUB], self._monitor):
            self._poller.register(source, zmq.POLLIN)
        self._hello(min(seconds, self._left()))

    def _hello(self, seconds: float) -> None:
        """A subscription takes effect some time after connecting, so ask until an answer is published."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ident, frames = wire.request("kernel_info_request", {})
            self._sockets[places.SHELL].send_multipart(frames, zmq.NOBLOCK)
            pause = time.monotonic() + 0.1
            while (left := pause - time.monotonic()) > 0:
                if any(m.parent == ident and m.type == "status" for m in self._receive(left)):
                    return
        raise PeerDied("no answer")

    def ask(self, request: dict[str, Any], blobs: Sequence[bytes], timeout: float) -> Answer:
        """Have ``remote`` do one thing in S. Raises PeerError (that check fails) or StopGrading (the job ends)."""
        code = "from labkit import remote as _lab_remote; _lab_remote.serve()"
        return self._exchange(wire.execute(code, [json.dumps(request).encode(), *blobs]), timeout)

    def run_cell(self, source: str, path: str, ident: str, timeout: float) -> Answer:
        """Run a notebook's cell in S. Raises as :meth:`ask`."""
        return self._exchange(wire.execute_cell(source, path, ident, answer=True), timeout)

    def _exchange(self, request: tuple[str, list[bytes]], timeout: float) -> Answer:
        if self._gone:
            raise PeerDied("ended")
        began = time.monotonic()
        ident, frames = request
        with self.watched(timeout) as allowed:
            try:
                self._sockets[places.SHELL].send_multipart(frames, zmq.NOBLOCK)
                answer = self._await(ident, began + allowed)
            except PeerTimeout:
                self._interrupt(ident)
                self._left()  # when it was the whole time that ran out
                raise PeerTimeout(allowed) from None
            except (PeerDied, zmq.ZMQError) as error:
                self._revive()
                raise PeerDied(str(error)) from None
        answer.seconds = time.monotonic() - began
        return answer

    def restart(self) -> None:
        """A fresh kernel in S. Raises PeerDied when S can't give one."""
        try:
            self._reconnect(self._verb(b"restart\n", min(RESTART_SECONDS, self._left()), 16))
        except (OSError, PeerDied) as error:
            self._gone = True
            self._left()
            raise PeerDied(str(error)) from None

    def order(self, order: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Have S do something about its services, which may take it that long. Raises PeerError or DeadlinePassed."""
        with self.watched(seconds) as allowed:
            try:
                # S answers by itself when its time is over; past that much more it is taken for hung.
                line = json.dumps({**order, "seconds": allowed}).encode() + b"\n"
                answer = strict.loads(self._verb(line, allowed + HELLO_SECONDS, MAX_ORDER_ANSWER), MAX_ORDER_ANSWER)
            except OSError as error:
                raise PeerDied(str(error)) from None
            except strict.BadJSON as error:
                raise BadAnswer(str(error)) from None
        if not isinstance(answer, dict) or "error" in answer:
            raise BadAnswer(str(answer)[:500])
        return answer

    def socket_of(self, port: int) -> Path:
        """The unix socket in S's directory that leads to a port of S, once S was asked to open it."""
        return self._folder / f"ui-{port}.sock"

    @contextmanager
    def watched(self, seconds: float) -> Iterator[float]:
        """A stretch of time in which S is waited for; the seconds it may take. One within another counts once.

        Raises DeadlinePassed.
        """
        allowed = min(seconds, self._left())
        outer, began = self.waiting, time.monotonic()
        self.waiting = True
        try:
            yield allowed
        finally:
            self.waiting = outer
            if not outer:
                self.seconds += time.monotonic() - began

    def allow(self, seconds: float) -> None:
        """Put the deadline off."""
        self._deadline += seconds

    def _verb(self, line: bytes, seconds: float, limit: int) -> bytes:
        """One line to the role itself, and the line it answers. Raises OSError."""
        end = time.monotonic() + seconds
        said = b""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as verb:
            verb.settimeout(seconds)
            verb.connect(str(self._folder / "student.sock"))
            verb.sendall(line)
            while not said.endswith(b"\n") and len(said) < limit:
                verb.settimeout(max(end - time.monotonic(), 0.001))
                chunk = verb.recv(64 << 10)
                if not chunk:
                    break
                said += chunk
        return said[:limit]

    def _reconnect(self, said: bytes) -> None:
        if said != b"ok\n":
            raise PeerDied("no new kernel")
        self.connect()

    def _await(self, ident: str, end: float) -> Answer:
        answer = Answer()
        replied = idle = False
        while not (replied and idle):
            left = end - time.monotonic()
            if left <= 0:
                if replied:
                    break
                raise PeerTimeout(0)
            for message in self._receive(left):
                if message.parent != ident:
                    continue
                if message.type == "stream":
                    self._stream(answer, message.content)
                elif message.type in ("display_data", "execute_result"):
                    self._display(answer, message.content)
                elif message.type == "lab_answer":
                    result = message.content.get("result")
                    if not isinstance(result, dict):
                        raise BadAnswer("not an object")
                    answer.result, answer.buffers = result, message.buffers
                    return answer
                elif message.type == "execute_reply":
                    replied, end = True, min(end, time.monotonic() + 1)
                elif message.type == "status" and message.content.get("execution_state") == "idle":
                    idle = True
        raise BadAnswer("no answer")

    def _stream(self, answer: Answer, content: dict[str, Any]) -> None:
        text = content.get("text")
        if not isinstance(text, str):
            raise BadAnswer("stream without text")
        self._stream_bytes += len(text)
        if self._stream_bytes > MAX_STREAM:
            raise OutputLimit("streams")
        if content.get("name") == "stderr":
            answer.stderr += text
        else:
            answer.stdout += text

    def _display(self, answer: Answer, content: dict[str, Any]) -> None:
        bundle = content.get("data")
        text = bundle.get("text/plain") if isinstance(bundle, dict) else None
        if isinstance(text, str):
            self._stream_bytes += len(text)
            if self._stream_bytes > MAX_STREAM:
                raise OutputLimit("displays")
            answer.shown += f"{text}\n"

    def _receive(self, seconds: float) -> list[wire.Message]:
        """What arrives within that time; as soon as something does. Raises PeerDied, OutputLimit."""
        messages = []
        ready = dict(self._poller.poll(max(seconds, 0.001) * 1000))
        for place in (places.IOPUB, places.SHELL):
            channel = self._sockets[place]
            if channel in ready:
                frames = channel.recv_multipart(zmq.NOBLOCK)
                self._total_bytes += sum(map(len, frames))
                if self._total_bytes > MAX_TOTAL:
                    raise OutputLimit("messages")
                try:
                    messages.append(wire.parse(frames))
                except wire.BadMessage as error:
                    raise BadAnswer(str(error)) from None
        if not messages and self._monitor in ready:
            recv_monitor_message(self._monitor, zmq.NOBLOCK)
            raise PeerDied("disconnected")
        return messages

    def _interrupt(self, ident: str) -> None:
        """Stop what still runs; when it won't, replace the kernel."""
        _, frames = wire.request("interrupt_request", {})
        end = time.monotonic() + 1
        try:
            self._sockets[places.CONTROL].send_multipart(frames, zmq.NOBLOCK)
            while (left := end - time.monotonic()) > 0:
                if any(m.parent == ident and m.type == "execute_reply" for m in self._receive(left)):
                    return
        except (PeerError, zmq.ZMQError):
            pass  # gone already: the restart below says whether a new one comes
        self._revive()

    def _revive(self) -> None:
        try:
            self.restart()
        except PeerDied:
            self._gone = True  # the next request says so

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise DeadlinePassed
        return left

    def _close(self) -> None:
        if self._monitor is not None:
            self._sockets[places.SHELL].disable_monitor()
            self._monitor = None
        for channel in self._sockets.values():
            channel.close()
        self._sockets.clear()
