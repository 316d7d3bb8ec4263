"""Checks on a lab's notebooks: what students get, the solution and the mutants are one notebook with other answers."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path

from labs.kit.notebook import MAX_BYTES, BadNotebook, Notebook, parse
from labs.models import Lab, Problem

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
MAX_PRISTINE = MAX_BYTES // 4
"""Bytes of a lab's own notebook: a student's may have 1 MiB, outputs included."""


def is_notebook(path: str) -> bool:
    return path.endswith(".ipynb")


def check_notebooks(lab: Lab) -> Iterator[Problem]:
    """Every problem of the lab's notebooks. Files that are missing are told elsewhere."""
    for name in filter(is_notebook, lab.spec.files):
        pristine = yield from _read(lab.path / "starter" / name)
        if pristine is None:
            continue
        yield from _pristine(lab.path / "starter" / name, pristine)
        solution = yield from _read(lab.path / "solution" / name)
        if solution is not None:
            yield from _same_but_answers(lab.path / "solution" / name, pristine, solution)
        for mutant in lab.spec.mutants:
            path = lab.path / "mutants" / mutant.id / name
            changed = yield from _read(path)
            if changed is not None:
                yield from _only_answers(path, pristine, changed)


def _read(path: Path) -> Generator[Problem, None, Notebook | None]:
    if not path.is_file():
        return None
    try:
        return parse(path.read_bytes())
    except BadNotebook as error:
        yield Problem(path, 1, f"not a notebook: {error}")
        return None


def _pristine(path: Path, notebook: Notebook) -> Iterator[Problem]:
    yield from _cells(path, notebook)
    if path.stat().st_size > MAX_PRISTINE:
        yield Problem(path, 1, f"larger than {MAX_PRISTINE // 1024} KiB")
    if not any(cell.answer for cell in notebook.cells):
        yield Problem(path, 1, 'no cell for the student to edit: none has the metadata {"lab": {"answer": true}}')


def _cells(path: Path, notebook: Notebook) -> Iterator[Problem]:
    """Ids that grading can go by, and nothing that was left from running it."""
    if notebook.minor < 5:
        yield Problem(path, 1, "of a format before 4.5, which has no cell ids: save it with a current Jupyter")
    seen: set[str] = set()
    for number, cell in enumerate(notebook.cells, 1):
        if not _ID.fullmatch(cell.id):
            yield Problem(path, 1, f"cell {number} has no id of letters, digits, - and _")
        elif cell.id in seen:
            yield Problem(path, 1, f"two cells have the id `{cell.id}`")
        seen.add(cell.id)
        if cell.outputs:
            yield Problem(path, 1, f"the cell `{cell.id}` has outputs: clear them before publishing")


def _same_but_answers(path: Path, pristine: Notebook, solution: Notebook) -> Iterator[Problem]:
    yield from _cells(path, solution)
    ids, found = ([cell.id for cell in notebook.cells] for notebook in (pristine, solution))
    if ids != found:
        other = next((cell for cell in (*ids, *found) if (cell in ids) != (cell in found)), None)
        reason = "in another order than in starter/" if other is None else f"`{other}` is not in both this and starter/"
        yield Problem(path, 1, f"other cells than the starter's: {reason}")
        return
    for own, theirs in zip(pristine.cells, solution.cells, strict=True):
        if own.kind != theirs.kind or own.answer != theirs.answer:
            yield Problem(path, 1, f"the cell `{own.id}` is of another type than in starter/")
        elif not own.answer and own.source != theirs.source:
            yield Problem(path, 1, f"the cell `{own.id}` is locked, yet differs from starter/")


def _only_answers(path: Path, pristine: Notebook, mutant: Notebook) -> Iterator[Problem]:
    yield from _cells(path, mutant)
    answers = {cell.id for cell in pristine.cells if cell.answer}
    for cell in mutant.cells:
        if cell.id not in answers:
            yield Problem(path, 1, f"`{cell.id}` is no answer cell: a mutant's notebook holds the changed answers only")
