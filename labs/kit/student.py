"""Role ``student`` (S): a bare kernel, the lab's services, and two verbs for the grader on ``student.sock``: a line
``restart`` for a fresh kernel, a JSON object for the services (``service_orders``).
"""

from __future__ import annotations

import json
import socket

from . import places
from .kernel import KernelFailed, KernelProcess
from .service_orders import MAX_ORDER, ServiceOrders

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
    student, services = Student(), ServiceOrders()
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
                line = connection.makefile("rb").readline(MAX_ORDER + 1)
                if line == b"restart\n":
                    student.restart()
                    connection.sendall(b"ok\n")
                elif line.endswith(b"\n"):
                    connection.sendall(json.dumps(services.obey(line)).encode() + b"\n")
            except (OSError, KernelFailed):
                continue  # the grader sees a closed connection and no answer
