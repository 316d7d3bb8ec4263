"""Runs the kit's roles as plain processes on a built environment: what a sandbox runs, without its walls."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import shutil
import socket
import struct
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workers.environments.bubblewrap import environments_dir

KIT = Path(__file__).resolve().parents[3] / "labs" / "kit"
HOSTILE = Path(__file__).with_name("hostile_student.py")
READY_SECONDS = 120  # a cold disk and a busy machine; on an idle one it takes about two


def built(environment: str) -> Path:
    """The newest finished build of an environment; skips the test where there is none (CI builds it first)."""
    found = sorted(environments_dir().glob(f"{environment}/*/ready.json"), key=lambda path: path.stat().st_mtime)
    if not found:
        pytest.skip(f"environment {environment} is not built: `make test` builds it")
    return found[-1].parent


def tar(files: dict[str, bytes | str]) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return output.getvalue()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(self._path))


class Role:
    """One running role. ``command`` replaces the kit's own entry point (for a hostile student)."""

    def __init__(self, role: str, peer: Path | None = None, command: list[str] | None = None, **env: str) -> None:
        environment = built("base")
        # Short: the path of a unix socket ends at 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="kit"))
        self.run, self.work = self.folder / "run", self.folder / "home" / "work"
        self.run.mkdir()
        self.work.mkdir(parents=True)
        (self.folder / "labkit").symlink_to(KIT)
        variables = {
            "HOME": str(self.folder / "home"),
            "PATH": f"{environment}/bin:/usr/bin:/bin",
            "PYTHONPATH": str(self.folder),
            "LANG": "C.UTF-8",
            "LAB_ROLE": role,
            "LAB_RUN": str(self.run),
            "LAB_HOME": str(self.folder / "home"),
            "LAB_PEER": str(peer or ""),
            "LAB_LIMITS": '{"memory_mb": 1024}',
            **env,
        }
        self.process = subprocess.Popen(
            [f"{environment}/bin/python", *(command or ["-m", "labkit.main"])],
            cwd=self.work,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait_ready(self) -> Role:
        end = time.monotonic() + READY_SECONDS
        while not (self.run / "ready").exists():
            error = self.run / "error"
            assert not error.exists(), error.read_text()
            assert self.process.poll() is None, f"ended with status {self.process.returncode}"
            assert time.monotonic() < end, "not ready"
            time.sleep(0.01)
        return self

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def get(path: Path, target: str) -> tuple[int, bytes]:
    """One GET over a unix socket."""
    connection = UnixConnection(path)
    connection.request("GET", target)
    with contextlib.closing(connection), connection.getresponse() as response:
        return response.status, response.read()


class Session(Role):
    """A session with its HTTP API."""

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        connection = UnixConnection(self.run / "jupyter.sock")
        data = body if isinstance(body, bytes) or body is None else json.dumps(body)
        connection.request(method, path, data)
        response = connection.getresponse()
        status, content = response.status, response.read()
        connection.close()
        return status, content

    def start(self, source: str, path: str = "main.py") -> str:
        """Save a file and run it; the run's id."""
        assert self.request("PUT", f"/lab/files/{path}", source.encode())[0] == 204
        self.wait_idle()
        status, content = self.request("POST", "/lab/runs", {"path": path})
        assert status == 201, content
        return str(json.loads(content)["id"])

    def wait_idle(self) -> None:
        end = time.monotonic() + READY_SECONDS
        while json.loads(self.request("GET", "/lab/health")[1])["kernel"] != "idle":
            assert time.monotonic() < end
            time.sleep(0.02)

    def follow(self, run: str, after: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
        """The events of a run as they come."""
        connection = UnixConnection(self.run / "jupyter.sock")
        connection.request("GET", f"/lab/runs/{run}/events?after={after}")
        number = 0
        with contextlib.closing(connection), connection.getresponse() as response:
            assert response.status == 200
            for line in response:
                if line.startswith(b"id: "):
                    number = int(line[4:])
                elif line.startswith(b"data: "):
                    yield number, json.loads(line[6:])

    def output(self, source: str) -> list[dict[str, Any]]:
        """Every event of one run of this source."""
        return [event for _, event in self.follow(self.start(source))]


def said(events: list[dict[str, Any]], name: str = "stdout") -> str:
    return "".join(event["text"] for event in events if event["t"] == "stream" and event["name"] == name)


def grade(
    student: Role,
    checks: str,
    files: dict[str, bytes | str],
    names: list[str],
    seconds: float = 60,
    pristine: dict[str, bytes | str] | None = None,
    extra_cells: str = "ignore",
    services: tuple[dict[str, Any], ...] = (),
    lab: dict[str, bytes | str] | None = None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Grade files with these checks in a fresh grader: its events, and the report (empty when none came).

    ``lab``: more of what the grader alone gets, as ``hidden/helper.py``.
    """
    grader = Role("grader", peer=student.run).wait_ready()
    try:
        job = {"job": "j1", "attempt": 2, "seed": 7, "checks": names, "entry": "main.py", "grading_seconds": seconds}
        job["extra_cells"] = extra_cells
        job["services"] = list(services)
        sent = {f"submission/{path}": content for path, content in files.items()}
        own = {f"pristine/{path}": content for path, content in (pristine or {}).items()}
        archive = tar({"checks.py": checks, **sent, **own, **(lab or {})})
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(seconds + 30)
            connection.connect(str(grader.run / "grader.sock"))
            connection.sendall(json.dumps(job).encode() + b"\n" + struct.pack(">Q", len(archive)) + archive)
            events = [json.loads(line) for line in connection.makefile()]
        reports = [event["report"] for event in events if event["event"] == "report"]
        return events, reports[0] if reports else {}
    finally:
        grader.stop()
