"""Proves a lab: its starter doesn't pass, its solution gets everything, each mutant loses exactly its checks."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from labs.catalog import Lab
from workers import specs
from workers.config import settings
from workers.environments import builder_for
from workers.grading import grade
from workers.host import Host
from workers.jobs import GradeJob, GradeResult
from workers.sandboxes import choose
from workers.storage import LocalStorage


@dataclass(frozen=True)
class Run:
    """One graded tree of a lab. ``problems`` is empty when it came out as it must."""

    lab: str
    name: str
    result: GradeResult
    percent: float
    lost: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def trees(lab: Lab) -> Iterator[tuple[str, dict[str, bytes]]]:
    """What is graded: each laid over the starter, as a student's workspace is."""
    starter = lab.tree("starter")
    yield "starter", starter
    yield "solution", {**starter, **lab.tree("solution")}
    for mutant in lab.spec.mutants:
        yield f"mutant {mutant.id}", {**starter, **lab.mutant(mutant.id)}


def verify(
    host: Host, lab: Lab, seed: int | None = None, only: Callable[[str], bool] = lambda _: True
) -> Iterator[Run]:
    """Grade each of the lab's trees on the host's driver, with a fresh seed each unless one is given."""
    for name, files in trees(lab):
        if only(name):
            stored = {path: host.storage.put(content) for path, content in files.items()}
            chosen = secrets.randbelow(2**31) if seed is None else seed
            job = GradeJob(f"verify-{specs.new_id()}", 1, lab.id, lab.digest, stored, chosen)
            yield _judged(lab, name, grade(job, host))


def _judged(lab: Lab, name: str, result: GradeResult) -> Run:
    points = {check.id: check.points for check in lab.spec.checks}
    scores = {check["id"]: float(check["score"]) for check in result.checks}
    percent = 100 * sum(points[c] * scores.get(c, 0.0) for c in points) / sum(points.values())
    lost = tuple(c for c in points if scores.get(c, 0.0) < 1)
    return Run(lab.id, name, result, percent, lost, tuple(_problems(lab, name, result, percent, lost)))


def _problems(lab: Lab, name: str, result: GradeResult, percent: float, lost: tuple[str, ...]) -> Iterator[str]:
    if result.outcome in ("author_error", "platform_error"):
        yield f"{result.outcome}: {result.message.get('detail', '')}"
    elif name == "starter":
        if percent >= lab.spec.pass_points:
            yield f"passes with {percent:.0f} % before anything is done"
    elif name == "solution":
        if lost:
            yield f"loses {', '.join(lost)}"
    else:
        expected = next(m.loses for m in lab.spec.mutants if name == f"mutant {m.id}")
        if missed := [c for c in expected if c not in lost]:
            yield f"keeps {', '.join(missed)}, which it should lose"
        if extra := [c for c in lost if c not in expected]:
            yield f"loses {', '.join(extra)} too"


def table_row(run: Run) -> str:
    """One line of the table ``labs verify`` prints."""
    mark = "ok  " if run.ok else "FAIL"
    seconds = run.result.timings.get("total", 0.0)
    said = "; ".join(run.problems) or (f"loses {', '.join(run.lost)}" if run.lost else "")
    return f"{mark} {run.lab:<24} {run.name:<28} {run.percent:5.0f} % {seconds:6.1f} s  {said}"


def main(lab: str | None, driver: str | None, write: Callable[[str], object]) -> bool:
    """Verify one lab, or all, on a driver (the host's own by default); whether all came out as they must."""
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
            environment = host.catalog.environments[found.spec.environment]
            host.builder.build(environment, lambda *_: None)
            for run in verify(host, found):
                write(table_row(run))
                good = good and run.ok
        return good
