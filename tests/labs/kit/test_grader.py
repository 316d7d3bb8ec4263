"""The check API, with a real student's kernel and a real grader."""

from __future__ import annotations

import os

import pytest

from labs.kit import report as reports
from tests.labs.kit.roles import Role, grade

HEAD = """
import numpy as np
import pandas as pd
from labkit import Failed, Lab
"""


def one(student: Role, body: str, main: str = "", seconds: float = 60, **files: str) -> dict[str, object]:
    """The result of a single check with this body."""
    checks = HEAD + "def c(lab):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    _, report = grade(student, checks, {"main.py": main, **files}, ["c"], seconds)
    assert report["outcome"] == "graded", report
    result: dict[str, object] = report["checks"][0]
    return result


def test_checks_run_in_order_and_report(student: Role) -> None:
    checks = HEAD + (
        "def sale(lab):\n"
        "    run = lab.run('main.py').ok()\n"
        "    lab.expect(run.stdout == 'hola\\n', es='no saluda', en='no greeting', got=run.stdout)\n"
        "def mitad(lab): return 0.5\n"
        "def falla(lab): raise Failed(es='mal', en='bad', got=1, expected=2, figure={'data': []})\n"
    )
    names = ["sale", "mitad", "falla"]
    events, report = grade(student, checks, {"main.py": "print('hola')\n"}, names)
    phases = [event["phase"] for event in events if event["event"] == "phase"]
    assert phases == ["preparing", "running", "checking"]
    assert [event["id"] for event in events if event["event"] == "check"] == names
    checked = reports.validate(report, "j1", 2, names)
    assert [(check["status"], check["score"]) for check in checked["checks"]] == [
        ("passed", 1.0),
        ("partial", 0.5),
        ("failed", 0.0),
    ]
    assert checked["checks"][2]["expected"] == "2"
    assert checked["checks"][2]["figure"] == {"data": []}


def test_values_cross_both_ways(student: Role) -> None:
    main = "import numpy as np\ndef eco(x): return x\ndef tabla(df): return df.assign(b=df.a * 2).set_index('a')\n"
    body = """
values = [None, True, 3, 2.5, "ñ", [1, [2]], {"a": {"b": 1}}, {1: "x", 2: "y"}, b"\\x00\\xff"]
assert lab.call("main.py", "eco", values) == values
assert np.isnan(lab.call("main.py", "eco", float("nan")))
got = lab.call("main.py", "eco", np.arange(6.0).reshape(2, 3))
assert got.shape == (2, 3) and got.sum() == 15
lab.same_table(lab.call("main.py", "tabla", pd.DataFrame({"a": [1, 2]})), pd.DataFrame({"a": [1, 2], "b": [2, 4]}))
"""
    assert one(student, body.strip(), main)["status"] == "passed"


def test_a_type_of_the_students_own_does_not_cross(student: Role) -> None:
    main = (
        "class Igual(dict):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
        "class Siempre:\n    def __eq__(self, other): return True\n"
        "def dos(): return Igual(a=1)\ndef tres(): return Siempre()\n"
    )
    result = one(student, "got = lab.call('main.py', 'dos')\nassert type(got) is dict and got != {'a': 2}", main)
    assert result["status"] == "passed"
    result = one(student, "lab.call('main.py', 'tres')", main)
    assert result["status"] == "failed"
    assert "Siempre" in str(result["message"])


def test_the_students_exception_is_told_with_its_line(student: Role) -> None:
    result = one(student, "lab.call('main.py', 'f')", "def f():\n    return 1 / 0\n")
    assert "ZeroDivisionError: division by zero (main.py:2)" in result["message"]["es"]  # type: ignore[index]
    result = one(student, "lab.run('main.py').ok()", "x = (\n")
    assert "SyntaxError" in result["message"]["en"]  # type: ignore[index]
    result = one(student, "lab.call('main.py', 'g')", "")
    assert "`g()`" in result["message"]["es"]  # type: ignore[index]


def test_leaving_or_killing_the_kernel_fails_that_check_only(student: Role) -> None:
    checks = HEAD + (
        "def sale(lab): lab.call('main.py', 'adios')\n"
        "def muere(lab): lab.call('main.py', 'muere')\n"
        "def vive(lab): assert lab.call('main.py', 'f') == 1\n"
    )
    main = "import os, sys\ndef adios(): sys.exit(0)\ndef muere(): os._exit(0)\ndef f(): return 1\n"
    _, report = grade(student, checks, {"main.py": main}, ["sale", "muere", "vive"])
    assert [check["status"] for check in report["checks"]] == ["failed", "failed", "passed"]


def test_a_slow_call_fails_and_the_next_works(student: Role) -> None:
    checks = HEAD + (
        "def lento(lab): lab.call('main.py', 'lento', timeout=1)\n"
        "def terco(lab): lab.call('main.py', 'terco', timeout=1)\n"
        "def f(lab): assert lab.call('main.py', 'f') == 1\n"
    )
    main = (
        "import time\ndef lento(): time.sleep(60)\ndef f(): return 1\n"
        "def terco():\n    while True:\n        try: time.sleep(60)\n        except BaseException: pass\n"
    )
    _, report = grade(student, checks, {"main.py": main}, ["lento", "terco", "f"])
    assert [check["status"] for check in report["checks"]] == ["failed", "failed", "passed"]
    assert "1 s" in report["checks"][0]["message"]["es"]


def test_the_labs_whole_time_ends_the_grading(student: Role) -> None:
    checks = "def lento(lab): lab.run('main.py')\ndef otro(lab): pass\n"
    _, report = grade(student, checks, {"main.py": "import time\ntime.sleep(60)\n"}, ["lento", "otro"], seconds=3)
    assert report["outcome"] == "timeout"
    assert [check["status"] for check in report["checks"]] == ["failed", "failed"]


@pytest.mark.parametrize(
    "main",
    ["while True: print('y' * 1000)\n", "print('y' * 100_000_000)\n", "import os\nos.system('yes')\n"],
    ids=["lines", "one-print", "subprocess"],
)
def test_too_much_output_ends_the_grading(spent_student: Role, main: str) -> None:
    _, report = grade(spent_student, "def c(lab): lab.run('main.py')\n", {"main.py": main}, ["c"])
    assert report["outcome"] == "output_limit"


@pytest.mark.parametrize(
    "checks",
    ["def c(lab): 1 / 0\n", "import falta\ndef c(lab): pass\n", "def d(lab): pass\n", "def c(lab): return 2\n"],
    ids=["bug", "import", "missing", "score"],
)
def test_a_check_with_a_bug_is_the_authors(student: Role, checks: str) -> None:
    _, report = grade(student, checks, {"main.py": ""}, ["c"])
    assert report["outcome"] == "author_error"
    assert "ZeroDivision" not in str(report)  # what a check says of itself may show what is expected


def test_files_are_read_without_links(student: Role) -> None:
    main = (
        "import os\nfrom pathlib import Path\n"
        "Path('bien.txt').write_text('7')\nos.symlink('/etc/passwd', 'enlace')\nos.mkfifo('tubo')\n"
        "Path('grande').write_bytes(bytes(2000))\n"
    )
    body = """
lab.run("main.py").ok()
assert lab.read("bien.txt") == b"7"
for bad in ("enlace", "tubo", "grande", "nada", "../../x"):
    try:
        lab.read(bad, 1000)
    except Failed:
        continue
    raise ValueError(bad)
lab.write("sub/nuevo.txt", "ñ")
assert lab.shell("cat sub/nuevo.txt; exit 3") .stdout == "ñ"
assert lab.shell("exit 3").error == "exit status 3"
"""
    assert one(student, body.strip(), main)["status"] == "passed"


def test_a_server_in_the_sandbox_is_asked(student: Role) -> None:
    main = """
import http.server, threading
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(302)
        self.send_header("Location", "http://example.org/")
        self.end_headers()
        self.wfile.write(self.rfile.read(int(self.headers["Content-Length"])))
    def log_message(self, *args): pass
def sirve():
    server = http.server.HTTPServer(("127.0.0.1", 18466), H)
    threading.Thread(target=server.serve_forever, daemon=True).start()
"""
    body = """
lab.call("main.py", "sirve")
answer = lab.fetch(18466, "/x", method="POST", body=b"eco")
assert (answer.status, answer.body, answer.headers["location"]) == (302, b"eco", "http://example.org/")
try:
    lab.fetch(18467, "/")
except Failed as failed:
    assert "18467" in failed.message["es"]
"""
    assert one(student, body.strip(), main)["status"] == "passed"


def test_once_remembers_failures_and_rng_follows_the_seed(student: Role) -> None:
    checks = HEAD + (
        "import random\n"
        "calls = []\n"
        "def make():\n    calls.append(1)\n    raise Failed(es='a', en='b')\n"
        "def a(lab):\n"
        "    assert lab.seed == 7 and lab.rng.random() == random.Random(7).random()\n"
        "    lab.once('k', make)\n"
        "def b(lab): lab.once('k', make)\n"
        "def c(lab): assert calls == [1]\n"
    )
    _, report = grade(student, checks, {"main.py": ""}, ["a", "b", "c"])
    assert [check["status"] for check in report["checks"]] == ["failed", "failed", "passed"]


def test_a_probe_runs_beside_the_students_files_and_what_it_tells_is_looked_at_first(student: Role) -> None:
    probe = (
        "import cuenta\nfrom _tareas import doble\n"
        "def mira(n): return {'visto': [doble(cuenta.suma(n))], 'fin': cuenta.fin}\n"
        "def rompe(): cuenta.falla()\n"
    )
    main = "fin = True\ndef suma(n): return n + 1\ndef falla(): raise ValueError('mío')\n"
    body = """
lab.lend(lab.hidden / "tareas.py")
for _ in range(2):
    assert lab.probe("mira", 4, like={"visto": [(float, int)], "fin": bool}) == {"visto": [10], "fin": True}
for like in ({"visto": [str]}, {"otro": None}, {"visto": [int], "fin": int}, [None]):
    try:
        lab.probe("mira", 4, like=like)
    except Failed as failed:
        assert "cambió" in failed.message["es"], failed.message
        continue
    raise ValueError(like)
lab.probe("rompe", called="falla")
"""
    lab: dict[str, bytes | str] = {"hidden/sonda.py": probe, "hidden/tareas.py": "def doble(n): return 2 * n\n"}
    checks = HEAD + "def c(lab):\n" + "".join(f"    {line}\n" for line in body.strip().splitlines())
    _, report = grade(student, checks, {"cuenta.py": main}, ["c"], lab=lab)
    (told,) = report["checks"]
    assert told["status"] == "failed", told
    assert told["message"]["es"] == "`falla` falló con ValueError: mío (cuenta.py:3)"


def test_tables_are_compared_with_a_useful_message(student: Role) -> None:
    body = """
want = pd.DataFrame({"k": ["a", "b"], "v": [1.0, 2.0]})
lab.same_table(pd.DataFrame({"v": [2.0, 1.0 + 1e-9], "k": ["b", "a"]}), want, keys=["k"])
cases = {
    "Faltan columnas: v": want[["k"]],
    "Sobran columnas: w": want.assign(w=1),
    "Faltan 1 filas, por ejemplo `k` = b": want.head(1),
    "Sobran 1 filas": pd.concat([want, pd.DataFrame({"k": ["c"], "v": [0.0]})]),
    "repetido": pd.concat([want, want.head(1)]),
    "La columna `v` difiere en 1 filas. Fila k = b: hay 3.0 y debería haber 2.0": want.assign(v=[1.0, 3.0]),
    "Se esperaba una tabla": 3,
}
for text, got in cases.items():
    try:
        lab.same_table(got, want, keys=["k"])
    except Failed as failed:
        assert text in failed.message["es"], failed.message
        continue
    raise ValueError(text)
"""
    assert one(student, body.strip())["status"] == "passed"


def test_student_code_finds_no_tests_and_no_grader(student: Role) -> None:
    main = (
        "import glob\n"
        "def mira(): return [p for p in glob.glob('**', recursive=True) if 'check' in p or 'hidden' in p]\n"
    )
    assert one(student, "assert lab.call('main.py', 'mira') == []", main)["status"] == "passed"
    assert not [name for name in os.listdir(student.run) if "grader" in name]  # noqa: PTH208
