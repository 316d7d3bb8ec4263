"""Rows 1 to 5, 7, 8 and 18 of the list of attacks: programs that take all they can get, or outstay their welcome."""

from __future__ import annotations

import os
import time

import pytest

from tests.sandboxes import Bench, ping, wait_until_still
from workers.sandboxes.base import Handle
from workers.sandboxes.bubblewrap import BubblewrapDriver

pytestmark = [pytest.mark.sandbox, pytest.mark.usefixtures("neighbour")]
SIGNALS_OFF = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in set(range(1, 65)) - {9, 19, 32, 33}]\n"


def has_cgroups(sandboxes: Bench) -> bool:
    driver = sandboxes.driver
    return not isinstance(driver, BubblewrapDriver) or "memory" in driver.cgroups.parents


def needs_cgroups(sandboxes: Bench) -> None:
    if not has_cgroups(sandboxes):
        pytest.skip("no control groups lent to this account: each process is limited, not their sum")


def test_row_1_a_fork_bomb_stays_within_its_pids(sandboxes: Bench, neighbour: Handle) -> None:
    handle = sandboxes.start(
        SIGNALS_OFF
        + """
def bomb():
    while True:
        try:
            os.fork()
        except OSError:
            try: open("/run/lab/full", "w").close()
            except OSError: pass
bomb()
""",
        cpus=0.5,
    )
    end = time.monotonic() + 60
    while not (handle.run_dir / "full").exists():
        assert time.monotonic() < end, "the bomb never met its limit"
        ping(neighbour)
    for _ in range(50):  # and while it goes on: `make bench` tells how flat the neighbour's latency stays
        ping(neighbour)
    sandboxes.driver.stop(handle)


@pytest.mark.parametrize("where", ["memory", "/tmp", "/dev/shm", "/home/lab", "/run/lab"])
def test_row_2_a_memory_bomb_is_named_so(sandboxes: Bench, where: str) -> None:
    needs_cgroups(sandboxes)
    program = """
where = %r
if os.fork() == 0:
    if where == "memory":
        held = [bytearray(8 << 20) for _ in range(100)]
    number = 0
    while True:
        number += 1
        with open(f"{where}/{number}", "wb") as file:
            file.write(bytes(4 << 20))
os._exit(0 if os.wait()[1] else 1)
"""
    record = sandboxes.run(program % where, memory_mb=64, disk_mb=512, inodes=2000)
    assert (record.code, record.oom) == (0, True)


def test_row_3_spinning_gets_its_share_and_no_more(sandboxes: Bench) -> None:
    needs_cgroups(sandboxes)
    used = sandboxes.ask(
        """
import time
end = time.monotonic() + 2
children = [os.fork() or "child" for _ in range(3)]
while time.monotonic() < end: pass
if "child" in children: os._exit(0)
[os.wait() for _ in children]
times = os.times()
say(times.user + times.system + times.children_user + times.children_system)
""",
        cpus=0.5,
    )
    assert used < 2 * 0.5 * 1.5


def test_row_3_cpu_seconds_run_out(sandboxes: Bench) -> None:
    record = sandboxes.run("while True: pass", cpu_seconds=1)
    assert record.code == 137


def test_row_3_thousands_of_threads(sandboxes: Bench) -> None:
    started = sandboxes.ask(
        """
import threading
stop, started = threading.Event(), 0
try:
    for started in range(5000):
        threading.Thread(target=stop.wait, daemon=True).start()
except RuntimeError:
    say(started)
os._exit(0)
""",
        pids=64,
    )
    assert started <= 64


@pytest.mark.parametrize(
    "program",
    [
        SIGNALS_OFF + "time.sleep(60)",
        "import signal\nif os.fork(): os.kill(-1, signal.SIGSTOP)\nos.kill(os.getpid(), signal.SIGSTOP)",
        "import signal\nos.kill(os.getppid(), signal.SIGSTOP)\nwhile True: signal.pause()",
        "import sys\nsys.stdin.read()\nimport time\ntime.sleep(60)",
    ],
    ids=["ignores signals", "stops itself", "stops its parent", "waits on stdin"],
)
def test_row_4_nobody_outsits_the_wall_clock(sandboxes: Bench, program: str) -> None:
    handle = sandboxes.start(program, wall_seconds=1)
    assert sandboxes.wait(handle, 8).timed_out


def test_row_5_disk_inodes_and_file_size_end(sandboxes: Bench) -> None:
    seen = sandboxes.ask(
        """
def until_refused(step):
    done = 0
    try:
        while done < 100_000:
            step(done)
            done += 1
    except OSError as error:
        return [done, error.errno]
chunk = bytes(1 << 20)
def fill(number):
    with open("/tmp/fill", "ab", buffering=0) as file:
        assert file.write(chunk) == len(chunk) or file.write(chunk)
def touch(number):
    open(f"/home/lab/work/{number}", "w").close()
seen = {"inodes": until_refused(touch), "disk": until_refused(fill)}
try:
    with open("/home/lab/sparse", "wb") as file: pass
except OSError as error:
    seen["after"] = error.errno
try:
    os.truncate("/tmp/fill", 1 << 40)
except OSError as error:
    seen["sparse"] = error.errno
say(seen)
""",
        disk_mb=16,
        file_mb=32,
        inodes=200,
    )
    assert seen["inodes"][0] <= 200
    assert seen["disk"][0] <= 16
    assert (seen["inodes"][1], seen["disk"][1], seen["after"], seen["sparse"]) == (28, 28, 28, 27)


def test_row_5_inodes_of_the_socket_folder_count_as_memory(sandboxes: Bench) -> None:
    needs_cgroups(sandboxes)
    record = sandboxes.run("for n in range(1 << 30): open(f'/run/lab/{n}', 'w').close()", memory_mb=32)
    assert record.oom


def test_row_5_no_core_file_is_written(sandboxes: Bench) -> None:
    seen = sandboxes.ask(
        """
import resource, signal
if os.fork() == 0:
    os.chdir("/tmp")
    os.kill(os.getpid(), signal.SIGSEGV)
say([os.WCOREDUMP(os.wait()[1]), resource.getrlimit(resource.RLIMIT_CORE)])
"""
    )
    assert seen == [False, [0, 0]]


def test_row_7_a_flood_of_output_costs_the_host_nothing(sandboxes: Bench, neighbour: Handle) -> None:
    before = os.times()
    handle = sandboxes.start(
        """
line = b"y\\n" * 32768
if os.fork():
    while True: os.write(1, line)
while True: os.write(2, b"y")
""",
        cpus=0.5,
        wall_seconds=2,
    )
    ping(neighbour)
    record = sandboxes.wait(handle)
    assert record.timed_out
    assert len(record.detail) <= 4096
    kept = [p for p in handle.run_dir.parent.rglob("*") if p.is_file() and p.stat().st_size > 128 * 1024]
    assert kept == []
    after = os.times()
    assert after.children_user + after.children_system - before.children_user - before.children_system < 1


def test_row_8_a_daemon_dies_with_its_sandbox(sandboxes: Bench) -> None:
    handle = sandboxes.start(
        SIGNALS_OFF
        + """
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    for fd in range(3): os.close(fd)
    while True:
        with open("/run/lab/beat", "w") as file: file.write(str(time.time()))
        time.sleep(0.02)
while not os.path.exists("/run/lab/beat"): time.sleep(0.01)
"""
    )
    sandboxes.wait(handle)
    wait_until_still(handle.run_dir / "beat")


@pytest.mark.parametrize(
    "program",
    [
        "os._exit(0)",
        "os.kill(-1, 9)",
        "import atexit\natexit.register(os._exit, 0)",
        "os.abort()",
        "os.kill(1, 9); os._exit(0)",
    ],
)
def test_row_18_an_early_end_is_seen_as_an_end(sandboxes: Bench, program: str) -> None:
    record = sandboxes.run(program)
    assert record.code is not None
    assert not record.timed_out
