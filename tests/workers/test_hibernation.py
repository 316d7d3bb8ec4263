"""A sandbox that nobody uses is paused: nothing in it runs, and whatever a person does wakes it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import aiohttp
import pytest

from tests.live import wait_for
from tests.workers.lab_host import lab_host
from tests.workers.test_sessions import get, job
from tests.workers.test_tending import run
from workers import sessions, snapshots, tending, workspace
from workers.host import Host
from workers.sandboxes.base import Handle
from workers.startup import handle_of

__all__ = ["lab_host"]
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]
# What goes on after the run: something that ticks, and a web page.
PROGRAM = """
import subprocess, sys
TICK = "import time\\nwhile True:\\n    open('tick', 'a').write('.')\\n    time.sleep(0.05)"
subprocess.Popen([sys.executable, "-c", TICK])
subprocess.Popen([sys.executable, "-m", "http.server", "8123", "--bind", "127.0.0.1"])
"""


@pytest.fixture
def sandbox(lab_host: Host, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A session that is paused after two seconds without use."""
    monkeypatch.setattr(lab_host, "config", lab_host.config.model_copy(update={"hibernate_seconds": 2}))
    asked = job(lab_host)
    yield sessions.start(lab_host, asked).sandbox
    sessions.stop(lab_host, asked.session)


def ticks(host: Host, sandbox: str) -> int:
    return len(get(host, sandbox, "/lab/files/tick")[1])


def wait_until_paused(handle: Handle) -> None:
    wait_for(lambda: tending.ask(handle).hibernating, 120, lambda: f"never paused: {tending.ask(handle)}")


def is_running(host: Host, sandbox: str) -> None:
    """Until what ticks goes on ticking."""
    before = ticks(host, sandbox)
    wait_for(lambda: ticks(host, sandbox) > before, 60, lambda: "it stays paused")


async def first_answer(handle: Handle, name: str, path: str, sent: str | None = None) -> str:
    """Over a socket of the sandbox: a page's text, or what a terminal prints up to the echo's result."""
    connector = aiohttp.UnixConnector(str(handle.run_dir / name))
    async with aiohttp.ClientSession(connector=connector, base_url="http://localhost") as client:
        if sent is None:
            return await (await client.get(path)).text()
        made = await (await client.post("/api/terminals")).json()
        async with client.ws_connect(f"{path}{made['name']}") as terminal:
            await terminal.send_str(json.dumps(["stdin", sent]))
            said = ""
            while "= 42" not in said:
                what, *text = json.loads((await terminal.receive(timeout=60)).data)
                said += text[0] if what == "stdout" else ""
            return said


def test_nothing_runs_until_somebody_needs_it(lab_host: Host, sandbox: str) -> None:
    handle = handle_of(lab_host, sandbox)
    connection = workspace.Connection(handle)
    assert connection.ask("PUT", "/lab/services", b'{"services": [], "ports": [8123]}')[0] == 204
    connection.close()
    run(lab_host, sandbox, PROGRAM)
    is_running(lab_host, sandbox)

    wait_until_paused(handle)
    before = ticks(lab_host, sandbox)
    time.sleep(1)
    assert ticks(lab_host, sandbox) == before, "looking doesn't wake it"
    assert snapshots.take(lab_host, "k" * 26, handle) is not None
    assert tending.ask(handle).hibernating, "nor does a snapshot"

    run(lab_host, sandbox, "print('awake')")  # fails unless the kernel comes to the end of it
    is_running(lab_host, sandbox)

    wait_until_paused(handle)
    page = asyncio.run(first_answer(handle, "ui-8123.sock", "/"))
    assert "tick" in page
    is_running(lab_host, sandbox)

    wait_until_paused(handle)
    said = asyncio.run(first_answer(handle, "jupyter.sock", "/terminals/websocket/", "echo = $((6 * 7))\r"))
    assert "= 42" in said
    is_running(lab_host, sandbox)
