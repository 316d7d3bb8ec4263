"""Notebooks (nbformat 4) as data, and grading's first step: the student's answers put into the pristine notebook.

A student's notebook comes from a stranger: it is parsed strictly and within caps, and only the sources of cells are
taken from it. Which cells count, in what order and with what metadata is the pristine notebook's affair alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from . import strict

MAX_BYTES = 1 << 20
MAX_CELLS = 400
MAX_ID = 64
"""nbformat 4.5: a cell's id is 1 to 64 letters, digits, hyphens and underscores."""
KINDS = ("code", "markdown", "raw")
Kind = Literal["code", "markdown", "raw"]


class BadNotebook(ValueError):
    """Not a notebook that can be read; the message says why."""


@dataclass(frozen=True)
class Cell:
    """One cell. ``answer``: the student edits it; ``extra``: the student's own, in no pristine notebook."""

    id: str
    kind: Kind
    source: str
    answer: bool = False
    extra: bool = False
    metadata: dict[str, Any] = field(default_factory=dict, compare=False)
    outputs: int = 0
    """How many outputs it carries."""


@dataclass(frozen=True)
class Notebook:
    """The cells in order, and the notebook's own metadata."""

    cells: tuple[Cell, ...]
    metadata: dict[str, Any] = field(default_factory=dict, compare=False)
    minor: int = 5

    def __getitem__(self, ident: str) -> Cell:
        for cell in self.cells:
            if cell.id == ident:
                return cell
        raise KeyError(ident)

    @property
    def code(self) -> list[Cell]:
        """What runs, in order."""
        return [cell for cell in self.cells if cell.kind == "code"]

    def dump(self) -> bytes:
        """As an .ipynb of nbformat 4.5, without outputs."""
        cells = [_json(cell) for cell in self.cells]
        whole = {"cells": cells, "metadata": self.metadata, "nbformat": 4, "nbformat_minor": 5}
        return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode(errors="replace")


def _json(cell: Cell) -> dict[str, Any]:
    lines = cell.source.splitlines(keepends=True)
    shown = {"cell_type": cell.kind, "id": cell.id, "metadata": cell.metadata, "source": lines}
    return {**shown, "execution_count": None, "outputs": []} if cell.kind == "code" else shown


def parse(data: bytes) -> Notebook:
    """The notebook in these bytes. Raises BadNotebook for anything but nbformat 4 within the caps.

    Lenient where a student's tools are: ids may be missing (``""``) or repeated, a source may be text or lines.
    """
    try:
        whole = strict.loads(data, MAX_BYTES)
    except strict.BadJSON as error:
        raise BadNotebook(str(error)) from None
    if not isinstance(whole, dict) or whole.get("nbformat") != 4 or not isinstance(whole.get("cells"), list):
        raise BadNotebook("not a notebook of format 4")
    if len(whole["cells"]) > MAX_CELLS:
        raise BadNotebook(f"more than {MAX_CELLS} cells")
    metadata, minor = whole.get("metadata"), whole.get("nbformat_minor")
    return Notebook(
        tuple(_cell(cell, number) for number, cell in enumerate(whole["cells"], 1)),
        metadata if isinstance(metadata, dict) else {},
        minor if isinstance(minor, int) else 0,
    )


def _cell(given: Any, number: int) -> Cell:
    if not isinstance(given, dict) or given.get("cell_type") not in KINDS:
        raise BadNotebook(f"cell {number} is of no known type")
    source = given.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise BadNotebook(f"cell {number} has no text")
    ident, metadata, outputs = given.get("id"), given.get("metadata"), given.get("outputs")
    metadata = metadata if isinstance(metadata, dict) else {}
    own = metadata.get("lab")
    return Cell(
        ident if isinstance(ident, str) and len(ident) <= MAX_ID else "",
        given["cell_type"],
        source,
        answer=isinstance(own, dict) and own.get("answer") is True,
        metadata=metadata,
        outputs=len(outputs) if isinstance(outputs, list) else 0,
    )


@dataclass(frozen=True)
class Transplant:
    """The pristine notebook with a student's answers in it.

    ``missing`` are the ids of answer cells that the student deleted (they keep the pristine source), ``aside`` the
    student's own code cells that are not run; ``problem`` says why the submitted file could not be read at all.
    """

    notebook: Notebook
    missing: tuple[str, ...] = ()
    aside: tuple[Cell, ...] = ()
    problem: str = ""


def transplant(pristine: Notebook, submitted: bytes, *, extra: bool = False) -> Transplant:
    """Put the submitted answers into ``pristine``; with ``extra`` the student's own code cells run in their place.

    An answer is the first submitted cell with the answer's id, whatever its type there says. Never raises: a file
    that can't be read is a notebook without answers.
    """
    answers = tuple(cell.id for cell in pristine.cells if cell.answer)
    try:
        given = parse(submitted)
    except BadNotebook as error:
        return Transplant(pristine, answers, problem=str(error))
    sources: dict[str, str] = {}
    for cell in given.cells:
        sources.setdefault(cell.id, cell.source)
    own = _own_cells(pristine, given)
    cells = list(own.get("", []) if extra else [])
    for cell in pristine.cells:
        cells.append(replace(cell, source=sources.get(cell.id, cell.source)) if cell.answer else cell)
        cells += own.get(cell.id, []) if extra else []
    aside = () if extra else tuple(cell for group in own.values() for cell in group)
    missing = tuple(ident for ident in answers if ident not in sources)
    return Transplant(replace(pristine, cells=tuple(cells)), missing, aside)


def _own_cells(pristine: Notebook, given: Notebook) -> dict[str, list[Cell]]:
    """The student's own code cells by the pristine cell that they follow (``""`` for those before any)."""
    known = {cell.id for cell in pristine.cells}
    own: dict[str, list[Cell]] = {}
    after, seen = "", set[str]()
    for number, cell in enumerate(given.cells):
        if cell.id in known:
            if cell.id not in seen:
                after = cell.id
            seen.add(cell.id)
        elif cell.kind == "code" and cell.source.strip():
            own.setdefault(after, []).append(Cell(f"own-{number}", "code", cell.source, extra=True))
    return own
