"""Services of a lab: started in order, watched, restarted, stopped, and told of, with a real session around them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.labs.kit.roles import READY_SECONDS, Session, UnixConnection

SERVER = """
import http.server, os, pathlib, sys
print("pid", os.getpid(), os.getcwd(), os.environ["SERVICE_HOME"], os.environ.get("LAB_ROLE"), flush=True)
pathlib.Path(os.environ["SERVICE_HOME"], "order").write_text(" ".join(sorted(os.listdir(".."))))
class H(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args): print("\\x1b[32mGET\\x1b[0m ñ", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
"""
STUBBORN = "trap '' TERM; echo listo; sleep 600 & sleep 600; sleep 600"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def service(ident: str, *command: str, port: int | None = None, **more: Any) -> dict[str, Any]:
    ready = {"port": port} if port else None
    return {"id": ident, "title": {"es": ident, "en": ident}, "command": list(command), "ready": ready, **more}


def eventually(ask: Callable[[], Any], seconds: float = READY_SECONDS) -> Any:
    """What ``ask`` gives once it is true."""
    end = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)
    return found


class Lab:
    """A session with its services pushed."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def push(self, *services: dict[str, Any], ports: tuple[int, ...] = ()) -> int:
        body = {"services": list(services), "ports": list(ports)}
        return self.session.request("PUT", "/lab/services", body)[0]

    def get(self, ident: str) -> dict[str, Any]:
        status, content = self.session.request("GET", "/lab/services")
        assert status == 200
        return next(s for s in json.loads(content) if s["id"] == ident)

    def wait(self, ident: str, *states: str) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            found = self.get(ident)
            return found if found["state"] in states else None

        found: dict[str, Any] = eventually(there)
        return found

    def act(self, ident: str, act: str) -> tuple[int, Any]:
        status, content = self.session.request("POST", f"/lab/services/{ident}/{act}")
        return status, json.loads(content)

    def log(self, ident: str, until: str, after: int = 0) -> tuple[str, int]:
        """The log from an offset until it holds a text, and the offset then."""
        connection = UnixConnection(self.session.run / "jupyter.sock")
        connection.request("GET", f"/lab/services/{ident}/log?after={after}")
        text, number = "", after
        with contextlib.closing(connection), connection.getresponse() as response:
            assert response.status == 200
            for line in response:
                if line.startswith(b"id: "):
                    number = int(line[4:])
                elif line.startswith(b"data: "):
                    text += json.loads(line[6:])["text"]
                    if until in text:
                        return text, number
        raise AssertionError(f"the log ended: {text}")

    def pid(self, ident: str, after: int = 0) -> int:
        text, _ = self.log(ident, os.linesep, after)
        while "pid " not in text or not text.endswith("\n"):
            more, after = self.log(ident, "\n", after)
            text = more
        return int(text.split("pid ")[1].split()[0])


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    port = free_port()
    role = Session("session").wait_ready()
    made = Lab(role)
    (role.work / "server.py").write_text(SERVER)
    python = "python"
    pushed = made.push(
        service("uno", python, "server.py", str(port), port=port),
        service("dos", "sh", "-c", 'ls "$SERVICE_HOME/.."; echo dos; exec sleep 600'),
        service("terco", "sh", "-c", STUBBORN, start="demand"),
        service("roto", "sh", "-c", "echo adiós >&2; exit 3", start="demand"),
        service("una-vez", "sh", "-c", "exit 4", start="demand", restart=False),
        service("nada", "no-hay-tal-programa", start="demand", restart=False),
        ports=(port,),
    )
    assert pushed == 204
    made.port = port  # type: ignore[attr-defined]
    yield made
    role.stop()


def test_they_start_in_order_in_the_workspace_with_a_folder_of_their_own(lab: Lab) -> None:
    lab.wait("dos", "ready")
    assert lab.get("uno")["state"] == "ready"
    text, _ = lab.log("uno", "pid ")
    home = lab.session.folder / "home"
    assert f"{home}/work {home}/services/uno None" in text
    assert "uno" in lab.log("dos", "dos\n")[0].splitlines(), "the second began when the first was ready"
    assert lab.get("terco")["state"] == "stopped"


def test_a_killed_one_comes_back_and_its_log_goes_on(lab: Lab) -> None:
    lab.wait("uno", "ready")
    text, offset = lab.log("uno", "pid ")
    os.kill(int(text.split("pid ")[1].split()[0]), signal.SIGKILL)
    more, _ = lab.log("uno", "pid ", offset)
    assert "■ SIGKILL" in more
    assert text.count("pid ") == more.count("pid ") == 1, "the reader went on where it was"
    found = lab.wait("uno", "ready")
    assert (found["restarts"], found["exit"]) == (1, -9)
