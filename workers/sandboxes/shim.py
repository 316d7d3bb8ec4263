"""The small process that stands over one bubblewrap sandbox, so that its limits hold even when the worker dies.

Run as ``/usr/bin/python3 -I -S shim.py <folder>`` by the bubblewrap driver, on the host's own Python: standard library
only, nothing of the portal's. It reads ``shim.json``, detaches, starts bwrap as the sandbox's own uid, waits for the
end or the deadline on the monotonic clock, and writes ``exit.json``. Killed itself, it takes the sandbox along: bwrap
asks the kernel to be killed with its parent (PR_SET_PDEATHSIG), and the sandbox's pid namespace ends with bwrap.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from typing import Any

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
SECCOMP_FD = 9
STARTED = b"started"
TAIL = 64 * 1024
LOOK_SECONDS = 5.0  # how soon a moved deadline is seen
READ_PAUSE = 0.05  # between two reads of the sandbox's stderr: a flood of it must not cost the host its processor
REAP_SECONDS = 10.0

libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *args: Any) -> None:
    """One libc call by name; raises OSError as Python's own wrappers would."""
    if getattr(libc, name)(*args) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}{args}: {os.strerror(code)}")


def mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """mount(2)"""
    texts = [text.encode() if text is not None else None for text in (source, target, kind, options)]
    call("mount", texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])


def own_namespaces(uid: int, gid: int) -> None:
    """A mount namespace to prepare the sandbox's folders in; without root, inside a user namespace that allows it."""
    if os.geteuid() == 0:
        call("unshare", CLONE_NEWNS)
    else:
        call("unshare", CLONE_NEWUSER | CLONE_NEWNS)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 -- no pathlib: 5 ms of every start
                file.write(text)
    mount("none", "/", None, MS_REC | MS_PRIVATE)


def prepare(spec: dict[str, Any]) -> None:
    """Mounts what bwrap then binds: tmpfs with a cap on inodes (bwrap has none), and trees behind closed folders."""
    for target, options in spec["tmpfs"]:
        mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for source, target in spec["binds"]:
        mount(source, target, None, MS_BIND | MS_REC)
    for path in spec["folders"]:
        os.mkdir(path, 0o700)  # noqa: PTH102
        os.chown(path, spec["uid"], spec["gid"])


def drop(spec: dict[str, Any], supervisor: int) -> None:
    """Takes the limits and the sandbox's identity, and dies with the supervisor from here on."""
    with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("500")  # a host short of memory kills sandboxes first
    for name, value in spec["rlimits"]:
        kind = getattr(resource, name)
        ceiling = resource.getrlimit(kind)[1]
        value = value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)
        resource.setrlimit(kind, (value, value))
    if os.geteuid() == 0:
        os.setgroups(spec["groups"])
        os.setresgid(spec["gid"], spec["gid"], spec["gid"])
        os.setresuid(spec["uid"], spec["uid"], spec["uid"])
    call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != supervisor:
        raise RuntimeError("the supervisor is gone")
    os.umask(0o007)  # its group, which only its grader joins, may use its sockets


def become_sandbox(spec: dict[str, Any], supervisor: int, errors: int, output: int) -> None:
    """The child's part: into the control groups, the namespaces and the limits, then bwrap. Never returns."""
    try:
        for path in spec["procs"]:
            with open(path, "w") as file:  # noqa: PTH123
                file.write("0")
        own_namespaces(spec["uid"], spec["gid"])
        prepare(spec)
        null = os.open(os.devnull, os.O_RDWR)
        for target, source in ((0, null), (1, output), (2, output)):
            os.dup2(source, target)
        os.dup2(os.open(os.path.join(spec["folder"], "seccomp.bpf"), os.O_RDONLY), SECCOMP_FD)  # noqa: PTH118
        drop(spec, supervisor)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        os.chdir("/")
        os.execve(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606 -- a list, no shell
    except BaseException as error:  # whatever it is, the driver must hear of it
        os.write(errors, f"{type(error).__name__}: {error}".encode()[:2000])
    finally:
        os._exit(126)


class Supervisor:
    """Waits for one sandbox's end, or brings it."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.limit = time.monotonic() + spec["seconds"]
        self.end = self.limit
        self.tail = b""
        self.timed_out = False
        self.code: int | None = None
        self.pid = 0
        self.output, self.wakeup = -1, -1

    def start(self) -> str:
        """Starts the sandbox; says what went wrong, nothing when bwrap runs."""
        call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # the namespace's init comes to us when bwrap is killed
        self.wakeup, signals = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(signals, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, lambda *_: self.kill())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.output, output = os.pipe2(os.O_CLOEXEC)
        failed, errors = os.pipe2(os.O_CLOEXEC)
        supervisor = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            signal.set_wakeup_fd(-1)
            become_sandbox(self.spec, supervisor, errors, output)
        os.close(output)
        os.close(errors)
        return os.read(failed, 4096).decode(errors="replace")

    def kill(self) -> None:
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)  # not reaped yet, so the number is still its own

    def run(self) -> None:
        """Until nothing of the sandbox is left."""
        watched = [self.output, self.wakeup]
        while not self.reap():
            left = min(self.end, self.deadline()) - time.monotonic()
            if left <= 0 and self.code is not None:
                return  # the kernel could not end it in time: stop() will see to its control group
            if left <= 0 and not self.timed_out:
                self.timed_out = True
                self.kill()
            for ready in select.select(watched, [], [], min(max(left, 0.1), LOOK_SECONDS))[0]:
                self.read(ready, watched)

    def deadline(self) -> float:
        """The host's record as monotonic time: a claim brings it forward, an extension puts it off up to the limit."""
        try:
            with open(os.path.join(self.spec["folder"], "meta.json")) as file:  # noqa: PTH118, PTH123
                recorded = float(json.load(file)["deadline"])
        except FileNotFoundError:
            return self.limit  # stop() is taking the folder away
        return min(self.limit, time.monotonic() + recorded - time.time())

    def read(self, ready: int, watched: list[int]) -> None:
        chunk = os.read(ready, TAIL)
        if ready == self.wakeup:
            return
        if not chunk:
            watched.remove(ready)
        self.tail = (self.tail + chunk)[-TAIL:]
        if len(chunk) == TAIL:
            time.sleep(READ_PAUSE)

    def reap(self) -> bool:
        """True when no child is left: bwrap itself, and the namespace's init, which ends after all its processes."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                if self.code is not None:
                    end_children()
                return False
            if pid == self.pid:
                code = os.waitstatus_to_exitcode(status)
                self.code = code if code >= 0 else 128 - code
                self.end = min(self.end, time.monotonic() + REAP_SECONDS)

    def record(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "oom": out_of_memory(self.spec["oom"]),
            "timed_out": self.timed_out,
            "detail": self.tail[-2000:].decode(errors="replace"),
        }


def end_children() -> None:
    """Kills what came to us at bwrap's end: a namespace's init asks to die with bwrap only once it is ready."""
    with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
        for pid in file.read().split():
            os.kill(int(pid), signal.SIGKILL)  # not reaped yet, so the number is still its own


def out_of_memory(path: str | None) -> bool:
    """Whether the kernel killed anything in the group for memory: the sandbox's own exit code can still be 0."""
    if path is None:
        return False
    try:
        with open(path) as file:  # noqa: PTH123
            counts = dict(line.split() for line in file)
    except FileNotFoundError:
        return False  # stop() removed the group already
    return int(counts.get("oom_kill", 0)) > 0


def write(folder: str, name: str, content: bytes) -> None:
    """Writes a private file whole or not at all; nothing to do when stop() took the folder away."""
    partial = os.path.join(folder, f".{name}")  # noqa: PTH118
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(content)
        os.rename(partial, os.path.join(folder, name))  # noqa: PTH104, PTH118
    except FileNotFoundError:
        return


def birth(pid: int) -> int:
    """When a process started, in ticks since boot: with its number it names one process for good."""
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
        return int(file.read().rpartition(")")[2].split()[19])


def supervise(folder: str, spec: dict[str, Any], answer: int) -> None:
    os.setsid()
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    supervisor = Supervisor(spec)
    write(folder, "pid", json.dumps([os.getpid(), birth(os.getpid())]).encode())
    problem = supervisor.start()
    os.write(answer, problem.encode() or STARTED)
    os.close(answer)
    supervisor.run()
    write(folder, "stderr", supervisor.tail)
    write(folder, "exit.json", json.dumps(supervisor.record()).encode())


def main(folder: str) -> int:
    """Detaches the supervisor; returns once bwrap runs, or with what kept it from running on stderr."""
    with open(os.path.join(folder, "shim.json")) as file:  # noqa: PTH118, PTH123
        spec = json.load(file)
    problem, answer = os.pipe2(os.O_CLOEXEC)
    if os.fork() == 0:
        os.close(problem)
        null = os.open(os.devnull, os.O_RDWR)
        for target in (0, 1, 2):
            os.dup2(null, target)
        supervise(folder, spec, answer)
        os._exit(0)
    os.close(answer)
    text = b""
    while chunk := os.read(problem, 4096):
        text += chunk
    if text == STARTED:
        return 0
    sys.stderr.write(text.decode(errors="replace") or "the supervisor ended early")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
