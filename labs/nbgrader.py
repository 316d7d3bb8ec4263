"""nbgrader source assignments to labs and back: ``manage.py labs import-nbgrader`` and ``export-nbgrader``.

Source of the format: nbgrader's documentation, "Creating and grading assignments" and its metadata schemas 1 to 3.
Tests become functions of checks.py: they run in the grader on plain values and calls into the student's sandbox, so
hidden tests never reach it. What can't be brought over is told, never dropped in silence.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from labs.authoring import AuthoringError, place
from labs.kit.notebook import BadNotebook, Cell, Notebook, parse
from labs.models import Lab

SOLUTION, HIDDEN, SCHEME = "SOLUTION", "HIDDEN TESTS", "MARK SCHEME"
CODE_STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
TEXT_STUB = "YOUR ANSWER HERE"
BOOK = "main.ipynb"
_ASSERTING = "    with asserting():\n"


@dataclass
class Imported:
    """What an assignment became. ``notes``: what an author must look at or lost, one sentence each."""

    starter: Notebook
    solution: Notebook
    checks: str
    points: dict[str, int]
    title: str
    notes: list[str] = field(default_factory=list)


def _region(name: str) -> re.Pattern[str]:
    return re.compile(
        rf"^([ \t]*)#*[ \t]*BEGIN {name}[^\n]*\n(.*?)^[ \t]*#*[ \t]*END {name}[^\n]*(?:\n|\Z)", re.M | re.S
    )


def _without(name: str, source: str) -> str:
    return _region(name).sub("", source).rstrip("\n")


def _unmarked(name: str, source: str) -> str:
    return _region(name).sub(lambda found: found[2], source).rstrip("\n")


def _cleared(cell: Cell) -> str:
    """What a student begins with: nbgrader's stub in place of each solution, or of all when none is marked."""
    stub = CODE_STUB if cell.kind == "code" else TEXT_STUB
    if not _region(SOLUTION).search(cell.source):
        return stub
    return _region(SOLUTION).sub(lambda found: textwrap.indent(stub, found[1]) + "\n", cell.source).rstrip("\n")


def _own(cell: Cell) -> dict[str, Any]:
    """The cell's nbgrader metadata, ``{}`` when it has none. Raises BadNotebook for an unknown schema."""
    own = cell.metadata.get("nbgrader")
    if not isinstance(own, dict) or not any(own.get(key) for key in ("grade", "solution", "locked", "task")):
        return {}
    if own.get("schema_version") not in (1, 2, 3):
        raise BadNotebook(f"nbgrader metadata of schema {own.get('schema_version')!r}; 1 to 3 are known")
    return own


def convert(data: bytes) -> Imported:
    """The lab in an nbgrader source notebook. Raises BadNotebook for what is none, or has nothing graded by tests."""
    book = _with_ids(parse(data))
    starter, solution, notes = [], [], list[str]()
    tests: list[Cell] = []
    for cell in book.cells:
        own = _own(cell)
        notes += _not_portable(cell, own)
        begin, end = _versions(cell, own)
        starter.append(begin)
        solution.append(end)
        if own.get("grade") and not own.get("solution") and cell.kind == "code":
            tests.append(cell)
    if not tests:
        raise BadNotebook("no cell is graded by tests: there is nothing that checks could be made of")
    whole = replace(book, cells=tuple(solution))
    names = _Names([cell for cell in whole.code if cell.id not in {test.id for test in tests}])
    functions = []
    for number, test in enumerate(tests, 1):
        text, told = _check(_check_id(test, number), test, names)
        functions.append(text)
        notes += told
    checks = _head(functions, names) + "".join(f"\n\n{text}" for text in functions)
    points = _scaled({_check_id(t, n): float(_own(t).get("points") or 0) for n, t in enumerate(tests, 1)})
    return Imported(replace(book, cells=tuple(starter)), whole, checks, points, _title(book), notes)


def _with_ids(book: Notebook) -> Notebook:
    """Ids that ours can go by: the grade_id, else the cell's own, each once."""
    taken: set[str] = set()
    cells = []
    for number, cell in enumerate(book.cells, 1):
        wanted = str(_own(cell).get("grade_id") or cell.id or f"cell-{number}")
        ident = re.sub(r"[^A-Za-z0-9_-]+", "-", wanted)[:60]
        ident = ident if ident not in taken else f"{ident[:55]}-{number}"
        taken.add(ident)
        cells.append(replace(cell, id=ident, outputs=0))
    return replace(book, cells=tuple(cells))


def _versions(cell: Cell, own: dict[str, Any]) -> tuple[Cell, Cell]:
    """The cell as students get it and as it is solved."""
    kept = {"nbgrader": own} if own else {}
    if own.get("solution") or own.get("task"):
        solved = replace(
            cell,
            source=_without(SCHEME, _unmarked(SOLUTION, cell.source)),
            answer=True,
            metadata={"lab": {"answer": True}, **kept},
        )
        begun = _without(SCHEME, cell.source) if own.get("task") else _cleared(cell)
        return replace(solved, source=begun), solved
    plain = replace(cell, source=_without(HIDDEN, cell.source), answer=False, metadata=kept)
    return plain, plain


def _not_portable(cell: Cell, own: dict[str, Any]) -> list[str]:
    if own.get("task") or (own.get("grade") and (own.get("solution") or cell.kind != "code")):
        points = own.get("points") or 0
        return [f"`{cell.id}` ({points} points) is graded by hand: kept in the notebook, but it gives no points here"]
    return []


def _check_id(cell: Cell, number: int) -> str:
    ident = re.sub(r"[^a-z0-9]+", "_", cell.id.lower()).strip("_")[:50]
    return f"t{number}_{ident}"


def _scaled(points: dict[str, float]) -> dict[str, int]:
    """Whole points that sum to 100, at least one each, by largest remainder. Raises BadNotebook for too many tests."""
    if len(points) > 50:
        raise BadNotebook("more than 50 cells are graded by tests")
    total, spare = sum(points.values()), 100 - len(points)
    share = {name: spare * (value / total if total else 1 / len(points)) for name, value in points.items()}
    whole = {name: 1 + int(value) for name, value in share.items()}
    rest = sorted(share, key=lambda name: int(share[name]) - share[name])[: 100 - sum(whole.values())]
    return {name: value + (name in rest) for name, value in whole.items()}


def _title(book: Notebook) -> str:
    for cell in book.cells:
        if cell.kind == "markdown" and (found := re.search(r"^#+ +(.+)$", cell.source, re.M)):
            return found[1].strip()
    return "nbgrader"


class _Names:
    """What a notebook's cells define at the top: by import (with the statement), as a class, or else."""

    def __init__(self, cells: list[Cell]) -> None:
        self.imports: dict[str, str] = {}
        self.classes: set[str] = set()
        self.others: set[str] = set()
        for cell in cells:
            for node in _tree(cell.source).body:
                self._take(node)

    def _take(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                one = type(node)(**{**vars(node), "names": [alias]})
                self.imports[(alias.asname or alias.name).split(".")[0]] = ast.unparse(one)
        elif isinstance(node, ast.ClassDef):
            self.classes.add(node.name)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.others.add(node.name)
        else:
            self.others |= _names(node, ast.Store)


def _tree(source: str) -> ast.Module:
    """The source's syntax; nothing where it holds magics."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.Module([], [])


def _names(node: ast.AST, kind: type[ast.expr_context]) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, kind)}


def _check(ident: str, test: Cell, names: _Names) -> tuple[str, list[str]]:
    """The function of checks.py for one test cell, and what to tell of it."""
    tree = _tree(test.source)
    used = _names(tree, ast.Load)
    if (why := _stays_in_sandbox(tree, used & names.classes)) is None:
        lines = [f"def {ident}(lab: Lab) -> None:", f'    book = lab.run_notebook("{BOOK}")']
        lines += [f'    {name} = book.borrow("{name}")' for name in sorted(used & names.others)]
        body = textwrap.indent(test.source.strip("\n"), " " * 8)
        return "\n".join(lines) + f"\n{_ASSERTING}{body}\n", []
    notes = [f"`{test.id}` runs as a cell beside the student's own code, which can see and alter it: it {why}"]
    if _region(HIDDEN).search(test.source):
        notes.append(f"the hidden tests of `{test.id}` were left out: there they could not stay hidden")
    comment = "    # Runs in the student's kernel: hostile code can see it and make it pass.\n"
    return f'def {ident}(lab: Lab) -> None:\n{comment}    lab.cell("{test.id}", "{BOOK}").ok()\n', notes


def _stays_in_sandbox(tree: ast.Module, classes: set[str]) -> str | None:
    """Why a test can't run in the grader; None when it can."""
    if not tree.body:
        return "holds magics or no statement"
    if classes:
        return f"needs the class `{min(classes)}`, whose objects don't leave the student's process"
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant | ast.JoinedStr)]
    if any(node.end_lineno != node.lineno for node in texts):
        return "holds a text of several lines"
    return None


def _head(functions: list[str], names: _Names) -> str:
    used = set().union(*(_names(_tree(text), ast.Load) for text in functions))
    imports = sorted({text for name, text in names.imports.items() if name in used})
    parts = ['"""Checks made of an nbgrader assignment\'s tests."""\n', *imports, "from labkit import Lab, asserting"]
    return "\n".join(parts) + "\n"


def import_assignment(
    root: Path, source: Path, course: str, module: str, lab: str, environment: str
) -> tuple[Path, list[str]]:
    """Make a lab of an assignment; its folder, and what the author must look at. Raises AuthoringError."""
    try:
        made = convert(source.read_bytes())
    except (BadNotebook, OSError) as error:
        raise AuthoringError(f"{source}: {error}") from error
    target, listing, listed = place(root, course, module, lab, environment)
    for folder, book in (("starter", made.starter), ("solution", made.solution)):
        (target / folder).mkdir(parents=True)
        (target / folder / BOOK).write_bytes(book.dump())
    (target / "checks.py").write_text(made.checks)
    (target / "lab.yaml").write_text(_lab_yaml(made, environment))
    for language, text in (("es", "Completa las celdas de respuesta."), ("en", "Complete the answer cells.")):
        (target / f"instructions.{language}.md").write_text(f"# {made.title}\n\n{text}\n")
    listing.write_text(listed)
    return target, [*made.notes, "title, summary and instructions need both languages, and the lab needs mutants"]


def _lab_yaml(made: Imported, environment: str) -> str:
    def both(text: str) -> dict[str, str]:
        return {"es": text, "en": text}

    checks = [{"id": ident, "title": both(ident), "points": points} for ident, points in made.points.items()]
    spec = {"title": both(made.title), "summary": both(made.title), "environment": environment, "entry": BOOK}
    whole = {**spec, "files": [BOOK], "minutes": 60, "checks": checks}
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=120)


def export_lab(lab: Lab, out: Path) -> tuple[list[Path], list[str]]:
    """Write the lab's notebooks as nbgrader source; the files, and what has no counterpart. Raises AuthoringError."""
    names = [name for name in lab.spec.files if name.endswith(".ipynb")]
    if not names:
        raise AuthoringError(f"`{lab.id}` has no notebook")
    if taken := [out / name for name in names if (out / name).exists()]:
        raise AuthoringError(f"{taken[0]} exists already")
    tests = _tests((lab.path / "checks.py").read_text())
    points, exported = {check.id: check.points for check in lab.spec.checks}, set[str]()
    paths = []
    for name in names:
        starter = parse((lab.path / "starter" / name).read_bytes())
        solution = parse((lab.path / "solution" / name).read_bytes())
        graded = [cell for cell in starter.code if _own(cell).get("grade") and not cell.answer]
        ids = {cell.id: _check_id(cell, number) for number, cell in enumerate(graded, 1)}
        ids = {cell: ident for cell, ident in ids.items() if ident in points}
        exported |= set(ids.values())
        cells = [
            _source_cell(cell, solution[cell.id], points.get(ids.get(cell.id, "")), tests.get(ids.get(cell.id, "")))
            for cell in starter.cells
        ]
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(replace(starter, cells=tuple(cells)).dump())
        paths.append(out / name)
    lost = [f"the check `{check}` is not a test of a cell: only this portal's grader runs it" for check in points]
    return paths, [text for check, text in zip(points, lost, strict=True) if check not in exported]


def _tests(checks: str) -> dict[str, str]:
    """The tests inside each imported function of a checks.py, as they were in the assignment."""
    found = {}
    for node in ast.parse(checks).body:
        if isinstance(node, ast.FunctionDef):
            text = "".join(checks.splitlines(keepends=True)[node.lineno - 1 :]).split("\n\n\ndef ")[0]
            if _ASSERTING in text:
                found[node.name] = textwrap.dedent(text.split(_ASSERTING, 1)[1]).rstrip("\n")
    return found


def _source_cell(cell: Cell, solved: Cell, points: int | None, test: str | None) -> Cell:
    metadata = {
        "schema_version": 3,
        "grade_id": cell.id,
        "grade": points is not None,
        "solution": cell.answer,
        "locked": not cell.answer,
        "task": False,
    }
    if points is not None:
        return replace(cell, source=test or cell.source, metadata={"nbgrader": {**metadata, "points": points}})
    if not cell.answer:
        return replace(cell, metadata={"nbgrader": metadata})
    if cell.kind != "code":  # nbgrader takes free text as an answer to grade by hand only
        return replace(cell, source=solved.source, metadata={"nbgrader": {**metadata, "grade": True, "points": 0}})
    return replace(cell, source=_marked(cell.source, solved.source), metadata={"nbgrader": metadata})


def _marked(begun: str, solved: str) -> str:
    """The solution with what the student doesn't get marked as such."""
    a, b = begun.splitlines(), solved.splitlines()
    shared = min(len(a), len(b))
    start = next((i for i in range(shared) if a[i] != b[i]), shared)
    end = next((i for i in range(shared - start) if a[-1 - i] != b[-1 - i]), shared - start)
    middle = b[start : len(b) - end]
    indent = re.match(r"[ \t]*", middle[0])[0] if middle else ""  # type: ignore[index]  # it always matches
    marks = f"{indent}### BEGIN {SOLUTION}", f"{indent}### END {SOLUTION}"
    return "\n".join([*b[:start], marks[0], *middle, marks[1], *b[len(b) - end :]])
