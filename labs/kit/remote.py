"""What G has S do. Runs in S's kernel beside the student's code, so nothing here is trusted, nor needs to be."""

from __future__ import annotations

import dataclasses
import http.client
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import places, runner, values, workspace

Given = tuple[dict[str, Any], list[bytes]]
MAX_TEXT = 1 << 20
MAX_BODY = 16 << 20
EVENT_LOG = Path("/tmp/spark-events")  # noqa: S108 -- the sandbox's own /tmp


def _run(request: dict[str, Any], _: list[bytes]) -> Given:
    _modules.clear()
    started = time.time()
    if not (places.WORK / request["path"]).is_file():
        missing = runner.Problem("FileNotFoundError", request["path"], "")
        return {"problem": dataclasses.asdict(missing), "started": started}, []
    problem = runner.run(request["path"])
    sys.stdout.flush()
    sys.stderr.flush()
    return {"problem": problem and dataclasses.asdict(problem), "started": started}, []


_modules: dict[str, Any] = {}


def _module(path: str) -> Any:
    """The file as a module, read again when it changed."""
    file = places.WORK / path
    stamp = file.stat().st_mtime_ns
    if path not in _modules or _modules[path][0] != stamp:
        if path in _modules:
            runner.forget_modules()
            _modules.clear()
        if str(file.parent) not in sys.path:
            sys.path.insert(0, str(file.parent))
        spec = importlib.util.spec_from_file_location(file.stem, file)
        if spec is None or spec.loader is None:
            raise FileNotFoundError(path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[file.stem] = module  # pickling and multiprocessing look it up by name
        spec.loader.exec_module(module)
        _modules[path] = (stamp, module)
    return _modules[path][1]


def _function(path: str, name: str) -> Any:
    """What a file's code calls by that name; None when there is no such thing. A notebook's cells have run already."""
    if path.endswith(".ipynb"):
        return getattr(_shell_of_cells().namespace(path), name, None)
    return getattr(_module(path), name, None) if (places.WORK / path).is_file() else None


def _call(request: dict[str, Any], blobs: list[bytes]) -> Given:
    path, name = request["path"], request["function"]
    arguments = [values.decode(argument, blobs) for argument in request["args"]]

    def result() -> Any:
        function = _function(path, name)
        if not callable(function):
            raise LabMissing(path, name)
        return function(*arguments)

    return _value_of(result)


class LabMissing(Exception):
    """The submission has no such function or name."""


def _value_of(make: Callable[[], Any]) -> Given:
    """What ``make`` returns, as an answer; or what the student's code raised."""
    buffers: list[bytes] = []
    try:
        return {"value": values.encode(make(), buffers)}, buffers
    except LabMissing as missing:
        path, name = missing.args
        return {"problem": dataclasses.asdict(runner.Problem("LabMissing", name, "", path))}, []
    except values.BadValue as error:
        return {"unreadable": str(error)}, []
    except BaseException as error:  # SystemExit too: it must not end the kernel without an answer
        return {"problem": dataclasses.asdict(runner.problem_of(error))}, []


def _shell_of_cells() -> Any:
    from IPython import get_ipython

    return get_ipython()


def _evaluate(request: dict[str, Any], _: list[bytes]) -> Given:
    """The value of an expression among the names that a notebook's cells left."""
    shell = _shell_of_cells()
    with shell.inside(request["path"]) as module:
        return _value_of(lambda: eval(request["expression"], module.__dict__))  # noqa: S307 -- the author's expression


def _fresh(request: dict[str, Any], _: list[bytes]) -> Given:
    """Forget what a notebook's cells left, for a run from the top."""
    _shell_of_cells().notebooks.pop(request["path"], None)
    return {}, []


def _cell_value(request: dict[str, Any], _: list[bytes]) -> Given:
    """What the last expression of a cell was when it ran."""
    return _value_of(lambda: _shell_of_cells().results.get((request["path"], request["cell"])))


def _kind(request: dict[str, Any], _: list[bytes]) -> Given:
    """Whether a notebook's name is something to call, a value, or not there."""
    found = vars(_shell_of_cells().namespace(request["path"]))
    name = request["name"]
    return {"kind": "missing" if name not in found else "function" if callable(found[name]) else "value"}, []


def answer_cell(kernel: Any, request: dict[str, Any], problem: runner.Problem | None) -> None:
    """Tell the grader how a cell went, after all that it printed."""
    sys.stdout.flush()
    sys.stderr.flush()
    result = {"problem": problem and dataclasses.asdict(problem)}
    kernel.session.send(kernel.iopub_socket, "lab_answer", {"result": result}, parent=request)


def _shell(request: dict[str, Any], _: list[bytes]) -> Given:
    process = subprocess.Popen(
        ["/bin/sh", "-c", request["command"]],
        cwd=places.WORK,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=request["timeout"])
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    texts = [stream[:MAX_TEXT].decode(errors="replace") for stream in (out, err)]
    return {"code": process.returncode, "stdout": texts[0], "stderr": texts[1]}, []


def _fetch(request: dict[str, Any], blobs: list[bytes]) -> Given:
    connection = http.client.HTTPConnection("127.0.0.1", request["port"], timeout=request["timeout"])
    try:
        connection.request(request["method"], request["path"], bytes(blobs[0]) or None, request["headers"])
        response = connection.getresponse()
        return {"status": response.status, "headers": dict(response.getheaders())}, [response.read(MAX_BODY)]
    except (OSError, http.client.HTTPException) as error:
        return {"unreachable": f"{type(error).__name__}: {error}"}, []
    finally:
        connection.close()


def _read(request: dict[str, Any], _: list[bytes]) -> Given:
    return {}, [workspace.read(places.WORK, request["path"], request["max_bytes"])]


def _write(request: dict[str, Any], blobs: list[bytes]) -> Given:
    workspace.write(places.WORK, request["path"], bytes(blobs[0]))
    return {}, []


def _put(_: dict[str, Any], blobs: list[bytes]) -> Given:
    return {"files": workspace.unpack(bytes(blobs[0]), places.WORK)}, []


def _spark_event_log(_: dict[str, Any], __: list[bytes]) -> Given:
    context = runner.spark_session().sparkContext
    # Listeners hear of events later, on threads of their own; the log is one of them.
    context._jsc.sc().listenerBus().waitUntilEmpty(10_000)
    files = sorted(EVENT_LOG.rglob(f"*{context.applicationId}*"))
    parts = [file.read_bytes() for file in files if file.is_file() and not file.name.startswith("appstatus")]
    return {}, [b"".join(parts)] if parts else []


OPERATIONS: dict[str, Callable[[dict[str, Any], list[bytes]], Given]] = {
    "run": _run,
    "call": _call,
    "evaluate": _evaluate,
    "fresh": _fresh,
    "cell_value": _cell_value,
    "kind": _kind,
    "shell": _shell,
    "fetch": _fetch,
    "read": _read,
    "write": _write,
    "put": _put,
    "spark_event_log": _spark_event_log,
}


def prepare() -> None:
    """Import what carries values, and convert a first table: the first request must not wait for it."""
    import numpy  # noqa: F401
    import pandas

    buffers: list[bytes] = []
    values.decode(values.encode(pandas.DataFrame({"a": [1], "b": ["x"]}), buffers), buffers)


def serve() -> None:
    """Do what the request that is being executed asks for, and publish the answer."""
    from IPython import get_ipython

    kernel = get_ipython().kernel
    parent = kernel.get_parent("shell")
    order, *blobs = parent["buffers"]
    request = json.loads(bytes(order))
    try:
        result, buffers = OPERATIONS[request["op"]](request, blobs)
    except workspace.Refused as refused:
        result, buffers = {"refused": refused.code, "path": refused.path}, []
    kernel.session.send(kernel.iopub_socket, "lab_answer", {"result": result}, parent=parent, buffers=buffers)
