"""What a check sees of a notebook that ran in S: its cells, and the names that they left."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import notebook
from .lab import Failed, Run, summary

if TYPE_CHECKING:
    from .lab import Lab

__all__ = ["Borrowed", "CellRun", "NotebookRun", "asserting"]


@dataclass(frozen=True)
class CellRun(Run):
    """One cell that ran. ``shown`` is the text form of what it displayed, its last expression included."""

    id: str = ""
    shown: str = ""
    failure: Failed | None = None
    """Set when it did not end by itself: too slow, or the process died."""

    def ok(self) -> CellRun:
        """This cell, when it ended well. Raises Failed with the student's own error otherwise."""
        if self.failure is not None:
            raise self.failure
        if self.error is not None:
            raise Failed(
                es=f"La celda `{self.id}` terminó con un error: {self.error}",
                en=f"The cell `{self.id}` ended with an error: {self.error}",
                got=self.error,
            )
        return self


class NotebookRun:
    """A notebook whose code cells ran in order, each whatever became of those before it."""

    def __init__(self, lab: Lab, path: str, transplant: notebook.Transplant, timeout: float) -> None:
        """Runs it; ``timeout`` is each cell's. Raises Failed when the submitted file is no notebook."""
        if transplant.problem:
            raise Failed(
                es=f"`{path}` no se puede leer como notebook: {transplant.problem}",
                en=f"`{path}` can't be read as a notebook: {transplant.problem}",
            )
        self._lab = lab
        self.path = path
        self.missing = transplant.missing
        lab.ask({"op": "fresh", "path": path}, path)
        self._cells = {cell.id: self._run(cell, timeout) for cell in transplant.notebook.code}

    def _run(self, cell: notebook.Cell, timeout: float) -> CellRun:
        try:
            answer = self._lab.exchange(
                lambda: self._lab.peer.run_cell(cell.source, self.path, cell.id, timeout), f"{self.path}#{cell.id}"
            )
        except Failed as failed:
            told = failed.message["en"]
            return CellRun("", "", told, 0.0, self.path, id=cell.id, failure=failed)
        problem = answer.result.get("problem")
        error = None if problem is None else summary(problem)
        return CellRun(answer.stdout, answer.stderr, error, answer.seconds, self.path, id=cell.id, shown=answer.shown)

    def cell(self, ident: str) -> CellRun:
        """One cell's run. Raises KeyError for an id that is no code cell of the pristine notebook."""
        return self._cells[ident]

    def value(self, expression: str, timeout: float = 60) -> Any:
        """The value of an expression among the names that the cells left; see ``Lab.call`` for what can cross."""
        request = {"op": "evaluate", "path": self.path, "expression": expression}
        return self._lab.value_of(request, expression, timeout)

    def cell_value(self, ident: str, timeout: float = 60) -> Any:
        """What the last expression of a cell was; None when it has none. Raises Failed when the cell did."""
        self.cell(ident).ok()
        return self._lab.value_of({"op": "cell_value", "path": self.path, "cell": ident}, ident, timeout)

    def trouble(self) -> CellRun | None:
        """The first cell that failed."""
        return next((cell for cell in self._cells.values() if cell.error is not None), None)

    def borrow(self, name: str) -> Any:
        """A name of the notebook for use in a check: a value, or something to call that calls the student's."""
        kind = self._lab.ask({"op": "kind", "path": self.path, "name": name}, name).get("kind")
        if kind == "function":
            return Borrowed(self._lab, self.path, name)
        if kind == "value":
            return self.value(name)
        raise self.no_name(name)

    def no_name(self, name: str) -> Failed:
        """Says that the notebook has no such name, and why that may be."""
        es, en = f"El notebook no define `{name}`.", f"The notebook doesn't define `{name}`."
        if (cell := self.trouble()) is not None:
            es += f" La celda `{cell.id}` terminó con un error: {cell.error}"
            en += f" The cell `{cell.id}` ended with an error: {cell.error}"
        return Failed(es=es, en=en)


class Borrowed:
    """A function of the student's, called in S. What it raises comes as the built-in exception of that name."""

    def __init__(self, lab: Lab, path: str, name: str) -> None:
        self._lab, self._path, self._name = lab, path, name

    def __call__(self, *args: Any) -> Any:
        try:
            return self._lab.call(self._path, self._name, *args)
        except Failed as failed:
            kind = getattr(builtins, str(failed.got or "").split(":")[0], None)
            if isinstance(kind, type) and issubclass(kind, Exception):
                raise kind(str(failed.got)) from failed
            raise


@contextmanager
def asserting() -> Iterator[None]:
    """Plain ``assert`` statements as a check: one that doesn't hold, or anything raised, fails it with its text."""
    try:
        yield
    except Failed:
        raise
    except AssertionError as error:
        told = str(error)
        raise Failed(
            es=f"Una comprobación no se cumple{': ' + told if told else '.'}",
            en=f"An assertion doesn't hold{': ' + told if told else '.'}",
        ) from None
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise Failed(es=f"Al comprobar salió {told}", en=f"While checking: {told}", got=told) from None
