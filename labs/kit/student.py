"""Role ``student`` (S): a bare kernel, and one verb for the grader: a line ``restart`` on ``student.sock``."""

from __future__ import annotations

import socket

from . import places
from .kernel import KernelFailed, KernelProcess

READY_SECONDS = 120
WARMUP = f"from {__package__} import remote as _lab_remote; _lab_remote.prepare(); del _lab_remote"


class Student:
    """One kernel at a time. One that dies stays dead until the grader asks for another."""

    def __init__(self) -> None:
        self._kernel: KernelProcess | None = KernelProcess(WARMUP)

    def wait_ready(self) -> None:
        """Until the kernel is warm. Raises KernelFailed."""
        if self._kernel is not None:
            self._kernel.wait_ready(READY_SECONDS)

    def restart(self) -> None:
        """Kill the kernel and start another, ready on return. Raises KernelFailed."""
        old, self._kernel = self._kernel, None
        if old is not None:
            old.kill()
            old.wait()
        self._kernel = KernelProcess(WARMUP)
        self.wait_ready()


def main() -> None:
    """Serve until stopped."""
    student = Student()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(places.RUN / "student.sock"))
    listener.listen(4)
    student.wait_ready()
    (places.RUN / "ready").touch()
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(5)
            try:
                if connection.recv(16) == b"restart\n":
                    student.restart()
                    connection.sendall(b"ok\n")
            except (OSError, KernelFailed):
                continue  # the grader sees a closed connection and no "ok"
