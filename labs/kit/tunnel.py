"""G's way to a server of S: a port of G's own loopback, so that a check can use the service's real client library.

What comes through is S's word, as ever: capped, timed, and a client library that chokes on it fails the check, no more.
"""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .failed import Failed
from .peer import StopGrading

CHUNK = 64 << 10
MAX_BYTES = 64 << 20
"""What S may send through one tunnel: a client library may hold all of it in memory."""
WAIT_SECONDS = 1.0
KIT = Path(__file__).parent


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, target: Path, seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.target = target
        self.end = time.monotonic() + seconds
        self.received = 0
        self.why = ""
        """What ended a connection early: ``late`` or ``much``."""

    def took(self, size: int) -> None:
        self.received += size
        if self.received > MAX_BYTES:
            self.why = "much"
            raise ConnectionAbortedError

    def expect_whole(self) -> None:
        """Raises ConnectionAbortedError when something was cut short, which a client library need not notice."""
        if self.why:
            raise ConnectionAbortedError(self.why)

    def left(self) -> float:
        """Seconds. Raises ConnectionAbortedError when none are."""
        left = self.end - time.monotonic()
        if left <= 0:
            self.why = "late"
            raise ConnectionAbortedError
        return left


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        inner = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with inner, suppress(OSError):  # the client sees a closed connection, and its error is what is told
            inner.connect(str(self.server.target))
            back = threading.Thread(target=self._copy, args=(inner, self.request, True), daemon=True)
            back.start()
            self._copy(self.request, inner, False)
            back.join(max(0.0, self.server.end - time.monotonic()))

    def _copy(self, source: socket.socket, target: socket.socket, from_lab: bool) -> None:
        try:
            while chunk := self._receive(source):
                if from_lab:
                    self.server.took(len(chunk))
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, target):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _receive(self, source: socket.socket) -> bytes:
        while True:
            source.settimeout(min(WAIT_SECONDS, self.server.left()))
            with suppress(TimeoutError):
                return source.recv(CHUNK)


@contextmanager
def tunnel(target: Path, port: int, seconds: float, authors: Path) -> Iterator[str]:
    """``127.0.0.1:<port>`` in this sandbox, joined to the unix socket ``target`` for as long as the block runs.

    What a client library raises in the block is told as Failed: the service answered badly, not at all, too much or too
    late. What the code below the folder ``authors`` or the kit itself raises is the lab's own mistake, and passes.
    """
    server = _Server(target, seconds)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
        server.expect_whole()
    except (Failed, StopGrading):
        raise
    except Exception as error:
        if not server.why and any(_raised_by(error).is_relative_to(own) for own in (authors, KIT)):
            raise
        raise _answer(error, server.why, port, seconds) from error
    finally:
        server.shutdown()
        server.server_close()


def _raised_by(error: BaseException) -> Path:
    """The file whose code raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return Path(trace.tb_frame.f_code.co_filename if trace is not None else "")


def _answer(error: Exception, why: str, port: int, seconds: float) -> Failed:
    told = f"{type(error).__name__}: {str(error)[:500]}"
    if why == "late":
        return Failed(
            es=f"El servicio del puerto {port} no terminó de responder en {seconds:.0f} s.",
            en=f"The service on port {port} did not finish its answers within {seconds:.0f} s.",
            got=told,
        )
    if why == "much":
        return Failed(
            es=f"El servicio del puerto {port} respondió con más de {MAX_BYTES >> 20} MiB.",
            en=f"The service on port {port} answered with more than {MAX_BYTES >> 20} MiB.",
            got=told,
        )
    return Failed(
        es=f"El servicio del puerto {port} no respondió como se esperaba. Mira su estado y su registro en Servicios.",
        en=f"The service on port {port} did not answer as expected. See its state and its log under Services.",
        got=told,
    )
