"""Cells of a notebook in a session's real kernel: as in Jupyter, in a namespace that its cells share."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.labs.kit.roles import Session, said
from tests.labs.notebooks import code, notebook

PATH = "libro.ipynb"


def run(session: Session, source: str, cell: str = "c", path: str = PATH) -> list[dict[str, Any]]:
    session.wait_idle()
    status, body = session.request("POST", "/lab/runs", {"path": path, "cell": cell, "source": source})
    assert status == 201, body
    return [event for _, event in session.follow(json.loads(body)["id"])]


def shown(events: list[dict[str, Any]]) -> list[str]:
    return [event["data"]["text/plain"] for event in events if event["t"] == "display"]


def test_cells_share_their_names_and_show_the_last_expression(session: Session) -> None:
    assert shown(run(session, "x = 20\nx")) == ["20"]
    assert shown(run(session, "x += 1\nx * 2", "otra")) == ["42"]
    assert shown(run(session, "x;")) == []
    assert "<table" in run(session, "import pandas as pd\npd.DataFrame({'a': [1]})")[-2]["data"]["text/html"]


def test_executions_are_counted(session: Session) -> None:
    counts = [event["count"] for _ in range(2) for event in run(session, "1") if event["t"] == "count"]
    assert counts[1] == counts[0] + 1


def test_notebooks_and_files_do_not_see_each_others_names(session: Session) -> None:
    run(session, "secreto = 1")
    assert "NameError" in json.dumps(run(session, "secreto", path="otro.ipynb"))
    assert said(session.output("print('secreto' in globals())\n")) == "False\n"
    assert shown(run(session, "secreto")) == ["1"]


def test_awaiting_at_the_top_works(session: Session) -> None:
    assert shown(run(session, "import asyncio\nawait asyncio.sleep(0, 'ya')")) == ["'ya'"]


def test_an_error_is_told_by_cell_and_line_only(session: Session) -> None:
    run(session, "def mitad(n):\n    return n / 0", "define")
    events = run(session, "a = 1\nmitad(a)", "usa")
    error = next(event for event in events if event["t"] == "error")
    assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert 'File "libro.ipynb#usa", line 2' in error["traceback"]
    assert 'File "libro.ipynb#define", line 2' in error["traceback"]
    assert "return n / 0" in error["traceback"]
    assert "IPython" not in error["traceback"]
    assert events[-1]["state"] == "error"


@pytest.mark.parametrize("source", ["x = (", "  y = 1\n z = 2", "%nada", "await 1 +"])
def test_code_that_is_none_ends_as_an_error(session: Session, source: str) -> None:
    assert run(session, source)[-1]["state"] in ("error", "ok")  # an unknown magic is told, as in Jupyter
    assert shown(run(session, "1 + 1")) == ["2"]


def test_a_class_of_the_notebook_can_be_pickled(session: Session) -> None:
    session.output("x = 1\n")  # a file's own __main__ must not stay in the way
    run(session, "class Punto:\n    pass")
    assert shown(run(session, "import pickle\ntype(pickle.loads(pickle.dumps(Punto()))) is Punto")) == ["True"]


def test_a_cell_streams_and_is_interrupted(session: Session) -> None:
    session.wait_idle()
    order = {"path": PATH, "cell": "c", "source": "import time\nprint('in', flush=True)\ntime.sleep(600)"}
    described = json.loads(session.request("POST", "/lab/runs", order)[1])
    assert (described["path"], described["cell"]) == (PATH, "c")
    reader = session.follow(described["id"])
    while next(reader)[1]["t"] != "stream":
        pass
    assert session.request("POST", f"/lab/runs/{described['id']}/interrupt")[0] == 202
    assert list(reader)[-1][1]["state"] == "interrupted"


def test_without_a_source_the_workspaces_own_is_run(session: Session) -> None:
    session.request("PUT", f"/lab/files/{PATH}", notebook(code("a", "'de la libreta'")))
    session.wait_idle()
    status, body = session.request("POST", "/lab/runs", {"path": PATH, "cell": "a"})
    assert status == 201
    assert shown([event for _, event in session.follow(json.loads(body)["id"])]) == ["'de la libreta'"]
    assert session.request("POST", "/lab/runs", {"path": PATH, "cell": "b"})[0] == 404


def test_a_restart_forgets_the_names(session: Session) -> None:
    run(session, "x = 1")
    session.request("POST", "/lab/kernel/restart")
    assert "NameError" in json.dumps(run(session, "x"))


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({"path": "main.py", "cell": "a", "source": ""}, 400),
        ({"path": PATH, "cell": "a b", "source": ""}, 400),
        ({"path": PATH, "cell": "", "source": ""}, 400),
        ({"path": PATH, "cell": "x" * 65, "source": ""}, 400),
        ({"path": PATH, "cell": "a", "source": 1}, 400),
        ({"path": "../x.ipynb", "cell": "a", "source": ""}, 422),
        ({"path": PATH}, 415),
    ],
)
def test_an_order_that_is_none_is_refused(session: Session, order: dict[str, Any], status: int) -> None:
    assert session.request("POST", "/lab/runs", order)[0] == status
