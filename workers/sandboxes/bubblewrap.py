"""Sandboxes by bubblewrap: no engine, no image, the host's own /usr read-only, and as root or any other account.

Each sandbox has a supervisor of its own (shim.py), so limits and deadline hold without the worker. What an unprivileged
host can't enforce (control groups, a uid for each sandbox) is told by :meth:`BubblewrapDriver.preflight`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from workers.config import LabsSettings
from workers.jobs import Limits, SandboxSpec
from workers.sandboxes import cgroup, gpus, profile, seccomp, shim
from workers.sandboxes.base import ExitRecord, Handle, PreflightError, Protection, SandboxError
from workers.sandboxes.rundir import Meta, RunDir, write_private

PYTHON = "/usr/bin/python3"
START_SECONDS = 30
STOP_SECONDS = 5.0
# What programs read of the host's /etc: the linker's cache, Debian's alternatives, configuration of packages in /usr.
ETC = (
    "ld.so.cache",
    "alternatives",
    "java-17-openjdk",
    "fonts",
    "ssl/certs",
    "mime.types",
    "debian_version",
    "os-release",
)
MASKED = ("keys", "timer_list", "sched_debug", "kallsyms", "cmdline")


class BubblewrapDriver:
    """See :class:`workers.sandboxes.base.SandboxDriver`."""

    name = "bubblewrap"

    def __init__(self, settings: LabsSettings) -> None:
        self.dir = RunDir(settings.run_dir)
        self.kit = settings.content_dir / "kit"
        self.gpus = settings.gpus

    def compile_kit(self) -> None:
        """Leave byte code beside the kit: sandboxes see it read-only, so each start would compile it again.

        By the Python that runs inside, which need not be ours. Where the checkout is read-only, starts are only slower.
        """
        if self.kit.is_dir() and Path(PYTHON).exists():
            subprocess.run([PYTHON, "-I", "-m", "compileall", "-q", str(self.kit)], capture_output=True, check=False)

    @cached_property
    def cgroups(self) -> cgroup.Cgroups:
        return cgroup.find(self.dir.tag)

    @property
    def root(self) -> bool:
        return os.geteuid() == 0

    def preflight(self) -> list[Protection]:
        """Starts an empty sandbox and reads from inside what holds there."""
        missing = [tool for tool in ("bwrap", PYTHON) if shutil.which(tool) is None]
        if missing:
            raise PreflightError(f"missing programs: {', '.join(missing)} (Debian: apt-get install bubblewrap python3)")
        if self.gpus:
            gpus.nodes(self.gpus)
        found = [*self._inside(), *self._outside()]
        if lacking := [p for p in found if p.required and not p.ok]:
            raise PreflightError("; ".join(f"{p.name}: {p.detail}" for p in lacking))
        return found

    def _inside(self) -> list[Protection]:
        arguments = [*_isolation(), "--ro-bind", "/usr", "/usr", *_links(), "--proc", "/proc", "--dev", "/dev"]
        with open(os.memfd_create("seccomp", 0), "wb") as filter_file:  # noqa: PTH123 -- a descriptor
            filter_file.write(seccomp.bpf())
            filter_file.flush()
            filter_file.seek(0)
            fd = filter_file.fileno()
            done = subprocess.run(
                [_bwrap(), *arguments, "--seccomp", str(fd), "--", "/bin/cat", "/proc/self/status"],
                capture_output=True, text=True, timeout=START_SECONDS, pass_fds=(fd,), check=False,
            )  # fmt: skip
        status = dict(line.split(":", 1) for line in done.stdout.splitlines() if ":" in line)
        value = {name: text.strip() for name, text in status.items()}
        why = done.stderr.strip()[-300:] or "not so inside a probe sandbox"
        namespaces = "bwrap cannot make namespaces here (kernel.unprivileged_userns_clone, AppArmor): " + why
        return [
            Protection("namespaces", done.returncode == 0, True, "" if done.returncode == 0 else namespaces),
            _held("seccomp", value.get("Seccomp") == "2", why),
            _held("no-new-privileges", value.get("NoNewPrivs") == "1", why),
            _held("capabilities dropped", set(value.get("CapBnd", "-") + value.get("CapEff", "-")) == {"0"}, why),
        ]

    def _outside(self) -> list[Protection]:
        have = set(self.cgroups.parents)
        lacking = "no writable cgroup subtree: "
        return [
            Protection("memory limit", "memory" in have, False,
                       "" if "memory" in have else lacking + "RLIMIT_DATA for each process instead, not for their sum"),
            Protection("pids limit", "pids" in have, False,
                       "" if "pids" in have else lacking + "RLIMIT_NPROC inside its user namespace instead"),
            Protection("cpu limit", "cpu" in have, False,
                       "" if "cpu" in have else lacking + "CPU seconds for each process only, no share"),
            Protection("unique uid", self.root, False,
                       "" if self.root else f"not root: all run as uid {os.geteuid()}, apart by namespaces only"),
            *profile.run_directory(self.dir.path),
            *gpus.protections(self.gpus),
        ]  # fmt: skip

    def start(self, spec: SandboxSpec) -> Handle:
        image = Path(spec.image)
        if not image.is_absolute() or not image.is_dir():
            raise SandboxError(f"environment {spec.environment} is not there: {spec.image}")
        meta = self.dir.create(spec, self.name)
        try:
            self._launch(spec, meta)
        except (OSError, subprocess.SubprocessError, SandboxError) as error:
            self.stop(self.dir.handle(meta))
            raise SandboxError(f"sandbox {spec.id} did not start: {error}") from error
        except BaseException:  # somebody ends this process or task
            self.stop(self.dir.handle(meta))
            raise
        return self.dir.handle(meta)

    def _launch(self, spec: SandboxSpec, meta: Meta) -> None:
        folder = self.dir.folder(spec.id)
        self.cgroups.create(spec.id, spec.limits)
        _write_etc(folder / "etc", meta.uid)
        write_private(folder / "seccomp.bpf", seccomp.bpf())
        (folder / "seccomp.bpf").chmod(0o644)
        write_private(folder / "shim.json", json.dumps(self._plan(spec, meta, folder)).encode())
        done = subprocess.run(
            [PYTHON, "-I", "-S", shim.__file__, str(folder)], capture_output=True, timeout=START_SECONDS, check=False,
            stdin=subprocess.DEVNULL, start_new_session=True, cwd="/", env={"LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        if done.returncode != 0:
            raise SandboxError(done.stderr.decode(errors="replace")[-2000:])

    def _plan(self, spec: SandboxSpec, meta: Meta, folder: Path) -> dict[str, object]:
        """What the shim is to do, as plain JSON."""
        stage = folder / "mnt"
        trees = self._trees(spec)
        tmpfs = profile.tmpfs(spec.limits)
        for name in (*tmpfs, *trees):
            (stage / name).mkdir(parents=True, mode=0o755)
        identity = f"mode=0700,uid={meta.uid},gid={meta.uid}" if self.root else "mode=0700"
        oom = self.cgroups.oom_file(spec.id)
        return {
            "folder": str(folder),
            "uid": meta.uid,
            "gid": meta.uid if self.root else os.getegid(),
            "groups": profile.peer_groups(self.dir, spec),
            "procs": [str(group / "cgroup.procs") for group in self.cgroups.groups(spec.id)],
            "oom": str(oom) if oom else None,
            "tmpfs": [[str(stage / name), f"{options},{identity}"] for name, (_, options) in tmpfs.items()],
            "binds": [[str(source), str(stage / name)] for name, (source, _, _) in trees.items()],
            "folders": [str(stage / "home" / "work")],
            "rlimits": _rlimits(spec.limits, "memory" in self.cgroups.parents),
            "argv": [_bwrap(), *self._arguments(spec, stage, trees), "--", *self._command(spec)],
            "env": profile.environment(spec),
            "seconds": meta.wall_seconds,
        }

    def _trees(self, spec: SandboxSpec) -> dict[str, tuple[Path, str, bool]]:
        """The host's directories a sandbox sees: name → (source, target, writable)."""
        folder = self.dir.folder(spec.id)
        trees = {
            "env": (Path(spec.image), "/opt/lab/env", False),
            "etc": (folder / "etc", "/etc", False),
            "lab": (folder / "lab", "/run/lab", True),
        }
        if self.kit.is_dir():
            trees["kit"] = (self.kit, "/opt/lab/kit/labkit", False)
        if spec.peer is not None:
            trees["peer"] = (profile.peer_folder(self.dir, spec.peer), "/run/peer", False)
        return trees

    def _arguments(self, spec: SandboxSpec, stage: Path, trees: dict[str, tuple[Path, str, bool]]) -> list[str]:
        """bwrap's options. Order matters: a mount must come before what is mounted below it."""
        arguments = [*_isolation(), "--seccomp", str(shim.SECCOMP_FD), "--hostname", "lab"]
        arguments += ["--ro-bind", "/usr", "/usr", *_links()]
        for name, (_, target, writable) in trees.items():
            arguments += ["--bind" if writable else "--ro-bind", str(stage / name), target]
        for name in ETC:
            arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        arguments += ["--proc", "/proc", "--dev", "/dev"]
        for name in MASKED:
            if Path("/proc", name).exists():
                arguments += ["--ro-bind", "/dev/null", f"/proc/{name}"]
        if spec.gpu:  # the driver's libraries are in the host's /usr
            for device in gpus.nodes(gpus.lent(self.gpus)):
                arguments += ["--dev-bind", str(device), f"/dev/{device.name}"]
        for name, (target, _) in profile.tmpfs(spec.limits).items():
            arguments += ["--bind", str(stage / name), target]
        return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/home/lab/work"]

    def _command(self, spec: SandboxSpec) -> Iterable[str]:
        if "pids" in self.cgroups.parents:
            return spec.command
        # Set inside: the kernel counts a user's processes by user namespace from where the limit is taken.
        return ("/usr/bin/prlimit", f"--nproc={spec.limits.pids}", *spec.command)

    def poll(self, handle: Handle) -> ExitRecord | None:
        folder = self.dir.folder(handle.id)
        alive = _alive(folder)
        with contextlib.suppress(FileNotFoundError):
            return ExitRecord(**json.loads((folder / "exit.json").read_bytes()))
        return None if alive else ExitRecord(None, detail="no supervisor: it was killed, or never started")

    def oom(self, handle: Handle) -> bool:
        record = self.poll(handle)
        counted = self.cgroups.oom_file(handle.id)
        return record.oom if record else shim.out_of_memory(str(counted) if counted else None)

    def peak_memory(self, handle: Handle) -> int:
        return self.cgroups.peak_memory(handle.id)

    def stop(self, handle: Handle) -> None:
        folder = self.dir.folder(handle.id)
        end = time.monotonic() + STOP_SECONDS
        number = signal.SIGTERM
        while _alive(folder, number):
            if time.monotonic() > end:
                number = signal.SIGKILL
            time.sleep(0.005)
        if not self.cgroups.remove(handle.id):
            raise SandboxError(f"processes of sandbox {handle.id} would not end")
        self.dir.remove(handle.id)

    def list(self) -> list[Handle]:
        return [self.dir.handle(meta) for meta in self.dir.all(self.name)]


def _alive(folder: Path, number: int = 0) -> bool:
    """Whether the sandbox's own supervisor runs, by number and birth; sends it a signal if one is given."""
    try:
        pid, born = json.loads((folder / "pid").read_bytes())
        process = os.pidfd_open(pid)
    except (FileNotFoundError, ProcessLookupError):
        return False
    try:
        if shim.birth(pid) != born or _zombie(pid):
            return False
        if number:
            signal.pidfd_send_signal(process, number)
    except (FileNotFoundError, ProcessLookupError):
        return False
    finally:
        os.close(process)
    return True


def _zombie(pid: int) -> bool:
    """Ended, but its parent (on hosts without an init that reaps) has not noticed."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"


def _held(name: str, ok: bool, why: str) -> Protection:
    return Protection(name, ok, True, "" if ok else why)


def _bwrap() -> str:
    return shutil.which("bwrap") or "/usr/bin/bwrap"


def _isolation() -> list[str]:
    return [
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
    ]


def _links() -> list[str]:
    """The links of a merged /usr, as the host has them."""
    names = ("bin", "sbin", "lib", "lib32", "lib64")
    return [part for name in names if Path("/", name).is_symlink() for part in ("--symlink", f"usr/{name}", f"/{name}")]


def _rlimits(limits: Limits, memory_held: bool) -> list[tuple[str, int]]:
    """The limits of each process, by their names in the resource module."""
    found = [
        ("RLIMIT_CORE", 0),
        ("RLIMIT_CPU", limits.cpu_seconds),
        ("RLIMIT_FSIZE", limits.file_mb * 1024 * 1024),
        ("RLIMIT_NOFILE", limits.open_files),
        ("RLIMIT_MSGQUEUE", 0),
    ]
    # Twice: what a process reserves (thread stacks, a Java heap) counts here, whether it touches it or not.
    return found if memory_held else [*found, ("RLIMIT_DATA", 2 * limits.memory_mb * 1024 * 1024)]


def _write_etc(folder: Path, uid: int) -> None:
    """A minimal /etc, with empty places for what is bound over it."""
    profile.write_etc(folder, uid)
    for name in ETC:
        source, target = Path("/etc", name), folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            target.mkdir()
        elif source.exists():
            target.touch()
