"""A check talks to a service of the student's sandbox with that service's own client library."""

from __future__ import annotations

import pytest

from tests.labs.kit.roles import Role, grade
from tests.redis_server import free_port

SERVER = """
import http.server, socketserver, threading

class Files(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_PUT(self):
        kept[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(kept[self.path])))
        self.end_headers()
        self.wfile.write(kept[self.path])
    def log_message(self, *args): pass

class Odd(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(65536)
        if how == "hangs":
            threading.Event().wait()
        if how == "floods":
            self.request.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
        while how == "floods":
            self.request.sendall(bytes(1 << 20))
        self.request.sendall(b"not HTTP at all\\r\\n\\r\\n")

kept, how = {}, ""

def serves(port, kind):
    global how
    how = kind
    handler = Odd if kind else Files
    server = socketserver.ThreadingTCPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
"""
CHECKS = """
import http.client, urllib.request
from labkit import Lab

def habla(lab: Lab):
    lab.call("main.py", "serves", PORT, "")
    content = lab.rng.randbytes(3 << 20)
    with lab.connect(PORT) as address:
        connection = http.client.HTTPConnection(address)
        for name in ("/a", "/b"):
            connection.request("PUT", name, content)
            assert connection.getresponse().read() == b""
        assert urllib.request.urlopen(f"http://{address}/b").read() == content

def nadie(lab: Lab):
    with lab.connect(NOBODY) as address:
        urllib.request.urlopen(f"http://{address}/").read()

def raro(lab: Lab):
    lab.call("main.py", "serves", ODD, "odd")
    with lab.connect(ODD) as address:
        urllib.request.urlopen(f"http://{address}/").read()

def calla(lab: Lab):
    lab.call("main.py", "serves", ODD, "hangs")
    with lab.connect(ODD, timeout=1) as address:
        urllib.request.urlopen(f"http://{address}/").read()

def inunda(lab: Lab):
    lab.call("main.py", "serves", ODD, "floods")
    with lab.connect(ODD) as address:
        urllib.request.urlopen(f"http://{address}/").read()

def ajeno(lab: Lab):
    with lab.connect(NOBODY):
        helper.breaks()

def mal_usado(lab: Lab):
    with lab.connect(NOBODY):
        lab.service("nobody's")

def sin_tiempo(lab: Lab):
    with lab.connect(NOBODY, timeout=60):
        lab.call("main.py", "sleep", 60)

def propio(lab: Lab):
    with lab.connect(NOBODY) as address:
        {}["mine"]

def despues(lab: Lab):
    assert lab.call("main.py", "len", [1]) == 1
"""


def checks() -> str:
    text = CHECKS.replace("PORT", str(free_port())).replace("NOBODY", str(free_port()))
    return text.replace("ODD", str(free_port()))


def test_a_client_library_reaches_the_service(student: Role) -> None:
    _, report = grade(student, checks(), {"main.py": SERVER}, ["habla"])
    assert report["checks"][0]["status"] == "passed", report


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("nadie", "no respondió como se esperaba"),
        ("raro", "no respondió como se esperaba"),
        ("calla", "no terminó de responder en 1 s"),
        ("inunda", "más de 64 MiB"),
    ],
)
def test_a_service_that_answers_badly_fails_that_check_only(spent_student: Role, check: str, told: str) -> None:
    main = SERVER + "\nfrom builtins import len\n"
    _, report = grade(spent_student, checks(), {"main.py": main}, [check, "despues"])
    assert report["outcome"] == "graded", report
    assert [one["status"] for one in report["checks"]] == ["failed", "passed"], report
    assert told in report["checks"][0]["message"]["es"]


@pytest.mark.parametrize("check", ["propio", "ajeno", "mal_usado"])
def test_an_error_of_the_labs_own_code_stays_the_authors(student: Role, check: str) -> None:
    text = checks() + "\nfrom hidden import helper\n"
    hidden = {"hidden/helper.py": "def breaks():\n    return {}['mine']\n"}
    _, report = grade(student, text, {"main.py": SERVER}, [check], lab=hidden)
    assert report["outcome"] == "author_error"


def test_the_labs_whole_time_ends_the_grading_inside_a_block_too(spent_student: Role) -> None:
    main = "from time import sleep\n"
    _, report = grade(spent_student, checks(), {"main.py": main}, ["sin_tiempo", "despues"], seconds=2)
    assert report["outcome"] == "timeout", report
    assert 1.5 < report["student_seconds"] < 3.5, "one wait within another counts once"
