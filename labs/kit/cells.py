"""The kernel's shell: runs a notebook's cells in a namespace of the notebook's own, with errors told by cell and line.

A request to execute says in its metadata that it is a cell: ``{"lab_cell": {"path", "id", "answer": bool}}``. All the
rest is Jupyter's own: the last expression is shown, ``await`` works at the top, magics do what they do.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ipykernel.compiler import XCachingCompiler
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell

from . import places, runner


class CellCompiler(XCachingCompiler):
    """Names code after its cell, as tracebacks should."""

    cell = ""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        return self.cell or super().get_code_name(raw_code, code, number)


def cell_name(path: str, ident: str) -> str:
    """The file name of a cell's code: ``/home/lab/work/main.ipynb#suma``."""
    return f"{places.WORK / path}#{ident}"


class LabShell(ZMQInteractiveShell):
    """IPython's shell with a namespace for each notebook beside its own."""

    compiler_class = CellCompiler

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.notebooks: dict[str, types.ModuleType] = {}
        self.results: dict[tuple[str, str], Any] = {}
        """What each cell's last expression was, by path and id; kept only where a grader asks."""
        self._problem: runner.Problem | None = None
        self.user_module: Any
        self.user_ns: Any
        super().__init__(*args, **kwargs)

    def namespace(self, path: str) -> types.ModuleType:
        """The notebook's ``__main__``, made when it is first asked for."""
        if path not in self.notebooks:
            self.notebooks[path] = types.ModuleType("__main__")
            folder = str((places.WORK / path).parent)
            if folder not in sys.path:
                sys.path.insert(0, folder)
            with self.inside(path):
                self.init_user_ns()
                from IPython.display import display

                self.user_ns.update(__builtins__=__builtins__, display=display)
        return self.notebooks[path]

    @contextmanager
    def inside(self, path: str) -> Iterator[types.ModuleType]:
        """Meanwhile the shell's names are those of this notebook."""
        before = self.user_module, self.user_ns
        module = self.namespace(path)
        self.user_module, self.user_ns = module, module.__dict__
        # It stays: threads and pickled functions of the notebook look their names up there.
        sys.modules["__main__"] = module
        try:
            yield module
        finally:
            self.user_module, self.user_ns = before

    async def run_cell_async(self, raw_cell: str, *args: Any, **kwargs: Any) -> Any:
        request = self.kernel.get_parent("shell")
        cell = request.get("metadata", {}).get("lab_cell")
        if not isinstance(cell, dict):
            return await super().run_cell_async(raw_cell, *args, **kwargs)
        path, ident = str(cell.get("path")), str(cell.get("id"))
        self._problem, self.compile.cell = None, cell_name(path, ident)
        try:
            with self.inside(path):
                result = await super().run_cell_async(raw_cell, *args, **kwargs)
        finally:
            self.compile.cell = ""
        if cell.get("answer"):
            from . import remote

            self.results[path, ident] = result.result
            remote.answer_cell(self.kernel, request, self._problem)
        return result

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """A cell's error as the student should read it; anything else as IPython tells it."""
        if not self.compile.cell:
            super().showtraceback(*args, **kwargs)
            return
        error = sys.exc_info()[1] or (args[0][1] if args and args[0] else None)
        if error is None:
            return
        problem = self._problem = runner.problem_of(error)
        self._showtraceback(type(error), problem.evalue, [problem.traceback])

    def showsyntaxerror(self, filename: str | None = None, running_compiled_code: bool = False) -> None:
        if self.compile.cell:
            self.showtraceback()
        else:
            super().showsyntaxerror(filename, running_compiled_code)


class LabKernel(IPythonKernel):
    """ipykernel's kernel with the shell above."""

    shell_class = LabShell
