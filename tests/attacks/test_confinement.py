"""Rows 6, 9, 10, 12 and 13 of the list of attacks: programs that reach for what isn't theirs."""

from __future__ import annotations

import os
import platform
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandboxes import Bench
from workers.sandboxes.base import Handle

pytestmark = [pytest.mark.sandbox, pytest.mark.usefixtures("neighbour")]
EPERM, ENOSYS = 1, 38
SYSCALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    return 0 if libc.syscall(number, *args) != -1 else ctypes.get_errno()
"""
# x86-64 numbers; what must be refused before the kernel even looks at the arguments.
FORBIDDEN = {
    "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "open_tree": 428, "move_mount": 429, "fsopen": 430,
    "mount_setattr": 442, "unshare": 272, "setns": 308, "ptrace": 101, "process_vm_readv": 310,
    "process_vm_writev": 311,
    "pidfd_getfd": 438, "kcmp": 312, "keyctl": 250, "add_key": 248, "request_key": 249, "io_uring_setup": 425,
    "io_uring_enter": 426, "io_uring_register": 427, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323,
    "kexec_load": 246, "kexec_file_load": 320, "init_module": 175, "finit_module": 313, "delete_module": 176,
    "open_by_handle_at": 304, "name_to_handle_at": 303, "reboot": 169, "swapon": 167, "iopl": 172, "ioperm": 173,
    "settimeofday": 164, "clock_settime": 227, "adjtimex": 159, "acct": 163, "quotactl": 179, "syslog": 103,
    "fanotify_init": 300, "memfd_secret": 447, "modify_ldt": 154, "vhangup": 153, "sethostname": 170,
    "migrate_pages": 256,
}  # fmt: skip
SECRET = "do-not-find-me-4b1d"


@pytest.fixture
def host_service() -> Iterator[int]:
    """A TCP service of the host on every address of it; its port."""
    with socket.create_server(("0.0.0.0", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    server.accept()[0].close()
                except TimeoutError:
                    continue

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        stop.set()
        thread.join()


def test_row_6_hostile_names_and_depth_do_not_outlive_the_sandbox(sandboxes: Bench) -> None:
    handle = sandboxes.start(
        """
os.chdir("/run/lab")
for name in ("-rf", "a\\nb", "\\u202etxt.exe", "..\\\\..", "x" * 255, "\\udcff"):
    open(name, "w").close()
os.mkfifo("fifo"); os.symlink("/etc/passwd", "link"); os.symlink("/", "root")
for _ in range(10_000):
    os.mkdir("d"); os.chdir("d")
os.chmod(".", 0)
say(1)
""",
        memory_mb=256,
    )
    sandboxes.said(handle)
    sandboxes.wait(handle)
    sandboxes.driver.stop(handle)
    assert not handle.run_dir.parent.exists()
    assert Path("/etc/passwd").exists()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are x86-64's")
def test_row_9_the_kernels_back_doors_are_shut(sandboxes: Bench) -> None:
    seen = sandboxes.ask(SYSCALL + f"say({{name: call(n, 0, 0, 0, 0, 0, 0) for name, n in {FORBIDDEN!r}.items()}})")
    assert {name: error for name, error in seen.items() if error != EPERM} == {}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are x86-64's")
def test_row_9_no_new_namespace_by_any_name(sandboxes: Bench) -> None:
    flags = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
    seen = sandboxes.ask(
        SYSCALL + f"say([[call(56, flag | 17, 0, 0, 0, 0) for flag in {flags}], call(435, 0, 0), call(999)])"
    )
    assert seen[0] == [EPERM] * len(flags)
    assert seen[1] == ENOSYS  # glibc then uses clone, whose flags the filter can read
    assert seen[2] in (EPERM, ENOSYS)


def test_row_9_only_ordinary_sockets(sandboxes: Bench) -> None:
    families = {"vsock": (40, 1, 0), "alg": (38, 5, 0), "packet": (17, 3, 0), "audit": (16, 3, 9),
                "bluetooth": (31, 3, 0), "can": (29, 3, 1),
                "xdp": (44, 3, 0), "unix": (1, 1, 0), "inet": (2, 1, 0), "raw": (2, 3, 1)}  # fmt: skip
    seen = sandboxes.ask(
        f"""
import socket
seen = {{}}
for name, (family, kind, protocol) in {families!r}.items():
    try:
        socket.socket(family, kind, protocol).close()
        seen[name] = 0
    except OSError as error:
        seen[name] = error.errno
say(seen)
"""
    )
    assert {name for name, error in seen.items() if error == 0} == {"unix", "inet"}
    assert {error for error in seen.values() if error} == {EPERM}


def test_row_9_no_privilege_to_gain(sandboxes: Bench) -> None:
    seen = sandboxes.ask(
        """
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
loose = [m for line in open("/proc/mounts") for d, m, t, o, *_ in [line.split()] if not m.startswith(("/dev", "/proc"))
                   if not {"nosuid", "nodev"} <= set(o.split(",")) and "rw" in o.split(",")]
try: os.setuid(0); root = True
except OSError: root = False
say({"status": status, "mounts": loose, "root": root})
"""
    )
    status = seen["status"]
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0000000000000000"}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    # Docker's bind keeps the host's own flags for the run directory, which preflight() tells of.
    host = {p.name: p.ok for p in sandboxes.driver.preflight()}["run directory nosuid"]
    assert set(seen["mounts"]) <= (set() if host else {"/run/lab"})
    assert not seen["root"]


def test_row_9_nothing_of_the_system_can_be_written(sandboxes: Bench) -> None:
    written = sandboxes.ask(
        """
written = []
for folder in ("/", "/etc", "/usr", "/usr/bin", "/opt/lab/env", "/opt/lab", "/opt/lab/kit", "/dev", "/run", "/var",
               "/root", "/home", "/proc", "/proc/sys/kernel", "/sys", "/sys/fs/cgroup", "/lib", "/etc/passwd",
               "/run/lab/..", "/home/lab", "/tmp"):
    try:
        open(f"{folder}/planted", "w").close()
        written.append(folder)
    except OSError:
        pass
for knob in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/self/oom_score_adj"):
    try:
        with open(knob, "w") as file: file.write("-1000" if "oom" in knob else "c")
        written.append(knob)
    except OSError:
        pass
say(written)
"""
    )
    assert written == ["/home/lab", "/tmp"]


def test_row_10_no_secret_in_proc_environment_or_files(
    sandboxes: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LABS_GATEWAY_KEY", SECRET)
    (tmp_path / "secrets.env").write_text(SECRET)
    bait = sandboxes.settings.run_dir / "bait"
    bait.write_text(SECRET)
    seen = sandboxes.ask(
        """
found, pids = [], [name for name in os.listdir("/proc") if name.isdigit()]
def look(path):
    try:
        with open(path, "rb") as file: text = file.read(1 << 20)
    except OSError:
        return
    if b"do-not-" b"find-me" in text.replace(b"b\\"find-me", b""): found.append(path)
own = str(os.getpid())
for pid in pids:
    for name in ("environ", "cmdline", "mountinfo", "cgroup", "comm"):
        if not (pid == own and name == "cmdline"): look(f"/proc/{pid}/{name}")
for name in ("cmdline", "keys", "config.gz", "net/unix", "net/tcp"): look(f"/proc/{name}")
for root, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if root != "/" or f not in ("proc", "sys", "usr", "dev")]
    for name in files: look(os.path.join(root, name))
say({"found": found, "uids": sorted({os.stat(f"/proc/{pid}").st_uid for pid in pids} - {os.getuid()})})
"""
    )
    bait.unlink()
    assert [f for f in seen["found"] if not f.startswith("/proc/")] == []
    assert len(seen["found"]) <= 1, "only its own program text names the bait"
    assert seen["uids"] == []


def test_row_12_no_way_to_the_host_or_a_neighbour(sandboxes: Bench, neighbour: Handle) -> None:
    run_dir, repository = sandboxes.settings.run_dir, Path(__file__).parents[2]
    paths = ["/var/run/docker.sock", "/run/docker.sock", str(run_dir), str(neighbour.run_dir), str(repository),
             "/root/.ssh", "/dev/vda", "/dev/sda", "/dev/kvm", "/dev/mem",
             "/dev/fuse", "/run/peer", "/sys/kernel/debug/tracing"]  # fmt: skip
    seen = sandboxes.ask(
        f"""
unix = open("/proc/net/unix").read().splitlines()[1:]
say({{"there": [path for path in {paths!r} if os.path.exists(path)], "sockets": unix,
     "mounts": open("/proc/self/mountinfo").read(), "devices": sorted(os.listdir("/dev"))}})
"""
    )
    assert seen["there"] == []
    assert seen["sockets"] == []
    assert neighbour.id not in seen["mounts"]
    allowed = r"console|core|fd|full|mqueue|null|ptmx|pts|random|shm|std(in|out|err)|tty|urandom|zero"
    assert [name for name in seen["devices"] if not re.fullmatch(allowed, name)] == []


def test_row_13_there_is_no_network(sandboxes: Bench, host_service: int) -> None:
    local = {address[4][0] for address in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    targets = [*((a, host_service) for a in sorted(local | {"127.0.0.1", "172.17.0.1", "10.0.2.2"})),
               ("169.254.169.254", 80), ("8.8.8.8", 53), ("192.168.0.1", 80)]  # fmt: skip
    seen = sandboxes.ask(
        f"""
import socket
seen = {{"reached": [], "interfaces": [name for _, name in socket.if_nameindex()]}}
for target in {targets!r}:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        client = socket.socket(socket.AF_INET, kind)
        client.settimeout(1)
        try:
            client.connect(tuple(target))
            if kind == socket.SOCK_STREAM or target[0] != "127.0.0.1": seen["reached"].append([*target, int(kind)])
        except OSError:
            pass
for name in ("example.com", "metadata.google.internal", "host.docker.internal"):
    try: seen["reached"].append(socket.getaddrinfo(name, 80)[0][4][0])
    except OSError: pass
say(seen)
"""
    )
    assert seen["reached"] == []
    assert "lo" in seen["interfaces"]
    assert all(name in ("lo", "sit0", "tunl0", "ip6tnl0", "gre0", "gretap0", "erspan0") for name in seen["interfaces"])


def test_a_filled_process_table_of_one_user_is_not_shared(sandboxes: Bench) -> None:
    """Two sandboxes never meet in /proc: each sees its own processes alone."""
    first = sandboxes.start("import time; say(os.getpid()); time.sleep(30)")
    sandboxes.said(first)
    counted = sandboxes.ask("say(len([p for p in os.listdir('/proc') if p.isdigit()]))")
    assert counted <= 5
    assert os.path.exists(first.run_dir)  # noqa: PTH110
