"""Runs a student's file inside the kernel, as a script: fresh ``__main__``, own modules read anew, process warm."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import re
import sys
import traceback
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import formats, places

RED, PLAIN = "\x1b[31m", "\x1b[0m"
_PART = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|;|[^;'\"`/-]+|.", re.DOTALL
)


@dataclass(frozen=True)
class Problem:
    """What a student's code raised, told in terms of the student's own files."""

    ename: str
    evalue: str
    traceback: str
    path: str = ""
    line: int = 0

    @property
    def summary(self) -> str:
        """``ZeroDivisionError: division by zero (main.py:3)``"""
        where = f" ({self.path}:{self.line})" if self.path else ""
        return f"{self.ename}: {self.evalue}{where}"


def install(shell: Any) -> None:
    """Set up a fresh kernel."""
    sys.dont_write_bytecode = True  # two edits within a second and of one length would run the old bytecode
    formats.install(shell)


def forget_modules() -> None:
    """Drop the student's own modules, so that an edit to any of them is seen by the next import."""
    root = f"{places.WORK}/"
    for name, module in list(sys.modules.items()):
        if name != "__main__" and (getattr(module, "__file__", None) or "").startswith(root):
            del sys.modules[name]
    importlib.invalidate_caches()


def _own(path: str) -> bool:
    return path.startswith(f"{places.WORK}/")


def _message(error: BaseException) -> str:
    """Without what Spark appends for its own developers: the plan, and Java's stack."""
    text = str(error.msg if isinstance(error, SyntaxError) else error)
    if type(error).__module__.startswith("pyspark."):
        text = text.split("\n\nJVM stacktrace")[0].split(";\n")[0]
    return text


def _trim(error: traceback.TracebackException | None) -> None:
    """Keep the student's frames only, with paths as the student knows them, in the whole chain of causes."""
    while error is not None:
        error.stack = traceback.StackSummary.from_list([frame for frame in error.stack if _own(frame.filename)])
        if error.__cause__ is not None:
            _trim(error.__cause__)
        error = None if error.__suppress_context__ else error.__context__


def problem_of(error: BaseException) -> Problem:
    """The error as the student should read it."""
    if isinstance(error, RecursionError):  # formatting a chain that deep could itself fail
        error.__context__ = None
    value = _message(error)
    told = traceback.TracebackException.from_exception(error, compact=True)
    own = [frame for frame in told.stack if _own(frame.filename)]
    _trim(told)
    *body, last = list(told.format()) or [""]
    name = type(error).__name__
    if not isinstance(error, SyntaxError):
        last = f"{name}: {value}" if value else name
    text = "".join(body) + f"{RED}{last.rstrip()}{PLAIN}\n"
    text = text.replace(f'File "{places.WORK}/', 'File "')
    if isinstance(error, SyntaxError) and error.filename and _own(error.filename):
        path, line = error.filename, error.lineno or 0
    elif own:
        path, line = own[-1].filename, own[-1].lineno or 0
    else:
        path, line = "", 0
    return Problem(name, value[:4000], text[-65536:], path.removeprefix(f"{places.WORK}/"), line)


def run_script(path: str) -> Problem | None:
    """Run one ``.py`` file of the workspace as ``python path`` would. Returns what it raised, if anything."""
    file = places.WORK / path
    forget_modules()
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=str(file), __builtins__=__builtins__)
    # It stays after the run: threads and pickled functions of the script look their names up there.
    sys.modules["__main__"] = module
    sys.argv = [str(file)]
    folder = str(file.parent)
    sys.path[:] = [folder, *(entry for entry in sys.path if entry != folder and not _own(f"{entry}/"))]
    try:
        exec(compile(file.read_bytes(), str(file), "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    except SystemExit as stop:
        return (
            None
            if stop.code in (None, 0)
            else Problem("SystemExit", str(stop.code), f"{RED}SystemExit: {stop.code}{PLAIN}\n")
        )
    except BaseException as error:  # KeyboardInterrupt too: it is how a run is stopped
        return problem_of(error)
    return None


def statements(sql: str) -> Iterator[tuple[int, str]]:
    """Each statement with the line it starts on. Semicolons in strings and comments don't count."""
    text, line, start = "", 1, 0
    for part in (match.group() for match in _PART.finditer(sql)):
        if part == ";":
            if start:
                yield start, text.strip()
            text, start = "", 0
        else:
            comment = part.startswith(("--", "/*"))
            if not start and part.strip() and not comment:
                start = line + part[: len(part) - len(part.lstrip())].count("\n")
            text += part
        line += part.count("\n")
    if start:
        yield start, text.strip()


def spark_session() -> Any:
    """The environment's session, the one the warm-up made."""
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()


def run_sql(path: str) -> Problem | None:
    """Run each statement of a ``.sql`` file and display the tables it gives."""
    from IPython.display import display

    spark = spark_session()
    source = (Path(places.WORK) / path).read_text()
    for line, statement in statements(source):
        try:
            frame = spark.sql(statement)
            if frame.columns:
                display(frame)
        except KeyboardInterrupt as error:
            return problem_of(error)
        except Exception as error:
            name, value = type(error).__name__, _message(error)
            return Problem(
                name, value[:4000], f'  File "{path}", line {line}\n{RED}{name}: {value[:8000]}{PLAIN}\n', path, line
            )
    return None


def run(path: str) -> Problem | None:
    """Run a file by its kind."""
    if "pyspark.logger" in sys.modules:  # it writes each error to stderr as JSON, besides raising it
        for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
            sys.modules["pyspark.logger"].PySparkLogger.getLogger(name).setLevel(logging.CRITICAL + 1)
    return run_sql(path) if path.endswith(".sql") else run_script(path)


def run_and_show(path: str) -> None:
    """What a session executes: an error goes out as Jupyter's own ``error`` message."""
    from IPython import get_ipython

    kernel = get_ipython().kernel

    def publish(kind: str, content: dict[str, object]) -> None:
        kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"))

    publish("lab_begun", {})
    problem = run(path)
    sys.stdout.flush()
    sys.stderr.flush()
    if problem is not None:
        publish("error", {"ename": problem.ename, "evalue": problem.evalue, "traceback": [problem.traceback]})
