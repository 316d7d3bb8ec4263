"""What every driver promises (workers/sandboxes/base.py), held against each one this machine has."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sandboxes import ECHO, Bench, new_id, ping, wait_for_file, wait_until_still
from workers.sandboxes import choose
from workers.sandboxes.base import ExitRecord, Handle, SandboxDriver, SandboxError
from workers.sandboxes.rundir import RunDir

pytestmark = pytest.mark.sandbox
SLEEP = "import time; say('up'); time.sleep(60)"


def leftovers(bench: Bench, sandbox: str) -> list[str]:
    """Processes, folders and control groups that still name a sandbox."""
    found = [str(path) for path in bench.settings.run_dir.iterdir() if sandbox in path.name]
    for root, folders, _ in os.walk("/sys/fs/cgroup"):
        found += [f"{root}/{name}" for name in folders if sandbox in name]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if sandbox.encode() in (process / "cmdline").read_bytes():
                found.append(process.name)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def another(bench: Bench) -> SandboxDriver:
    """The same driver in another process, as good as: it shares no memory with the first."""
    return choose(bench.settings)


def test_it_starts_and_lives(sandboxes: Bench) -> None:
    handle = sandboxes.start(SLEEP)
    assert sandboxes.said(handle) == "up"
    assert sandboxes.driver.poll(handle) is None
    assert handle.run_dir.is_dir()


def test_it_gives_the_program_its_places(sandboxes: Bench) -> None:
    seen = sandboxes.ask(
        """
import sys, pwd
say({"cwd": os.getcwd(), "env": dict(os.environ), "python": sys.executable, "uid": os.getuid(), "args": sys.argv[0],
     "name": pwd.getpwuid(os.getuid()).pw_name, "host": os.uname().nodename, "umask": os.umask(0)})
""",
        ui_ports=(4040,),
        env={"TOPIC": "spark"},
        role="session",
    )
    assert seen["cwd"] == "/home/lab/work"
    assert (seen["env"]["HOME"], seen["env"]["LAB_ROLE"], seen["env"]["LAB_UI_PORTS"]) == (
        "/home/lab",
        "session",
        "4040",
    )
    assert seen["env"]["TOPIC"] == "spark"
    assert seen["env"]["PYTHONPATH"] == "/opt/lab/kit"
    assert seen["uid"] >= 1_000_000_000 or os.geteuid() != 0
    assert (seen["name"], seen["host"], seen["umask"]) == ("lab", "lab", 0o007)


class Ended(BaseException):
    """What a signal that ends this process raises, wherever it is."""


@pytest.mark.parametrize("milliseconds", [1, 10, 40, 100, 200])
def test_a_start_that_is_cut_short_leaves_nothing(sandboxes: Bench, milliseconds: int) -> None:
    def end(*_: object) -> None:
        raise Ended

    def start() -> None:
        timer.start()  # waits for its thread, and the signal may come before that wait ends
        sandboxes.start(SLEEP)
        time.sleep(60)  # it was quick, and is its starter's to stop

    before = signal.signal(signal.SIGUSR1, end)
    timer = threading.Timer(milliseconds / 1000, os.kill, (os.getpid(), signal.SIGUSR1))
    try:
        with pytest.raises(Ended):
            start()
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)
    sandboxes.stop_all()
    assert sandboxes.driver.list() == []


def test_each_has_a_uid_of_its_own(sandboxes: Bench) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give sandboxes uids")
    program = "say(os.getuid())"
    assert sandboxes.ask(program) != sandboxes.ask(program)


@pytest.mark.parametrize(("program", "code"), [("", 0), ("os._exit(7)", 7), ("os.kill(os.getpid(), 9)", 137)])
def test_it_tells_how_the_program_ended(sandboxes: Bench, program: str, code: int) -> None:
    record = sandboxes.run(program)
    assert (record.code, record.oom, record.timed_out) == (code, False, False)


def test_it_lists_the_ended_too_until_stopped(sandboxes: Bench) -> None:
    handle = sandboxes.start("", labels={"session": "abc"})
    sandboxes.wait(handle)
    assert handle in sandboxes.driver.list()
    sandboxes.driver.stop(handle)
    assert handle not in sandboxes.driver.list()


def test_any_process_can_take_over(sandboxes: Bench) -> None:
    deadline = time.time() + 50
    handle = sandboxes.start(SLEEP, labels={"job": "17", "attempt": "2"}, deadline=deadline)
    other = another(sandboxes)
    (found,) = [h for h in other.list() if h.id == handle.id]
    assert (found.labels, found.deadline) == ({"job": "17", "attempt": "2"}, deadline)
    assert other.poll(found) is None
    other.stop(found)
    assert leftovers(sandboxes, handle.id) == []


def test_stop_leaves_nothing(sandboxes: Bench) -> None:
    handle = sandboxes.start(
        "os.mkdir('/run/lab/a'); open('/run/lab/a/b', 'w').close(); os.chmod('/run/lab/a', 0)\n" + SLEEP
    )
    sandboxes.said(handle)
    sandboxes.driver.stop(handle)
    assert leftovers(sandboxes, handle.id) == []


def test_stop_and_poll_tolerate_the_unknown(sandboxes: Bench) -> None:
    handle = Handle(new_id(), sandboxes.settings.run_dir / "none")
    sandboxes.driver.stop(handle)
    record = sandboxes.driver.poll(handle)
    assert isinstance(record, ExitRecord)
    assert record.code is None


@pytest.mark.parametrize("wrong", [{"id": "../../etc"}, {"deadline": time.time() - 1}, {"peer": new_id()}])
def test_a_refused_start_leaves_nothing(sandboxes: Bench, wrong: dict[str, object]) -> None:
    before = sorted(sandboxes.settings.run_dir.iterdir())
    with pytest.raises(SandboxError):
        sandboxes.start(**wrong)
    assert sorted(sandboxes.settings.run_dir.iterdir()) == before


@pytest.mark.parametrize("reference", ["", "/nowhere", "debian:bookworm-slim", "sha256:" + "0" * 64])
def test_it_takes_no_image_but_a_built_one(sandboxes: Bench, reference: str) -> None:
    before = sorted(sandboxes.settings.run_dir.iterdir())
    with pytest.raises(SandboxError):
        sandboxes.start(image=reference)
    assert sorted(sandboxes.settings.run_dir.iterdir()) == before


def test_an_id_serves_once(sandboxes: Bench) -> None:
    handle = sandboxes.start(SLEEP)
    with pytest.raises(SandboxError, match="once"):
        sandboxes.start(id=handle.id)
    assert sandboxes.driver.poll(handle) is None


@pytest.mark.parametrize("limit", [{"wall_seconds": 1}, {"deadline": 0.0}])
def test_it_ends_at_its_wall_limit_or_deadline(sandboxes: Bench, limit: dict[str, float]) -> None:
    if "deadline" in limit:
        limit = {"deadline": time.time() + 5}
    handle = sandboxes.start("import signal, time; signal.pthread_sigmask(0, range(1, 65)); time.sleep(60)", **limit)
    record = sandboxes.wait(handle)
    assert record.timed_out


def test_a_deadline_can_be_put_off_and_brought_forward(sandboxes: Bench) -> None:
    began = time.time()
    handle = sandboxes.start(SLEEP, deadline=began + 15)
    records = RunDir(sandboxes.settings.run_dir)

    def move(deadline: float) -> None:
        meta = records.read(handle.id)
        assert meta is not None
        records.update(replace(meta, deadline=deadline))

    move(began + 200)
    time.sleep(max(0.0, began + 22 - time.time()))  # a supervisor looks at its record every five seconds
    assert sandboxes.driver.poll(handle) is None
    move(time.time())
    assert sandboxes.wait(handle).timed_out


def test_it_ends_at_its_wall_limit_with_nobody_looking(sandboxes: Bench) -> None:
    handle = sandboxes.start(
        "import time\nwhile True: open('/run/lab/beat', 'w').close(); time.sleep(.05)", wall_seconds=5
    )
    wait_for_file(handle.run_dir / "beat")
    wait_until_still(handle.run_dir / "beat")
    assert sandboxes.wait(handle).timed_out


def test_it_flags_memory_whatever_the_exit_code(sandboxes: Bench) -> None:
    record = sandboxes.run("if os.fork() == 0: bytearray(500 << 20)\nos.wait(); os._exit(0)")
    assert (record.code, record.oom) == (0, True)


def test_it_sees_a_part_killed_for_memory_while_the_rest_lives(sandboxes: Bench) -> None:
    handle = sandboxes.start(
        "import time\nif os.fork() == 0: bytearray(500 << 20); os._exit(0)\nos.wait(); say('up'); time.sleep(60)"
    )
    assert sandboxes.said(handle) == "up"
    end = time.monotonic() + 60
    while not sandboxes.driver.oom(handle) and time.monotonic() < end:
        time.sleep(0.05)
    assert sandboxes.driver.oom(handle)
    assert sandboxes.driver.poll(handle) is None
    assert not sandboxes.driver.oom(Handle(new_id(), sandboxes.settings.run_dir / "none"))


def test_it_tells_the_most_memory_that_was_held(sandboxes: Bench) -> None:
    handle = sandboxes.start("import time\nheld = bytearray(100 << 20); del held; say('up'); time.sleep(60)")
    assert sandboxes.said(handle) == "up"
    peak = sandboxes.driver.peak_memory(handle)
    if not peak:
        pytest.skip("this kernel, or this engine, keeps no count")
    assert peak > 100 << 20
    assert sandboxes.driver.peak_memory(Handle(new_id(), sandboxes.settings.run_dir / "none")) == 0


def test_a_graders_peer_is_in_reach_one_way(sandboxes: Bench) -> None:
    student = sandboxes.start(ECHO)
    ping(student)
    seen = sandboxes.ask(
        """
import socket
client = socket.socket(socket.AF_UNIX)
client.connect("/run/peer/echo.sock")
client.sendall(b"from the grader ")
got = client.recv(64).decode()
try:
    open("/run/peer/forged", "w")
except OSError as error:
    say([got, error.errno, os.listdir("/run/peer")])
""",
        peer=student.id,
        role="grader",
    )
    assert seen[0] == "from the grader /home/lab/work"
    assert seen[1] in (13, 30)
    assert "echo.sock" in seen[2]


def test_only_the_peer_of_ones_own_is_there(sandboxes: Bench) -> None:
    assert sandboxes.ask("say(os.path.exists('/run/peer'))") is False


def test_preflight_names_every_protection(sandboxes: Bench) -> None:
    found = {p.name: p for p in sandboxes.driver.preflight()}
    assert {"seccomp", "memory limit", "pids limit", "cpu limit", "unique uid", "run directory in memory"} <= set(found)
    assert all(p.ok for p in found.values() if p.required)
    assert all(p.detail for p in found.values() if not p.ok)


def test_its_own_names_are_loopback(sandboxes: Bench) -> None:
    seen = sandboxes.ask("import socket\nsay([socket.gethostbyname(n) for n in ('localhost', socket.gethostname())])")
    assert seen == ["127.0.0.1", "127.0.0.1"]
