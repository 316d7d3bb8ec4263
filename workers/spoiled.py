"""What students hand in by accident, made of a lab's own solution: each must end in a message that says what to do."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from labs.catalog import Lab
from labs.kit import notebook

BROKEN = "def (:\n"
ENDLESS = "while True:\n    pass\n"
KILLS = "import os, signal\nos.kill(-1, signal.SIGKILL)\n"
"""Every process of the sandbox but its first and this one: the lab's services too."""
WRONG = "ni número ni tabla"
KINDS = ("empty file", "syntax error", "missing file", "endless loop", "wrong type", "killed services")


def trees(lab: Lab) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Each kind that the lab's files allow, with the files as they would be submitted."""
    whole = {**lab.tree("starter"), **lab.tree("solution")}
    path = target(lab)
    yield KINDS[0], {**whole, path: b""}
    yield KINDS[1], {**whole, path: _changed(path, whole[path], lambda _: BROKEN)}
    yield KINDS[2], {name: content for name, content in whole.items() if name != path}
    if _runs(path):
        yield KINDS[3], {**whole, path: _changed(path, whole[path], lambda _: ENDLESS)}
        wrong = _changed(path, whole[path], wrong_types)
        if wrong != whole[path]:
            yield KINDS[4], {**whole, path: wrong}
        yield KINDS[5], {**whole, path: _changed(path, whole[path], lambda source: KILLS + source)}


def target(lab: Lab) -> str:
    """The file to spoil: the first with Python, else the first, of those that a mutant shows to be graded."""
    judged = {path for mutant in lab.spec.mutants for path in lab.tree(f"mutants/{mutant.id}")}
    files = [path for path in lab.spec.files if path in judged] or list(lab.spec.files)
    return next((path for path in files if _runs(path)), files[0])


def _runs(path: str) -> bool:
    return PurePosixPath(path).suffix in (".py", ".ipynb")


def _changed(path: str, content: bytes, change: Callable[[str], str]) -> bytes:
    """The file with its code, or each answer of a notebook, put through ``change``."""
    if not path.endswith(".ipynb"):
        return change(content.decode()).encode()
    book = notebook.parse(content)
    cells = (replace(cell, source=change(cell.source)) if cell.answer else cell for cell in book.cells)
    return replace(book, cells=tuple(cells)).dump()


def wrong_types(source: str) -> str:
    """The same functions by name, each giving a text whatever it is given; as it was where nothing can be parsed."""
    try:
        module = ast.parse(source)
    except SyntaxError:
        return source  # a notebook's cell with a magic command
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    if not functions:
        return source
    for node in functions:
        node.args = ast.arguments([], [], ast.arg("_all"), [], [], ast.arg("_named"), [])
        node.body, node.decorator_list, node.returns = [ast.Return(ast.Constant(WRONG))], [], None
    return ast.unparse(ast.fix_missing_locations(module)) + "\n"
