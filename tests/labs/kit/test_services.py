"""Services of a lab: started in order, watched, restarted, stopped, and told of, with a real session around them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labs.kit.service_log import KEPT_BYTES, Log, Part
from tests.labs.kit.roles import READY_SECONDS, Role, Session, UnixConnection, get, grade

SERVER = """
import http.server, os, pathlib, sys
print("pid", os.getpid(), os.getcwd(), os.environ["SERVICE_HOME"], os.environ.get("LAB_ROLE"), flush=True)
pathlib.Path(os.environ["SERVICE_HOME"], "order").write_text(" ".join(sorted(os.listdir(".."))))
class H(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args): print("\\x1b[32mGET\\x1b[0m ñ", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
"""
ASKED_TWICE = 'echo >>"$SERVICE_HOME/asked"; exec test $(wc -l <"$SERVICE_HOME/asked") -gt 2'
STUBBORN = "trap '' TERM; sleep 600 & echo pid $! fin; sleep 600; sleep 600"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def service(ident: str, *command: str, port: int | None = None, **more: Any) -> dict[str, Any]:
    ready = {"port": port} if port else None
    return {"id": ident, "title": {"es": ident, "en": ident}, "command": list(command), "ready": ready} | more


def eventually(ask: Callable[[], Any], seconds: float = READY_SECONDS) -> Any:
    """What ``ask`` gives once it is true."""
    end = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)
    return found


class Lab:
    """A session with its services pushed."""

    def __init__(self) -> None:
        self.session = Session("session").wait_ready()
        self.port = free_port()

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
        text = ""
        for number, data in self.events(f"/lab/services/{ident}/log?after={after}"):
            text += data["text"]
            if until in text:
                return text, number
        raise AssertionError(f"the log ended: {text}")

    def events(self, target: str) -> Iterator[tuple[int, Any]]:
        """The id and data of each event of a stream."""
        connection = UnixConnection(self.session.run / "jupyter.sock")
        connection.request("GET", target)
        number = 0
        with contextlib.closing(connection), connection.getresponse() as response:
            assert response.status == 200
            for line in response:
                if line.startswith(b"id: "):
                    number = int(line[4:])
                elif line.startswith(b"data: "):
                    yield number, json.loads(line[6:])


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab()
    (made.session.work / "server.py").write_text(SERVER)
    pushed = made.push(
        service("uno", "python", "server.py", str(made.port), port=made.port),
        service("dos", "sh", "-c", 'ls "$SERVICE_HOME/.."; echo "$SALUDO"; exec sleep 600', env={"SALUDO": "dos"}),
        service("terco", "sh", "-c", STUBBORN, start="demand"),
        service("roto", "sh", "-c", "echo adiós >&2; exit 3", start="demand"),
        service("una-vez", "sh", "-c", "exit 4", start="demand", restart=False),
        service("nada", "no-hay-tal-programa", start="demand", restart=False),
        service("lento", "sleep", "600", start="demand", ready={"command": ["sh", "-c", ASKED_TWICE]}),
        service("mudo", "sleep", "600", start="demand", ready={"command": ["no-hay-tal-programa"]}),
        ports=(made.port,),
    )
    assert pushed == 204
    yield made
    made.session.stop()


def pid_in(text: str) -> int:
    return int(re.findall(r"pid (\d+)", text)[0])


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def test_they_start_in_order_in_the_workspace_with_a_folder_of_their_own(lab: Lab) -> None:
    lab.wait("dos", "ready")
    assert lab.get("uno")["state"] == "ready"
    home = lab.session.folder / "home"
    assert f"{home}/work {home}/services/uno None\n" in lab.log("uno", "None\n")[0]
    began = lab.log("dos", "\ndos\n")[0]
    assert "\nuno\n" in began, "the second began when the first was ready"
    assert lab.get("terco")["state"] == "stopped", "one on demand waits for someone to ask"


def test_it_is_ready_when_its_command_says_so(lab: Lab) -> None:
    lab.act("mudo", "start")
    lab.act("lento", "start")
    lab.wait("lento", "ready")
    assert (lab.session.folder / "home/services/lento/asked").read_text() == "\n" * 3
    assert lab.get("mudo")["state"] == "starting"
    assert lab.act("mudo", "stop")[1]["state"] == "stopped"


def test_a_killed_one_comes_back_and_a_reader_of_its_log_goes_on(lab: Lab) -> None:
    lab.wait("uno", "ready")
    text, offset = lab.log("uno", "None\n")
    os.kill(pid_in(text), signal.SIGKILL)
    more, _ = lab.log("uno", "None\n", offset)
    assert "■ SIGKILL" in more
    assert text.count("pid ") == more.count("pid ") == 1
    found = lab.wait("uno", "ready")
    assert (found["restarts"], found["exit"]) == (1, -9)


def test_stop_ends_all_its_processes_even_those_that_shrug_it_off(lab: Lab) -> None:
    assert lab.act("terco", "start")[0] == 200
    child = pid_in(lab.log("terco", " fin\n")[0])
    status, told = lab.act("terco", "stop")
    assert (status, told["state"], told["exit"]) == (200, "stopped", -9)
    eventually(lambda: not alive(child))


def test_restart_is_a_new_process_and_counts_as_no_failure(lab: Lab) -> None:
    lab.wait("dos", "ready")
    offset = lab.log("dos", "\ndos\n")[1]
    assert lab.act("dos", "restart")[0] == 200
    assert lab.wait("dos", "ready")["restarts"] == 0
    assert "■ SIGTERM" in lab.log("dos", "\ndos\n", offset)[0]


def test_one_that_never_stays_up_is_given_up_with_its_last_lines(lab: Lab) -> None:
    lab.act("roto", "start")
    found = lab.wait("roto", "failed")
    assert (found["exit"], found["restarts"]) == (3, 4)
    assert "adiós" in found["tail"]
    lab.act("una-vez", "start")
    assert lab.wait("una-vez", "failed")["restarts"] == 0
    lab.act("nada", "start")
    assert "no-hay-tal-programa: No such file or directory" in lab.wait("nada", "failed")["tail"]


def test_every_change_is_told_to_who_follows(lab: Lab) -> None:
    lab.wait("dos", "ready")
    seen: list[str] = []
    for _, services in lab.events("/lab/services/events"):
        state = next(s["state"] for s in services if s["id"] == "dos")
        if not seen:
            lab.act("dos", "stop")
        if not seen or seen[-1] != state:
            seen.append(state)
        if state == "stopped":
            break
    assert seen == ["ready", "stopped"]
    lab.act("dos", "start")


def test_ports_lead_to_what_the_student_serves(lab: Lab) -> None:
    lab.wait("uno", "ready")
    content = lab.session.request("GET", "/lab/ports")[1]
    listed = {server["port"]: server["process"] for server in json.loads(content)}
    assert listed[lab.port] == "python"
    assert get(lab.session.run / f"ui-{lab.port}.sock", "/server.py")[0] == 200, "the worker's push opened it"
    port = free_port()
    assert lab.session.request("POST", "/lab/ports", {"port": port}) == (
        200,
        f'{{"port": {port}, "listening": false}}'.encode(),
    )
    assert get(lab.session.run / f"ui-{port}.sock", "/")[0] == 503
    with socket.create_server(("127.0.0.1", port)):
        asked = json.loads(lab.session.request("POST", "/lab/ports", {"port": port})[1])
        assert asked == {"port": port, "listening": True}
        assert port in {server["port"] for server in json.loads(lab.session.request("GET", "/lab/ports")[1])}
    for bad in (80, 65536, "8000", None, True):
        assert lab.session.request("POST", "/lab/ports", {"port": bad})[0] == 422


def test_a_list_is_taken_once_and_only_when_it_is_one(lab: Lab) -> None:
    declared = json.loads(lab.session.request("GET", "/lab/services")[1])
    assert lab.push(service("otro", "true")) == 422
    for bad in ({}, {"services": 3}, {"services": [{}]}, {"services": [service("a", "true"), service("a", "true")]}):
        assert lab.session.request("PUT", "/lab/services", bad)[0] == 422
    assert lab.session.request("PUT", "/lab/services", b"{")[0] == 400
    assert [s["id"] for s in json.loads(lab.session.request("GET", "/lab/services")[1])] == [s["id"] for s in declared]
    assert lab.session.request("POST", "/lab/services/otro/start")[0] == 404
    assert lab.session.request("GET", "/lab/services/uno/log?after=-1")[0] == 400


def test_they_end_with_the_session() -> None:
    lab = Lab()
    try:
        assert lab.push(service("duerme", "sh", "-c", 'echo "pid $$ fin"; exec sleep 600')) == 204
        pid = pid_in(lab.log("duerme", " fin\n")[0])
        os.kill(lab.session.process.pid, signal.SIGKILL)
        eventually(lambda: not alive(pid))
    finally:
        lab.session.stop()


def test_a_log_keeps_its_end_and_says_what_it_lost() -> None:
    log = Log()
    log.write("año\n".encode())
    assert (log.read(0).text, log.read(0).end) == ("año\n", 5)
    log.write("ñ".encode()[:1])
    assert log.read(5) == Part("", 5), "half a character waits for its other half"
    log.write("ñ".encode()[1:])
    assert log.read(5) == Part("ñ", 7)
    log.write("é".encode() * KEPT_BYTES)
    part = log.read(7)
    assert part.lost == KEPT_BYTES
    assert set(part.text) == {"é"}
    assert log.read(10**12).end <= log.end, "an offset of another sandbox's log is no offset here"


CHECKS = """
from labkit import Failed, Lab

def sirve(lab: Lab):
    assert lab.service("web").state == "ready"
    assert lab.fetch(PORT, "/main.py").status == 200

def muere(lab: Lab):
    lab.run("main.py").ok()
    web = lab.service("web")
    web.wait("ready")
    assert (web.restarts, web.exit) == (1, -9), (web.restarts, web.exit)
    assert "SIGKILL" in web.log()
    web.stop()
    assert web.state == "stopped"
    web.start()
    web.restart()
    assert lab.fetch(PORT, "/main.py").status == 200

def tarda(lab: Lab):
    lab.service("web").wait("failed", timeout=1)

def falta(lab: Lab):
    lab.service("nadie")
"""
KILLS = """
import os, signal, subprocess, time
from pathlib import Path
pid = int(Path("../services/web/pid").read_text())
os.kill(pid, signal.SIGKILL)
while Path("../services/web/pid").read_text() == str(pid):
    time.sleep(0.05)
"""


def test_a_grading_has_them_before_the_checks_and_a_check_can_judge_them(spent_student: Role) -> None:
    port = free_port()
    server = f'echo -n $$ > "$SERVICE_HOME/pid"; exec python -m http.server {port} --bind 127.0.0.1'
    web = service("web", "sh", "-c", server, port=port, start="session")
    checks = CHECKS.replace("PORT", str(port))
    _, report = grade(spent_student, checks, {"main.py": KILLS}, ["sirve", "muere", "tarda"], services=(web,))
    assert [check["status"] for check in report["checks"]] == ["passed", "passed", "failed"], report
    assert "`web` está en `ready`" in report["checks"][2]["message"]["es"]
    _, report = grade(spent_student, checks, {"main.py": ""}, ["falta"], services=(web,))
    assert report["outcome"] == "author_error"


def test_a_service_that_fails_in_a_grading_is_told_with_its_last_lines(spent_student: Role) -> None:
    broken = service("app", "python", "main.py", port=free_port(), start="session", restart=False)
    main = "raise SystemExit('no hay puerto')\n"
    _, report = grade(spent_student, "def c(lab): pass\n", {"main.py": main}, ["c"], services=(broken,))
    assert report["outcome"] == "graded"
    assert report["checks"][0]["status"] == "failed"
    assert "no hay puerto" in report["checks"][0]["message"]["es"]
