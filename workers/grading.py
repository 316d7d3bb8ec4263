"""One attempt at grading one submission, in two sandboxes: S with the student's files, G with the checks (design §5).

Needs no queue: ``labs verify`` and the tests call :func:`grade` directly.
"""

from __future__ import annotations

import json
import logging
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from labs.catalog import Environment, Lab
from labs.kit import report as reports
from labs.kit.services import START_SECONDS as SERVICES_SECONDS
from labs.services import services_of
from workers import pool, specs
from workers.host import Host
from workers.jobs import GradeJob, GradeResult, Outcome
from workers.sandboxes.base import ExitRecord, Handle, SandboxError
from workers.sockets import connect, read_note
from workers.startup import wait_ready
from workers.storage import StorageError
from workers.workspace import archive

log = logging.getLogger(__name__)

Event = dict[str, Any]
SOCKET = "grader.sock"
MARGIN_SECONDS = 15.0  # G ends the job at grading_seconds itself; past this much more it is taken for hung
MAX_ANSWER = 1024 * 1024  # a report of 512 KiB and every event around it
TICK = 0.25


class GraderFailed(Exception):
    """G gave no usable report."""


@dataclass
class Grading:
    """One attempt under way: the sandboxes it has and how long each part took."""

    host: Host
    job: GradeJob
    on_event: Callable[[Event], None]
    began: float = field(default_factory=time.monotonic)
    handles: list[Handle] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)

    def run(self) -> GradeResult:
        """The verdict, or who failed. The sandboxes are still there afterwards: see :meth:`close`."""
        try:
            lab, environment, image = self._what()
            parcel = archive(self._parcel(lab))
            self._phase("starting")
            self._obtain(lab, environment, image)
            self.timings["start"] = time.monotonic() - self.began
            return self._judge(lab, environment, parcel)
        except (SandboxError, StorageError, OSError) as error:
            log.warning("job %s attempt %s: %s", self.job.job, self.job.attempt, error)
            return self._result("platform_error", note=f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """End both sandboxes."""
        pool.stop_all(self.host, self.handles)
        self.handles = []

    def _what(self) -> tuple[Lab, Environment, str]:
        lab = self.host.catalog.labs.get(self.job.lab)
        if lab is None or lab.digest != self.job.lab_digest:
            raise SandboxError(f"this host has {'another version' if lab else 'no copy'} of lab {self.job.lab}")
        environment = self.host.environment(lab, self.job.gpu)
        image = self.host.image(environment)
        if image is None:
            raise SandboxError(f"environment {environment.name} is not built on this host")
        return lab, environment, image

    def _parcel(self, lab: Lab) -> dict[str, bytes]:
        """What G needs. Only ``submission/`` and ``data/`` go on to S."""
        files = {"checks.py": (lab.path / "checks.py").read_bytes()}
        for folder in ("hidden", "data"):
            files.update({f"{folder}/{name}": content for name, content in lab.tree(folder).items()})
        pristine = {name: content for name, content in lab.tree("starter").items() if name.endswith(".ipynb")}
        files.update({f"pristine/{name}": content for name, content in pristine.items()})
        files.update({f"submission/{name}": self.host.storage.get(sha) for name, sha in self.job.files.items()})
        return files

    def _obtain(self, lab: Lab, environment: Environment, image: str) -> None:
        """A warm pair, or a new one; ready when this returns."""
        labels = {"job": self.job.job, "attempt": str(self.job.attempt)}
        ready = environment.spec.ready_seconds
        deadline = time.time() + ready + _seconds(lab, environment) + 2 * MARGIN_SECONDS
        if lab.spec.limits is None:
            self.handles = pool.claim(self.host, environment, image, "grading", labels, deadline) or []
        self.timings["pool_hit"] = float(bool(self.handles))
        if not self.handles:
            limits = specs.limits_of(environment, lab.spec.limits)
            self.handles = pool.start(self.host, environment, image, "grading", labels, deadline, limits)
            wait_ready(self.host, self.handles, ready)

    def _judge(self, lab: Lab, environment: Environment, parcel: bytes) -> GradeResult:
        """Hand G the work, pass on what it says, and decide whose failure a failure is."""
        end = time.monotonic() + _seconds(lab, environment) + MARGIN_SECONDS
        wanted = self.job.checks
        ids = [check.id for check in lab.spec.checks if wanted is None or check.id in wanted]
        try:
            report = None
            for line in self._conversation(lab, environment, ids, parcel, end):
                if line.get("event") == "report":
                    report = reports.validate(line.get("report") or {}, self.job.job, self.job.attempt, ids)
                else:
                    self._pass_on(line, ids)
        except (GraderFailed, reports.BadReport, OSError) as error:
            return self._blame(error, end)
        if report is None:
            return self._blame(GraderFailed("the grader closed without a report"), end)
        self.timings["student"] = float(report["student_seconds"])
        if report["outcome"] == "author_error":
            note = read_note(self.handles[1].run_dir, "error") or ""
            log.warning("checks of lab %s have an error of their own: %s", lab.id, note)
            return self._result("author_error", report["message"], report["checks"], note)
        if report["outcome"] in ("graded", "timeout") and self._student_ran_out(report["checks"]):
            return self._result("memory")
        return self._result(report["outcome"], report["message"], report["checks"])

    def _conversation(
        self, lab: Lab, environment: Environment, ids: list[str], parcel: bytes, end: float
    ) -> Iterator[Event]:
        """Send the job over G's socket; yield the lines it answers until it closes."""
        order = {
            "job": self.job.job,
            "attempt": self.job.attempt,
            "seed": self.job.seed,
            "checks": ids,
            "entry": lab.spec.entry,
            "grading_seconds": lab.spec.grading_seconds,
            "extra_cells": lab.spec.extra_cells,
            "services": [s.model_dump(mode="json") for s in services_of(environment.spec, lab.spec)],
        }
        with connect(self.handles[1].run_dir, SOCKET, timeout=5) as connection:
            connection.settimeout(MARGIN_SECONDS)
            connection.sendall(json.dumps(order).encode() + b"\n" + struct.pack(">Q", len(parcel)) + parcel)
            connection.settimeout(TICK)
            yield from self._lines(connection, end)

    def _lines(self, connection: socket.socket, end: float) -> Iterator[Event]:
        rest, seen = b"", 0
        while True:
            try:
                chunk = connection.recv(65536)
            except TimeoutError:
                chunk = None
            if time.monotonic() > end:
                raise TimeoutError("the grader did not finish in time")
            if chunk is None:
                continue
            if not chunk:
                return
            seen += len(chunk)
            if seen > MAX_ANSWER:
                raise GraderFailed("the grader answered more than it may")
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield _object(line)

    def _pass_on(self, line: Event, ids: list[str]) -> None:
        """Progress, rebuilt from what is known: nothing else a sandbox says reaches the page this way."""
        if line.get("event") == "phase" and line.get("phase") in ("preparing", "running", "checking"):
            self._phase(str(line["phase"]))
        elif line.get("event") == "check" and line.get("id") in ids and line.get("status") in reports.STATUSES:
            self.on_event({"t": "check", "id": line["id"], "status": line["status"]})

    def _phase(self, phase: str) -> None:
        self.on_event({"t": "phase", "phase": phase})

    def _blame(self, error: Exception, end: float) -> GradeResult:
        """G gave no report: the student's memory or time, the lab's checks, or us."""
        student, grader = (self._ended(handle) for handle in self.handles)
        told = read_note(self.handles[1].run_dir, "error")
        note = f"{type(error).__name__}: {error}; S {student}; G {grader}; {told}"
        log.warning("job %s attempt %s: %s", self.job.job, self.job.attempt, note)
        if self.host.driver.oom(self.handles[0]):
            return self._result("memory")
        if self.host.driver.oom(self.handles[1]):
            return self._result("author_error", note="the checks ran out of memory")
        if isinstance(error, TimeoutError) and time.monotonic() >= end:
            return self._result("timeout")
        if isinstance(error, reports.BadReport):
            return self._result("author_error", note=str(error))
        return self._result("platform_error", note=note)

    def _ended(self, handle: Handle, wait: float = 1.0) -> ExitRecord | None:
        """How a sandbox ended, giving its record a moment to be written; None while it lives."""
        end = time.monotonic() + wait
        while (record := self.host.driver.poll(handle)) is None and time.monotonic() < end:
            time.sleep(0.02)
        return record

    def _student_ran_out(self, checks: list[dict[str, Any]]) -> bool:
        """Whether something in S was killed for memory. Not asked when every check passed."""
        return any(check["status"] != "passed" for check in checks) and self.host.driver.oom(self.handles[0])

    def _result(
        self,
        outcome: Outcome,
        message: dict[str, str] | None = None,
        checks: list[dict[str, Any]] | None = None,
        note: str = "",
    ) -> GradeResult:
        self.timings["total"] = time.monotonic() - self.began
        if note:
            message = {**(message or {}), "detail": note[:2000]}
        return GradeResult(self.job.job, self.job.attempt, outcome, message or {}, checks or [], dict(self.timings))


def _seconds(lab: Lab, environment: Environment) -> float:
    """The checks' time, and that of the services they wait for."""
    return lab.spec.grading_seconds + (SERVICES_SECONDS if services_of(environment.spec, lab.spec) else 0.0)


def _object(line: bytes) -> Event:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise GraderFailed("the grader's answer is not JSON") from error
    if not isinstance(value, dict):
        raise GraderFailed("the grader's answer is not an object")
    return value


def _ignore(_: object) -> None:
    return None


def grade(
    job: GradeJob,
    host: Host,
    on_event: Callable[[Event], None] = _ignore,
    deliver: Callable[[GradeResult], None] = _ignore,
) -> GradeResult:
    """Grade it. ``deliver`` gets the verdict before the sandboxes are taken down: the student needn't wait for that."""
    grading = Grading(host, job, on_event)
    try:
        result = grading.run()
        deliver(result)
        return result
    finally:
        grading.close()
