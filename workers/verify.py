"""Proves a lab: its starter doesn't pass, its solution gets everything, each mutant loses exactly its checks, and what
students hand in by accident ends in a message for them.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from labs.catalog import Environment, Lab
from workers import proofs, specs, spoiled
from workers.config import settings
from workers.environments import builder_for
from workers.grading import Grading
from workers.host import Host
from workers.jobs import GradeJob, GradeResult
from workers.sandboxes import choose
from workers.storage import LocalStorage

BAD = "bad: "
LOOP_SECONDS = 10
OF_OURS = ("Traceback (most recent call last)", "/opt/lab/kit/", "labkit")


@dataclass(frozen=True)
class Run:
    """One graded tree of a lab. ``problems`` is empty when it came out as it must; ``peak_memory``: of S, bytes."""

    lab: str
    name: str
    result: GradeResult
    percent: float
    lost: tuple[str, ...]
    problems: tuple[str, ...]
    peak_memory: int = 0

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass
class _Attempt(Grading):
    """One whose lab may get less time: an endless loop needn't use all of it to be seen."""

    most_seconds: int | None = None

    def _what(self) -> tuple[Lab, Environment, str]:
        lab, environment, image = super()._what()
        if self.most_seconds is None or lab.spec.grading_seconds <= self.most_seconds:
            return lab, environment, image
        hurried = lab.spec.model_copy(update={"grading_seconds": self.most_seconds})
        return replace(lab, spec=hurried), environment, image


def trees(lab: Lab) -> Iterator[tuple[str, dict[str, bytes]]]:
    """What is graded: each laid over the starter, as a student's workspace is."""
    starter = lab.tree("starter")
    yield "starter", starter
    yield "solution", {**starter, **lab.tree("solution")}
    for mutant in lab.spec.mutants:
        yield f"mutant {mutant.id}", {**starter, **lab.mutant(mutant.id)}
    for kind, files in spoiled.trees(lab):
        yield f"{BAD}{kind}", files


def verify(
    host: Host, lab: Lab, seed: int | None = None, only: Callable[[str], bool] = lambda _: True
) -> Iterator[Run]:
    """Grade each of the lab's trees on the host's driver, with a fresh seed each unless one is given."""
    for name, files in trees(lab):
        if only(name):
            stored = {path: host.storage.put(content) for path, content in files.items()}
            chosen = secrets.randbelow(2**31) if seed is None else seed
            gpu = bool(host.config.gpus)
            job = GradeJob(f"verify-{specs.new_id()}", 1, lab.id, lab.digest, stored, chosen, gpu=gpu)
            result, peak = _graded(host, job, LOOP_SECONDS if name == f"{BAD}endless loop" else None)
            yield _judged(lab, name, result, peak)


def _graded(host: Host, job: GradeJob, most_seconds: int | None) -> tuple[GradeResult, int]:
    """The verdict, and the most memory (bytes) that S held."""
    attempt = _Attempt(host, job, lambda _: None, most_seconds=most_seconds)
    try:
        result = attempt.run()
        return result, host.driver.peak_memory(attempt.handles[0]) if attempt.handles else 0
    finally:
        attempt.close()
        for handle in host.driver.list():
            if handle.labels.get("job") == job.job:  # it was being started when somebody ended this
                host.driver.stop(handle)


def _judged(lab: Lab, name: str, result: GradeResult, peak_memory: int) -> Run:
    points = {check.id: check.points for check in lab.spec.checks}
    scores = {check["id"]: float(check["score"]) for check in result.checks}
    percent = 100 * sum(points[c] * scores.get(c, 0.0) for c in points) / sum(points.values())
    lost = tuple(c for c in points if scores.get(c, 0.0) < 1)
    return Run(lab.id, name, result, percent, lost, tuple(_problems(lab, name, result, percent, lost)), peak_memory)


def _problems(lab: Lab, name: str, result: GradeResult, percent: float, lost: tuple[str, ...]) -> Iterator[str]:
    if result.outcome in ("author_error", "platform_error"):
        yield f"{result.outcome}: {result.message.get('detail', '')}"
    elif name == "starter":
        if percent >= lab.spec.pass_points:
            yield f"passes with {percent:.0f} % before anything is done"
    elif name == "solution":
        if lost:
            yield f"loses {', '.join(lost)}"
    elif name.startswith(BAD):
        yield from _untold(name, result, lost)
    else:
        expected = next(m.loses for m in lab.spec.mutants if name == f"mutant {m.id}")
        if missed := [c for c in expected if c not in lost]:
            yield f"keeps {', '.join(missed)}, which it should lose"
        if extra := [c for c in lost if c not in expected]:
            yield f"loses {', '.join(extra)} too"


def _untold(name: str, result: GradeResult, lost: tuple[str, ...]) -> Iterator[str]:
    """What a student wouldn't understand of the verdict on something that they handed in by accident."""
    if not lost and not name.endswith("killed services"):  # those may be up again before they are looked at
        yield "gets everything"
    for check in result.checks:
        told = f"{check.get('message')} {check.get('got')}"
        if check["id"] in lost and result.outcome == "graded" and not check.get("message"):
            yield f"{check['id']} says nothing"
        if any(fragment in told for fragment in OF_OURS):
            yield f"{check['id']} shows a stack trace: {told[:300]}"


def table_row(run: Run) -> str:
    """One line of the table ``labs verify`` prints."""
    mark = "ok  " if run.ok else "FAIL"
    seconds = run.result.timings.get("total", 0.0)
    said = "; ".join(run.problems) or (f"loses {', '.join(run.lost)}" if run.lost else "")
    return f"{mark} {run.lab:<24} {run.name:<28} {run.percent:5.0f} % {seconds:6.1f} s  {said}"


def main(
    lab: str | None,
    driver: str | None,
    write: Callable[[str], object],
    table: Path | None = None,
    only: str = "",
) -> bool:
    """Verify one lab, or all, on a driver (the host's own by default); whether all came out as they must.

    ``table``: the file whose rows of these labs are written anew, or struck when they didn't. ``only``: trees whose
    name contains it.
    """
    changes = {"pool": False, **({"driver": driver} if driver else {})}  # warm sandboxes are the students'
    config = settings().model_copy(update=changes)
    chosen = choose(config)
    with tempfile.TemporaryDirectory() as folder:
        host = Host(config, chosen, builder_for(chosen.name), LocalStorage(Path(folder)))
        labs = host.catalog.labs
        if lab and lab not in labs:
            write(f"there is no lab {lab}; there are: {', '.join(sorted(labs))}")
            return False
        good = True
        for found in [labs[lab]] if lab else labs.values():
            host.builder.build(host.environment(found, gpu=bool(config.gpus)), lambda *_: None)
            runs = []
            for run in verify(host, found, only=lambda name: only in name):
                write(table_row(run))
                runs.append(run)
            if not runs:
                write(f"{found.id} has no tree named {only}")
            good = good and bool(runs) and all(run.ok for run in runs)
            if table is not None:
                proofs.record(table, host.catalog, found, runs)
        return good
