"""The table of labs that have proved themselves, and what each row proves: the lab and its environment as they were."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labs.catalog import Catalog, Lab
from workers.specs import limits_of

if TYPE_CHECKING:
    from workers.verify import Run

HEAD = """# Labs and their proofs

Written by `manage.py labs verify --table docs/labs.md` (one lab: `labs verify LAB --table docs/labs.md`). Each lab
was graded in real sandboxes: its starter, its solution, each mutant, and what students hand in by accident. *Memory*
is the most that the student's sandbox held in any of them, cached files included, of what it may. *Seconds* are the
solution's grading beyond the start of its sandboxes, on two cores with other work beside. *Proof* names what was tried,
the environment included, the lab's texts not: while it is the same, a run of the tests grades one of the lab's trees,
the solution every second day and the others by turns between; else all. *In a row* is how often that was proven without
a failure between: one that fails loses its row.

| lab | environment | checks | mutants | memory, MiB | seconds | proof | in a row |
|---|---|---|---|---|---|---|---|
"""


def proof_of(catalog: Catalog, lab: Lab) -> str:
    """Changes with what is graded and with its environment; not with the lab's texts, nor with the kit, which has
    tests of its own. 12 hex digits.
    """
    both = lab.graded_digest + catalog.environments[lab.spec.environment].digest
    return hashlib.sha256(both.encode()).hexdigest()[:12]


def record(table: Path, catalog: Catalog, lab: Lab, runs: Sequence[Run]) -> None:
    """Write the lab's row, or strike it when a run failed; and drop those of labs that are no more. Rows stand in the
    order of the course.
    """
    rows = read(table)
    before = rows.pop(lab.id, "")
    if all(run.ok for run in runs):
        rows[lab.id] = _row(catalog, lab, runs, before)
    table.write_text(HEAD + "".join(f"{rows[known]}\n" for known in catalog.labs if known in rows))


def _row(catalog: Catalog, lab: Lab, runs: Sequence[Run], before: str) -> str:
    """``before``: the row that this one replaces. While it has the same proof, the two are a row of proofs."""
    solution = next(run for run in runs if run.name == "solution").result.timings
    limit = limits_of(catalog.environments[lab.spec.environment], lab.spec.limits).memory_mb
    peak = max(run.peak_memory for run in runs) >> 20
    seconds = solution["total"] - solution["start"]
    cells = [lab.id, lab.spec.environment, len(lab.spec.checks), len(lab.spec.mutants), f"{peak} of {limit}"]
    proof = f"`{proof_of(catalog, lab)}`"
    in_a_row = 1 + (int(before.split("|")[-2]) if proof in before else 0)
    cells += [f"{seconds:.1f}", proof, in_a_row]
    return f"| {' | '.join(map(str, cells))} |"


def read(table: Path) -> dict[str, str]:
    """The rows by lab; none where there is no table yet."""
    lines = table.read_text().splitlines() if table.exists() else []
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| lab ")]
    return {row.split("|")[1].strip(): row for row in rows}


def proven(table: Path, catalog: Catalog) -> set[str]:
    """The labs whose row is of what is here now."""
    rows = read(table)
    return {lab.id for lab in catalog.labs.values() if f"`{proof_of(catalog, lab)}`" in rows.get(lab.id, "")}
