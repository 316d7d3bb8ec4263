"""The session's API, with a real kernel."""

from __future__ import annotations

import json
import os
import signal
import time

from tests.labs.kit.roles import Role, Session, get, said, tar


def test_a_script_streams_shows_and_ends(session: Session) -> None:
    events = session.output("import pandas as pd\nprint('hola')\ndisplay(pd.DataFrame({'a': [1, 2]}))\n1 + 1\n")
    assert [event["t"] for event in events] == ["state", "stream", "display", "state"]
    assert said(events) == "hola\n"
    assert "<table" in events[2]["data"]["text/html"]
    assert events[-1]["state"] == "ok"


def test_a_plotly_figure_comes_as_its_own_type(session: Session) -> None:
    events = session.output("import plotly.graph_objects as go\ngo.Figure(go.Bar(y=[1, 2])).show()\n")
    bundle = next(event["data"] for event in events if event["t"] == "display")
    assert bundle["application/vnd.plotly.v1+json"]["data"][0]["type"] == "bar"


def test_a_traceback_shows_the_student_frames_only(session: Session) -> None:
    events = session.output("import json\ndef leer():\n    return json.loads('{')\nleer()\n")
    error = next(event for event in events if event["t"] == "error")
    assert error["ename"] == "JSONDecodeError"
    assert 'File "main.py", line 3, in leer' in error["traceback"]
    assert "decoder.py" not in error["traceback"]
    assert "runner" not in error["traceback"]
    assert events[-1]["state"] == "error"


def test_a_syntax_error_names_the_line(session: Session) -> None:
    error = next(event for event in session.output("x = 1\ny = = 2\n") if event["t"] == "error")
    assert error["ename"] == "SyntaxError"
    assert 'File "main.py", line 2' in error["traceback"]


def test_each_run_starts_with_fresh_names_in_a_warm_process(session: Session) -> None:
    session.output("x = 1\nimport os\nos.marca = 'warm'\n")
    events = session.output("import os\nprint(__name__, 'x' in globals(), os.marca)\n")
    assert said(events) == "__main__ False warm\n"


def test_an_edited_module_is_read_again(session: Session) -> None:
    for number in (1, 2):  # same length and likely the same second: bytecode must not be trusted
        session.request("PUT", "/lab/files/ayuda.py", f"valor = {number}".encode())
        assert said(session.output("import ayuda\nprint(ayuda.valor)\n")) == f"{number}\n"


def test_a_file_named_like_a_library_does_not_break_the_kernel(session: Session) -> None:
    session.request("PUT", "/lab/files/zmq.py", b"raise SystemExit('mine')")
    session.request("POST", "/lab/kernel/restart")
    assert said(session.output("print('up')\n")) == "up\n"
    assert session.request("DELETE", "/lab/files/zmq.py")[0] == 204


def test_input_fails_at_once(session: Session) -> None:
    events = session.output("input('?')\n")
    assert events[-1]["state"] == "error"


def test_a_reader_resumes_without_gap_or_duplicate(session: Session) -> None:
    run = session.start("import time\nfor i in range(12):\n    print(i, flush=True)\n    time.sleep(0.06)\n")
    seen: list[tuple[int, dict[str, object]]] = []
    for _ in range(3):  # the connection breaks after two more events, three times over
        reader = session.follow(run, after=seen[-1][0] if seen else 0)
        seen += [next(reader), next(reader)]
        reader.close()
    seen += list(session.follow(run, after=seen[-1][0]))
    numbers = [number for number, _ in seen]
    assert numbers == list(range(1, len(seen) + 1))
    assert seen == list(session.follow(run))
    assert said([event for _, event in seen]) == "".join(f"{i}\n" for i in range(12))  # type: ignore[arg-type]


def test_many_small_writes_become_few_events(session: Session) -> None:
    events = session.output("for i in range(20000):\n    print(i % 10, end='', flush=i % 100 == 0)\n")
    assert len(said(events)) == 20000
    assert len(events) < 200


def test_endless_output_ends_at_the_cap_and_the_next_run_works(session: Session) -> None:
    events = session.output("while True:\n    print('y' * 1000)\n")
    assert events[-1]["state"] == "output_limit"
    assert len(said(events)) <= 4 << 20
    assert said(session.output("print('after')\n")) == "after\n"


def test_output_that_ignores_interrupts_is_killed(session: Session) -> None:
    source = "while True:\n    try:\n        print('y' * 1000)\n    except KeyboardInterrupt:\n        pass\n"
    assert session.output(source)[-1]["state"] == "output_limit"
    assert said(session.output("print('after')\n")) == "after\n"


def test_a_run_is_interrupted(session: Session) -> None:
    run = session.start("import time\nprint('in', flush=True)\ntime.sleep(60)\n")
    reader = session.follow(run)
    events = [next(reader)[1], next(reader)[1]]
    assert session.request("POST", f"/lab/runs/{run}/interrupt")[0] == 202
    events += [event for _, event in reader]
    assert events[-1]["state"] == "interrupted"


def test_a_second_run_waits_for_the_first(session: Session) -> None:
    run = session.start("import time\nprint('in', flush=True)\ntime.sleep(60)\n")
    reader = session.follow(run)
    assert [next(reader)[1]["t"], next(reader)[1]["t"]] == ["state", "stream"], "the program has begun"
    status, body = session.request("POST", "/lab/runs", {"path": "main.py"})
    assert (status, json.loads(body)["error"]["code"]) == (409, "busy")
    session.request("POST", f"/lab/runs/{run}/interrupt")
    assert list(reader)[-1][1]["state"] == "interrupted"


def test_restart_ends_the_run_and_forgets_everything(session: Session) -> None:
    run = session.start("import os, time\nos.marca = 1\ntime.sleep(60)\n")
    assert session.request("POST", "/lab/kernel/restart")[0] == 202
    assert list(session.follow(run))[-1][1]["state"] == "killed"
    assert said(session.output("import os\nprint(hasattr(os, 'marca'))\n")) == "False\n"


def test_a_kernel_that_dies_is_reported_and_replaced(session: Session) -> None:
    events = session.output("import os\nprint('bye', flush=True)\nos._exit(0)\n")
    assert events[-1]["state"] == "killed"
    assert said(session.output("print('new')\n")) == "new\n"


def test_only_runnable_files_run(session: Session) -> None:
    for path, status in (("notas.md", 415), ("consulta.sql", 415), ("falta.py", 404), ("../x.py", 422)):
        assert session.request("POST", "/lab/runs", {"path": path})[0] == status
    assert session.request("POST", "/lab/runs", b'{"path": NaN}')[0] == 400


def test_the_last_twenty_runs_are_kept(session: Session) -> None:
    for _ in range(22):
        session.output("pass\n")
    runs = json.loads(session.request("GET", "/lab/runs")[1])
    assert len(runs) == 20
    assert session.request("GET", "/lab/runs/r1/events")[0] == 404


def test_the_workspace_goes_in_and_out_as_a_tar(session: Session) -> None:
    assert session.request("PUT", "/lab/workspace", tar({"datos/a.csv": "1,2\n"}))[0] == 204
    assert session.request("GET", "/lab/files/datos/a.csv") == (200, b"1,2\n")
    (session.work / "enlace").symlink_to("/etc/passwd")
    status, archive = session.request("GET", "/lab/workspace")
    assert status == 200
    assert b"datos/a.csv" in archive
    assert b"enlace" not in archive
    assert session.request("GET", "/lab/files/enlace")[0] == 422
    assert session.request("PUT", "/lab/workspace", tar({"../fuera": "x"}))[0] == 422


def test_terminals_are_on(session: Session) -> None:
    assert session.request("POST", "/api/terminals")[0] == 200


def test_a_served_port_is_reached_through_its_socket(session: Session) -> None:
    bridge = session.run / "ui-18455.sock"
    assert get(bridge, "/")[0] == 503
    session.start(
        "from http.server import HTTPServer, SimpleHTTPRequestHandler as Files\n"
        "HTTPServer(('127.0.0.1', 18455), Files).serve_forever()\n"
    )
    end = time.monotonic() + 120
    while (answer := get(bridge, "/main.py"))[0] != 200 and time.monotonic() < end:
        time.sleep(0.05)
    assert b"HTTPServer" in answer[1]
    session.request("POST", "/lab/kernel/restart")
    session.wait_idle()


def test_student_code_sees_no_inner_settings(session: Session) -> None:
    names = said(session.output("import os\nprint(*os.environ)\n")).split()
    assert not {"LAB_ROLE", "LAB_LIMITS", "LAB_WARMUP", "LAB_PEER"} & set(names)


def test_a_warm_up_that_fails_is_told() -> None:
    role = Role("session", LAB_WARMUP="raise RuntimeError('no data set')")
    try:
        assert role.process.wait(timeout=120) == 1
        assert "no data set" in (role.run / "error").read_text()
    finally:
        role.stop()


def test_the_kernel_dies_with_its_session() -> None:
    role = Session("session")
    role.wait_ready()
    try:
        kernel = int(said(role.output("import os\nprint(os.getpid())\n")))
        role.process.send_signal(signal.SIGKILL)
        role.process.wait()
        end = time.monotonic() + 120
        while os.path.exists(f"/proc/{kernel}/exe") and time.monotonic() < end:  # noqa: PTH110 -- a link to itself
            time.sleep(0.02)
        assert not os.path.exists(f"/proc/{kernel}/exe")  # noqa: PTH110
    finally:
        role.stop()
