"""Starts and watches the kernel process. Only the standard library: it must run before anything heavy is imported."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import places

READY = b"ready"
HIDDEN = ("LAB_ROLE", "LAB_LIMITS", "LAB_UI_PORTS", "LAB_PEER", "LAB_HIBERNATE_SECONDS", "LAB_WARMUP")
"""Variables of the sandbox's own start, which no program of the student's sees."""


class KernelFailed(Exception):
    """The kernel ended before it was ready; the message is its own traceback."""


def write_connection_file(path: Path) -> None:
    """Where the kernel binds. No key: see ``wire``."""
    connection = {
        "transport": "ipc",
        "ip": str(places.RUN / places.KERNEL_SOCKET),
        "shell_port": places.SHELL,
        "iopub_port": places.IOPUB,
        "stdin_port": places.STDIN,
        "control_port": places.CONTROL,
        "hb_port": places.HEARTBEAT,
        "key": "",
        "signature_scheme": "hmac-sha256",
        "kernel_name": "python3",
    }
    path.write_text(json.dumps(connection))


def clean_environment() -> dict[str, str]:
    """What student code sees: nothing of how the sandbox was started, besides what a terminal needs."""
    kept = {name: value for name, value in os.environ.items() if name not in HIDDEN}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "PLOTLY_RENDERER": "plotly_mimetype"}


class KernelProcess:
    """One kernel in a process group of its own, so that interrupting or killing reaches what it started."""

    def __init__(self, warmup: str = "") -> None:
        """``warmup`` is run after the environment's own."""
        places.WORK.mkdir(parents=True, exist_ok=True)
        connection = places.RUN / "kernel.json"
        write_connection_file(connection)
        self._pipe, child_pipe = os.pipe()
        # -P: a student's file named like a library must not break the kernel's own imports.
        command = [sys.executable, "-P", "-m", f"{__package__}.kernel_process", str(connection), str(child_pipe)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=places.WORK,
            env={**clean_environment(), "LAB_WARMUP": f"{os.environ.get('LAB_WARMUP', '')}\n{warmup}"},
            pass_fds=(child_pipe,),
            start_new_session=True,
        )
        os.close(child_pipe)

    def wait_ready(self, timeout: float) -> None:
        """Until it has run the warm-up. Raises KernelFailed."""
        said = b""
        deadline = time.monotonic() + timeout
        try:
            while said != READY:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([self._pipe], [], [], left)[0]:
                    self.kill()
                    raise KernelFailed(
                        f"the kernel was not ready after {timeout:.0f} s\n{said.decode(errors='replace')}"
                    )
                chunk = os.read(self._pipe, 4096)
                if not chunk:
                    code = self._process.wait()
                    raise KernelFailed(said.decode(errors="replace") or f"the kernel exited with status {code}")
                said = (said + chunk)[-4096:]
        finally:
            os.close(self._pipe)

    def wait(self) -> int:
        """Blocks until it has ended; the exit status, negative for a signal."""
        return self._process.wait()

    @property
    def group(self) -> int:
        """Its process group, which holds what it started, too."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def interrupt(self) -> None:
        """As Ctrl-C in a terminal."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """At once, with all its group."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        # While the leader is not reaped its group id can't belong to anyone else.
        if self.alive:
            os.killpg(self._process.pid, number)
