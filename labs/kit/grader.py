"""Role ``grader`` (G): takes one job on ``grader.sock``, drives S, computes the verdict here, reports, ends.

The worker sends a JSON line, the length of a tar in 8 bytes, the tar; it reads JSON lines until the report. When the
platform is at fault (S not there before any of the student's code ran) G closes without a report and says why in
``error``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from . import notebook, places, strict, workspace
from .grader_services import ServicesLate, bring_up
from .lab import Failed, Lab
from .peer import OutputLimit, Peer, StopGrading
from .report import MAX_FIGURE, CheckResult, Report, clip

MAX_JOB = workspace.Caps(files=4000, total_bytes=512 << 20, file_bytes=256 << 20)
JOB = places.HOME / "job"

TIMEOUT = {
    "es": "La calificación se detuvo: tu código usó todo el tiempo del laboratorio. Mide antes con Ejecutar.",
    "en": "Grading stopped: your code used all the lab's time. Use Run first to see how long it takes.",
}
OUTPUT_LIMIT = {
    "es": "La calificación se detuvo: tu programa escribió demasiado. Quita los print() dentro de ciclos grandes.",
    "en": "Grading stopped: your program wrote too much. Remove print() calls inside large loops.",
}
AUTHOR_ERROR = {
    "es": "Esta comprobación tiene un error propio, no tuyo. Ya quedó registrado.",
    "en": "This check has an error of its own, not yours. It has been recorded.",
}
NOT_REACHED = {
    "es": "No se llegó a comprobar: la calificación se detuvo antes.",
    "en": "Not checked: grading stopped before it.",
}


class ChecksTooSlow(BaseException):
    """The lab's own code ran past the deadline. Not an Exception, so that no check swallows it."""


class Channel:
    """The worker's connection. Only this process holds it; S can't."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """The job and its files."""
        job = strict.loads(self._file.readline(64 << 10), 64 << 10)
        (size,) = struct.unpack(">Q", self._exactly(8))
        if size > MAX_JOB.total_bytes:
            raise ValueError("the job's files are too large")
        return job, self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise EOFError("the job ended early")
        return data

    def send(self, event: dict[str, Any]) -> None:
        self._connection.sendall(json.dumps(event).encode() + b"\n")

    def close(self) -> None:
        self._file.close()
        self._connection.close()


class Grading:
    """One job, from its files to its report."""

    def __init__(self, job: dict[str, Any], channel: Channel) -> None:
        self.report = Report(job=job["job"], attempt=job["attempt"])
        self._names: list[str] = job["checks"]
        self._extra_cells = job.get("extra_cells") == "run"
        self._channel = channel
        self._seconds = float(job["grading_seconds"])
        self.peer = Peer(places.PEER, time.monotonic() + self._seconds)
        self._services: list[dict[str, Any]] = job.get("services", [])
        services = tuple(service["id"] for service in self._services)
        gpu = os.environ.get("LAB_GPU") == "1"
        self.lab = Lab(self.peer, int(job["seed"]), JOB / "hidden", services=services, gpu=gpu)
        self._lock = threading.Lock()
        self._sent = False

    def run(self) -> None:
        """Prepare S, run every check, send the report. Raises what is the platform's fault, ServicesLate too."""
        self._phase("preparing")
        self.peer.connect()
        threading.Thread(target=self._guard_memory, daemon=True).start()
        signal.signal(signal.SIGALRM, _too_slow)
        signal.setitimer(signal.ITIMER_REAL, self._seconds + 3)
        try:
            self._transplant()
            for folder in ("data", "submission"):
                if (JOB / folder).is_dir():
                    self.lab.put(workspace.pack(JOB / folder, MAX_JOB))
            if (down := self._start_services()) is None:
                self._phase("running")
                self._run_checks(_load(JOB / "checks.py"))
            else:
                self.report.checks = [_failed(name, down) for name in self._names]
        except StopGrading as stop:
            self._stop(stop)
        except (Exception, ChecksTooSlow) as error:
            self._author_error(error)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self.send_report()

    def _transplant(self) -> None:
        """Put the student's answers into the lab's own notebooks: what S gets and runs is those."""
        folder = JOB / "pristine"
        for file in sorted(folder.rglob("*.ipynb")):
            path = file.relative_to(folder).as_posix()
            submitted = JOB / "submission" / path
            given = submitted.read_bytes() if submitted.is_file() else b""
            made = notebook.transplant(notebook.parse(file.read_bytes()), given, extra=self._extra_cells)
            self.lab.notebooks[path] = made
            submitted.parent.mkdir(parents=True, exist_ok=True)
            submitted.write_bytes(made.notebook.dump())

    def _start_services(self) -> Failed | None:
        """As ``grader_services.bring_up``. The lab's time stands still meanwhile."""
        left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            return bring_up(self.peer, self._services)
        finally:
            signal.setitimer(signal.ITIMER_REAL, left)

    def _run_checks(self, module: ModuleType) -> None:
        for number, name in enumerate(self._names):
            began = time.monotonic()
            result = _verdict(name, getattr(module, name), self.lab)
            result.seconds = round(time.monotonic() - began, 3)
            self.report.checks.append(result)
            if number == 0:
                self._phase("checking")
            self._channel.send({"event": "check", "id": name, "status": result.status})

    def _stop(self, stop: StopGrading) -> None:
        self.report.outcome = "output_limit" if isinstance(stop, OutputLimit) else "timeout"
        self.report.message = OUTPUT_LIMIT if isinstance(stop, OutputLimit) else TIMEOUT

    def _author_error(self, error: BaseException) -> None:
        self.report.outcome = "author_error"
        told = clip("".join(traceback.format_exception(error))[-3000:])
        self.report.message = {**AUTHOR_ERROR}
        # For the log of the platform, never for the student: a traceback of checks.py may show what is expected.
        (places.RUN / "error").write_text(told)

    def send_report(self) -> None:
        """Once, whichever thread comes first. Checks that were not reached count as failed."""
        with self._lock:
            if self._sent:
                return
            self._sent = True
            done = {check.id for check in self.report.checks}
            status = "error" if self.report.outcome == "author_error" else "failed"
            for name in self._names:
                if name not in done:
                    self.report.checks.append(CheckResult(name, status, message=dict(NOT_REACHED)))  # type: ignore[arg-type]
            self.report.student_seconds = round(self.peer.seconds, 3)
            self._channel.send({"event": "report", "report": self.report.to_json()})
            self._channel.close()

    def _guard_memory(self) -> None:
        """S may send a message without end, which the socket library gathers before we see any of it."""
        limit = int(json.loads(os.environ.get("LAB_LIMITS") or "{}").get("memory_mb", 1024)) * 7 // 10 << 20
        while not self._sent:
            time.sleep(0.02)
            if self.peer.waiting and _resident() > limit:
                self._stop(OutputLimit())
                self.send_report()
                os._exit(0)

    def _phase(self, phase: str) -> None:
        self._channel.send({"event": "phase", "phase": phase})


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _too_slow(_number: int, _frame: object) -> None:
    raise ChecksTooSlow("the checks themselves ran past the deadline")


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("checks", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    return module


def _verdict(name: str, check: Callable[[Lab], object], lab: Lab) -> CheckResult:
    try:
        score = check(lab)
    except Failed as failed:
        return _failed(name, failed)
    if score is None:
        return CheckResult(name, "passed", 1.0)
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise TypeError(f"{name} returned {score!r}: a check returns None or a number from 0 to 1")
    return CheckResult(name, "passed" if score == 1 else "partial" if score > 0 else "failed", float(score))


def _failed(name: str, failed: Failed) -> CheckResult:
    score = min(max(float(failed.score), 0.0), 1.0)
    figure = failed.figure
    if hasattr(figure, "to_json"):  # plotly's own figures
        figure = json.loads(figure.to_json())
    if figure is not None and len(json.dumps(figure)) > MAX_FIGURE:
        figure = None
    return CheckResult(
        name,
        "partial" if score > 0 else "failed",
        score,
        message={language: clip(text) for language, text in failed.message.items()},
        got=None if failed.got is None else clip(failed.got),
        expected=None if failed.expected is None else clip(failed.expected),
        figure=figure,
    )


def main() -> None:
    """Serve one job."""
    # What checks use is imported before a job comes: a verdict must not wait for it.
    from . import compare, remote, spark  # noqa: F401

    remote.prepare()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(places.RUN / "grader.sock"))
    listener.listen(1)
    (places.RUN / "ready").touch()
    connection, _ = listener.accept()
    listener.close()  # S must not find it, through whatever link it leaves in its directory
    channel = Channel(connection)
    job, archive = channel.receive()
    JOB.mkdir()
    workspace.unpack(archive, JOB, MAX_JOB)
    try:
        Grading(job, channel).run()
    except ServicesLate as late:
        raise TimeoutError(str(late)) from late  # for give_up, which leaves it where the worker reads
