"""Real sandboxes for tests: the drivers this machine has, a small environment, programs that say what they saw."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import string
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.config import LabsSettings
from workers.jobs import Limits, Role, SandboxSpec
from workers.sandboxes import docker, open_run_dir
from workers.sandboxes.base import ExitRecord, Handle, SandboxDriver
from workers.sandboxes.bubblewrap import BubblewrapDriver

PYTHON = "/opt/lab/env/bin/python"
DOCKERFILE = """
FROM debian:bookworm-slim
RUN apt-get update -q && apt-get install -qy --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
RUN /usr/bin/python3 -m venv --without-pip /opt/lab/env
"""
PRELUDE = """
import json, os
def say(value):
    with open("/run/lab/.said", "w") as file:
        json.dump(value, file)
    os.rename("/run/lab/.said", "/run/lab/said")
"""
ECHO = """
import socket
server = socket.socket(socket.AF_UNIX)
server.bind("/run/lab/echo.sock")
server.listen(16)
while True:
    connection = server.accept()[0]
    connection.sendall(connection.recv(64) + os.getcwd().encode())
    connection.close()
"""


def available_drivers() -> list[str]:
    """The names of the drivers that can run here."""
    return [*(["bubblewrap"] if shutil.which("bwrap") else []), *(["docker"] if docker.answers() else [])]


def make_image(driver: str, folder: Path) -> str:
    """A Python and nothing else, in the driver's form of an environment."""
    if driver == "bubblewrap":
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", str(folder / "env")], check=True)
        return str(folder / "env")
    build = ["docker", "build", "-q", "--network", "host", "-t", "labs-test-python", "-"]
    done = subprocess.run(build, input=DOCKERFILE, text=True, check=True, capture_output=True)
    return done.stdout.strip()


def new_id() -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(26))


def ping(handle: Handle, seconds: float = 60.0) -> float:
    """Seconds until a sandbox running ECHO answers."""
    began = time.monotonic()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(seconds)
        while True:
            try:
                client.connect(str(handle.run_dir / "echo.sock"))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                assert time.monotonic() < began + seconds, "the sandbox never listened"
                time.sleep(0.01)
        client.sendall(b"hello ")
        assert client.recv(64) == b"hello /home/lab/work"
    return time.monotonic() - began


def wait_for_file(path: Path, seconds: float = 60.0) -> None:
    """Until a program in a sandbox has made a file."""
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.01)


def wait_until_still(beat: Path, seconds: float = 60.0) -> None:
    """Until a file that a program touches every few milliseconds has been left alone for a second."""
    end = time.monotonic() + seconds
    while beat.stat().st_mtime > time.time() - 1:
        assert time.monotonic() < end, "the program goes on"
        time.sleep(0.05)


def kill(run_dir: Path, sandbox: str) -> None:
    """End a sandbox as a fault would: by SIGKILL from outside, with nobody told."""
    supervisor = run_dir / sandbox / "pid"
    if supervisor.exists():
        os.kill(json.loads(supervisor.read_text())[0], signal.SIGKILL)
    else:
        subprocess.run(["docker", "kill", f"labs-{sandbox}"], check=True, capture_output=True)


@dataclass
class Bench:
    """One driver with an environment; ends every sandbox it started."""

    driver: SandboxDriver
    settings: LabsSettings
    image: str
    started: list[Handle] = field(default_factory=list)

    def spec(self, program: str = "", **changes: Any) -> SandboxSpec:
        """``program`` is Python, with :data:`PRELUDE` before it; limits are small but for what a test changes."""
        small: dict[str, Any] = {
            "memory_mb": 128,
            "pids": 32,
            "disk_mb": 16,
            "inodes": 200,
            "wall_seconds": 300,
            "file_mb": 16,
        }
        limits = Limits(**{**small, **{k: changes.pop(k) for k in Limits.__dataclass_fields__ if k in changes}})
        role: Role = changes.pop("role", "student")
        given = {
            "id": new_id(), "environment": "test", "image": self.image, "role": role, "limits": limits,
            "deadline": time.time() + 300, "command": (PYTHON, "-c", PRELUDE + program),
        }  # fmt: skip
        return SandboxSpec(**{**given, **changes})

    def start(self, program: str = "", **changes: Any) -> Handle:
        handle = self.driver.start(self.spec(program, **changes))
        self.started.append(handle)
        return handle

    def wait(self, handle: Handle, seconds: float = 120.0) -> ExitRecord:
        end = time.monotonic() + seconds
        while (record := self.driver.poll(handle)) is None:
            assert time.monotonic() < end, "the sandbox goes on"
            time.sleep(0.01)
        return record

    def run(self, program: str, **changes: Any) -> ExitRecord:
        return self.wait(self.start(program, **changes))

    def said(self, handle: Handle | None = None, seconds: float = 120.0) -> Any:
        """What the program of a sandbox (the last one started) has passed to ``say``."""
        file = (handle or self.started[-1]).run_dir / "said"
        end = time.monotonic() + seconds
        while not file.exists():
            record = self.driver.poll(handle or self.started[-1])
            assert record is None or file.exists(), f"it ended and said nothing: {record}"
            assert time.monotonic() < end, "it says nothing"
            time.sleep(0.01)
        return json.loads(file.read_text())

    def ask(self, program: str, **changes: Any) -> Any:
        """Runs a program to its end; what it said."""
        handle = self.start(program, **changes)
        self.wait(handle)
        return self.said(handle)

    def stop_all(self) -> None:
        while self.started:
            self.driver.stop(self.started.pop())


@contextmanager
def bench(driver: str, image: str) -> Iterator[Bench]:
    """A bench with a run directory of its own, gone with all its sandboxes afterwards."""
    run_dir = Path(tempfile.mkdtemp(prefix="labs-test-", dir="/dev/shm"))
    settings = LabsSettings(run_dir=run_dir, driver=driver)
    open_run_dir(settings)
    made = BubblewrapDriver(settings) if driver == "bubblewrap" else docker.DockerDriver(settings)
    try:
        yield Bench(made, settings, image)
    finally:
        for handle in made.list():
            made.stop(handle)
        if isinstance(made, docker.DockerDriver):
            made.close()
        else:
            made.cgroups.tidy()
        shutil.rmtree(run_dir)
