"""What an author's ``checks.py`` works with. One function a check; it returns None or a score, or raises Failed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .failed import Failed
from .lab_service import LabService
from .values import SPARK, SparkFrame

if TYPE_CHECKING:
    from .notebook import Transplant
    from .notebook_checks import CellRun, NotebookRun
    from .peer import Answer, Peer
    from .spark import EventLog

__all__ = ["SPARK", "Failed", "Lab", "LabService", "Response", "Run", "SparkFrame"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Run:
    """One execution of a file. ``error`` is None or ``NameError: … (main.py:3)``; ``started`` is S's clock."""

    stdout: str
    stderr: str
    error: str | None
    seconds: float
    path: str = ""
    started: float = 0.0

    def ok(self) -> Run:
        """This run, when it ended well. Raises Failed with the student's own error otherwise."""
        if self.error is not None:
            raise Failed(
                es=f"`{self.path}` terminó con un error: {self.error}",
                en=f"`{self.path}` ended with an error: {self.error}",
                got=self.error,
            )
        return self


@dataclass(frozen=True)
class Response:
    """What a server in the sandbox answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


def _refused(path: str, code: object) -> Failed:
    told = {
        "missing": ("no existe", "does not exist"),
        "not_regular": ("no es un archivo normal (¿un enlace?)", "is not a regular file (a link?)"),
        "too_large": ("es demasiado grande", "is too large"),
        "no_space": ("no cabe: el disco del laboratorio está lleno", "does not fit: the lab's disk is full"),
    }
    es, en = told.get(str(code), ("no se puede leer", "can't be read"))
    return Failed(es=f"El archivo `{path}` {es}.", en=f"The file `{path}` {en}.")


@dataclass
class Lab:
    """The student's sandbox, as a check sees it. Everything it gives back is plain data, rebuilt on this side."""

    peer: Peer
    seed: int
    hidden: Path
    notebooks: dict[str, Transplant] = field(default_factory=dict)
    """The submission's notebooks with its answers in the pristine ones, by path."""
    services: tuple[str, ...] = ()
    gpu: bool = False
    """Whether S has a GPU: then a check may ask for speed, too."""
    rng: random.Random = field(init=False)
    _memo: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 -- fresh data per attempt, not a secret

    @property
    def data(self) -> Path:
        """The lab's ``data/`` as it was handed out, on G's side: what S holds, the student may have changed."""
        return self.hidden.parent / "data"

    def run(self, path: str, timeout: float = 60) -> Run:
        """Run a file of the submission as a script, in a fresh ``__main__`` of the warm kernel."""
        answer = self._ask({"op": "run", "path": path}, (), timeout, path)
        problem = answer.result.get("problem")
        started = answer.result.get("started")
        error = None if problem is None else summary(problem)
        at = float(started) if isinstance(started, int | float) else 0.0
        return Run(answer.stdout, answer.stderr, error, answer.seconds, path, at)

    def call(self, path: str, function: str, *args: Any, timeout: float = 60) -> Any:
        """Call a function of a file of the submission.

        Arguments and result: JSON values, numpy arrays, pandas frames, Arrow tables. ``SPARK`` and
        ``SparkFrame(frame)`` arrive as session and DataFrame; a Spark DataFrame comes back as pandas.
        """
        if path in self.notebooks:
            self.run_notebook(path)
        return self._call(path, function, args, f"{function}()", timeout)

    def probe(
        self, function: str, *args: Any, like: Any = None, called: str = "", file: str = "sonda.py", timeout: float = 60
    ) -> Any:
        """Call a function of hidden/sonda.py, or another ``file`` there, which runs in S beside the student's files.

        For what must be seen from within: a rival in the middle of a sale, what a client library is asked for.
        ``like``: the shape that it tells things in (see ``labkit.probe``). ``called``: what an error of the student's
        own is named by, instead of the probe's function.
        """
        from .probe import shaped

        self.lend(self.hidden / file)
        return shaped(self._call(f"_{file}", function, args, called or f"{function}()", timeout), like)

    def lend(self, *files: Path) -> None:
        """Lay files of the author's beside the student's, each as ``_<name>``, once: S can read them from then on."""
        for file in files:
            self.once(f"lent {file.name}", partial(self.write, f"_{file.name}", file.read_bytes()))

    def _call(self, path: str, function: str, args: Sequence[Any], name: str, timeout: float) -> Any:
        from . import values

        buffers: list[bytes] = []
        encoded = [values.encode(argument, buffers) for argument in args]
        request = {"op": "call", "path": path, "function": function, "args": encoded}
        return self.value_of(request, name, timeout, buffers)

    def value_of(self, request: dict[str, Any], name: str, timeout: float, buffers: Sequence[bytes] = ()) -> Any:
        """The value that S answers with. Raises Failed for what its code raised and for what can't cross."""
        from . import values

        answer = self._ask(request, buffers, timeout, name)
        if (problem := answer.result.get("problem")) is not None:
            raise self._raised(name, problem)
        if (kind := answer.result.get("unreadable")) is not None:
            kind = str(kind)[:200]
            raise Failed(
                es=f"`{name}` devuelve algo que no se puede leer ({kind}). "
                "Devuelve números, textos, listas, diccionarios o un DataFrame.",
                en=f"`{name}` returns something that can't be read ({kind}). "
                "Return numbers, strings, lists, dictionaries or a DataFrame.",
            )
        try:
            return values.decode(_no_sessions(answer.result.get("value")), answer.buffers)
        except (values.BadValue, ValueError, MemoryError, OverflowError, RecursionError) as error:
            raise Failed(
                es=f"`{name}` devolvió datos que no se pueden leer: {error}",
                en=f"`{name}` returned data that can't be read: {error}",
            ) from None

    def shell(self, command: str, timeout: float = 60) -> Run:
        """Run a command with ``sh -c`` in the workspace. ``error`` is None or ``exit status n``."""
        answer = self._ask({"op": "shell", "command": command, "timeout": timeout}, (), timeout + 2, command)
        result = answer.result
        code, out, err = result.get("code"), result.get("stdout"), result.get("stderr")
        if type(code) is not int or not isinstance(out, str) or not isinstance(err, str):
            raise _no_answer(command)
        return Run(out, err, None if code == 0 else f"exit status {code}", answer.seconds, command)

    def fetch(
        self,
        port: int,
        path: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        timeout: float = 20,
    ) -> Response:
        """Ask a server in the sandbox; redirects are not followed. Raises Failed when nothing answers."""
        request = {
            "op": "fetch",
            "port": port,
            "path": path,
            "method": method,
            "headers": headers or {},
            "timeout": timeout,
        }
        answer = self._ask(request, [body], timeout + 2, f"http://127.0.0.1:{port}{path}")
        if (reason := answer.result.get("unreachable")) is not None:
            raise Failed(
                es=f"Nada responde en el puerto {port}: {str(reason)[:300]}",
                en=f"Nothing answers on port {port}: {str(reason)[:300]}",
            )
        status, given = answer.result.get("status"), answer.result.get("headers")
        if type(status) is not int or not isinstance(given, dict) or len(answer.buffers) != 1:
            raise _no_answer(path)
        return Response(status, {str(k).lower(): str(v) for k, v in given.items()}, bytes(answer.buffers[0]))

    @contextmanager
    def connect(self, port: int, timeout: float = 20) -> Iterator[str]:
        """``127.0.0.1:<port>`` on this side, which leads to that port of the sandbox while the block runs.

        For the client libraries of services: boto3, psycopg, azure.storage.blob. Any number of connections, 64 MiB of
        answers and ``timeout`` seconds in all. What the library raises fails the check, as Failed; what the author's
        own code raises stays theirs.
        """
        from .tunnel import tunnel

        if not 1024 <= port <= 65535:
            raise ValueError(f"no port of a lab: {port}")
        answer = self._order({"op": "port", "port": port}, 20, f"127.0.0.1:{port}")
        if answer.get("port") != port:
            raise _no_answer(f"127.0.0.1:{port}")
        with (
            self.peer.watched(timeout) as seconds,
            tunnel(self.peer.socket_of(port), port, seconds, self.hidden.parent) as address,
        ):
            yield address

    def read(self, path: str, max_bytes: int = 8 << 20) -> bytes:
        """A regular file of the workspace, no links followed. Raises Failed when there is none."""
        answer = self._ask({"op": "read", "path": path, "max_bytes": max_bytes}, (), 20, path)
        if "refused" in answer.result:
            raise _refused(path, answer.result["refused"])
        if len(answer.buffers) != 1:
            raise _no_answer(path)
        if len(answer.buffers[0]) > max_bytes:
            raise _refused(path, "too_large")
        return bytes(answer.buffers[0])

    def write(self, path: str, content: bytes | str) -> None:
        """Put a file into the workspace."""
        data = content.encode() if isinstance(content, str) else content
        answer = self._ask({"op": "write", "path": path}, [data], 20, path)
        if "refused" in answer.result:
            raise _refused(path, answer.result["refused"])

    def put(self, archive: bytes) -> None:
        """Lay a tar over the workspace."""
        answer = self._ask({"op": "put"}, [archive], 60, "workspace")
        if "refused" in answer.result:
            raise _refused(str(answer.result.get("path", "")), answer.result["refused"])

    def run_notebook(self, path: str = "main.ipynb", timeout: float = 60) -> NotebookRun:
        """Run a notebook's code cells in order, once for all checks; ``timeout`` is each cell's.

        It is the pristine notebook with the student's answers in it. A cell that fails doesn't keep the next from
        running. Raises Failed when the submitted file is no notebook.
        """
        from .notebook_checks import NotebookRun

        return self.once(f"notebook {path}", lambda: NotebookRun(self, path, self.notebooks[path], timeout))

    def cell(self, ident: str, path: str = "main.ipynb") -> CellRun:
        """What one cell printed, displayed or raised."""
        return self.run_notebook(path).cell(ident)

    def restart(self) -> None:
        """A fresh kernel; the files stay, notebooks run again when they are next asked for."""
        from .peer import PeerError

        self._memo = {key: kept for key, kept in self._memo.items() if not key.startswith("notebook ")}
        try:
            self.peer.restart()
        except PeerError:
            raise _died() from None

    def service(self, ident: str) -> LabService:
        """A service that the lab or its environment declares; they run when the checks begin."""
        if ident not in self.services:
            raise LookupError(f"this lab has no service {ident!r} (there is: {', '.join(self.services) or 'none'})")
        return LabService(ident, lambda order, seconds: self._order(order, seconds, ident))

    def once(self, key: str, make: Callable[[], Result]) -> Result:
        """The result of ``make()``, computed for the first check that asks; a failure is remembered, too."""
        if key not in self._memo:
            try:
                self._memo[key] = (make(), None)
            except Failed as failed:
                self._memo[key] = (None, failed)
        value, failure = self._memo[key]
        if failure is not None:
            raise failure
        return value

    def expect(
        self, condition: object, *, es: str, en: str, got: object = None, expected: object = None, score: float = 0.0
    ) -> None:
        """Fail with this message unless the condition holds."""
        if not condition:
            raise Failed(es=es, en=en, got=got, expected=expected, score=score)

    def same_table(self, got: Any, expected: Any, *, keys: list[str] | None = None, tolerance: float = 1e-6) -> None:
        """Fail, and say where, unless both frames hold the same rows; see ``compare.same_table``."""
        from .compare import same_table

        same_table(got, expected, keys=keys, tolerance=tolerance)

    def spark_event_log(self, run: Run | None = None, timeout: float = 30) -> EventLog:
        """What Spark did in the sandbox, or since that run began. The log is written by the student's process:
        believe it about speed, never about results.
        """
        from .spark import EventLog

        answer = self._ask({"op": "spark_event_log"}, (), timeout, "Spark")
        if len(answer.buffers) != 1:
            raise Failed(
                es="Spark no dejó registro de eventos. ¿Tu código detuvo o reemplazó la sesión de Spark?",
                en="Spark left no event log. Did your code stop or replace the Spark session?",
            )
        log = EventLog.parse(bytes(answer.buffers[0]).decode(errors="replace"))
        return log if run is None else log.since(run.started)

    def ask(self, request: dict[str, Any], what: str) -> dict[str, Any]:
        """S's plain answer to a request of the kit."""
        return self._ask(request, (), 20, what).result

    def _ask(self, request: dict[str, Any], blobs: Sequence[bytes], timeout: float, what: str) -> Answer:
        return self.exchange(lambda: self.peer.ask(request, blobs, timeout), what)

    def _raised(self, name: str, problem: object) -> Failed:
        told = summary(problem)
        if isinstance(problem, dict) and problem.get("ename") == "LabMissing":
            path = str(problem.get("path"))[:200]
            if path in self.notebooks:
                return self.run_notebook(path).no_name(name.removesuffix("()"))
            return Failed(
                es=f"No encuentro `{name}` en `{path}`. Revisa el nombre de la función y del archivo.",
                en=f"There is no `{name}` in `{path}`. Check the names of the function and of the file.",
            )
        return Failed(es=f"`{name}` falló con {told}", en=f"`{name}` failed with {told}", got=told)

    def exchange(self, ask: Callable[[], Answer], what: str) -> Answer:
        """The answer to what ``ask`` asks of S. Raises Failed where S gives none."""
        from .peer import BadAnswer, PeerDied, PeerTimeout

        try:
            return ask()
        except PeerTimeout as late:
            raise Failed(
                es=f"`{what}` no terminó en {late.seconds:.0f} s. Busca un ciclo sin fin o trabajo que sobre.",
                en=f"`{what}` did not finish within {late.seconds:.0f} s. Look for an endless loop or needless work.",
            ) from None
        except PeerDied:
            raise _died() from None
        except BadAnswer:
            raise _no_answer(what) from None

    def _order(self, order: dict[str, Any], seconds: float, ident: str) -> dict[str, Any]:
        from .peer import PeerError

        try:
            return self.peer.order(order, seconds)
        except PeerError:
            raise _no_answer(ident) from None


def _no_sessions(value: Any) -> Any:
    """S has no business sending the tags that stand for G's own objects."""
    if isinstance(value, list):
        return [_no_sessions(item) for item in value]
    if isinstance(value, dict):
        if "$spark" in value or "$spark_frame" in value:
            raise ValueError("unknown kind of value")
        return {key: _no_sessions(item) for key, item in value.items()}
    return value


def summary(problem: object) -> str:
    """What a student's code raised, in a line: ``NameError: … (main.py:3)``."""
    if not isinstance(problem, dict):
        return "?"
    where = f" ({problem.get('path')}:{problem.get('line')})" if problem.get("path") else ""
    return f"{str(problem.get('ename'))[:200]}: {str(problem.get('evalue'))[:2000]}{where}"


def _died() -> Failed:
    return Failed(
        es="El proceso de tu programa terminó antes de responder. Revisa si llama a exit() o si usa demasiada memoria.",
        en="The process of your program ended before it answered. See whether it calls exit() or uses too much memory.",
    )


def _no_answer(what: str) -> Failed:
    return Failed(
        es=f"No hubo una respuesta válida al ejecutar `{what}`. Revisa que tu código no cierre ni altere el entorno.",
        en=f"There was no valid answer when running `{what}`. See that your code doesn't alter its environment.",
    )
