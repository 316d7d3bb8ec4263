"""What every sandbox gets whichever driver makes it: folders, environment variables, identity."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from workers.jobs import Limits, SandboxSpec
from workers.sandboxes.base import Protection, SandboxError
from workers.sandboxes.rundir import RunDir

HOME = "/home/lab"
WORK = "/home/lab/work"


def tmpfs(limits: Limits) -> dict[str, tuple[str, str]]:
    """The only places a program can write to besides its sockets: name → (target, size options of tmpfs)."""
    shared = max(64, limits.memory_mb // 4)
    sizes = {"home": (HOME, limits.disk_mb), "tmp": ("/tmp", limits.disk_mb), "shm": ("/dev/shm", shared)}  # noqa: S108
    return {name: (target, f"size={size}m,nr_inodes={limits.inodes}") for name, (target, size) in sizes.items()}


def environment(spec: SandboxSpec) -> dict[str, str]:
    """The environment variables inside: none is secret."""
    return {
        "HOME": HOME,
        "USER": "lab",
        "PATH": "/opt/lab/env/bin:/usr/bin:/bin",
        "PYTHONPATH": "/opt/lab/kit",
        "LANG": "C.UTF-8",
        "LAB_ROLE": spec.role,
        "LAB_LIMITS": json.dumps(asdict(spec.limits)),
        "LAB_WARMUP": "",
        "LAB_UI_PORTS": ",".join(str(port) for port in spec.ui_ports),
        **spec.env,
    }


def write_etc(folder: Path, uid: int) -> None:
    """A minimal /etc: Java wants a name for its uid, everybody one for loopback."""
    files = {
        "passwd": f"root:x:0:0:root:/root:/usr/sbin/nologin\nlab:x:{uid}:{uid}:lab:/home/lab:/bin/bash\n",
        "group": f"root:x:0:\nlab:x:{uid}:\n",
        "hosts": "127.0.0.1 localhost lab\n::1 localhost\n",
        "hostname": "lab\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        "resolv.conf": "",
    }
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)


def peer_folder(run: RunDir, peer: str) -> Path:
    """The socket directory of the sandbox a grader drives. Raises SandboxError when that one is gone."""
    folder = run.folder(peer) / "lab"
    if not folder.is_dir():
        raise SandboxError(f"peer sandbox {peer} is gone")
    return folder


def peer_groups(run: RunDir, spec: SandboxSpec) -> list[int]:
    """The supplementary groups of a sandbox: a grader joins its peer's, to reach that one's sockets, and no other."""
    if spec.peer is None or os.geteuid() != 0:
        return []
    peer = run.read(spec.peer)
    if peer is None:
        raise SandboxError(f"peer sandbox {spec.peer} is gone")
    return [peer.uid]


def run_directory(path: Path) -> list[Protection]:
    """Sockets and small files live in memory: on a disk, what a sandbox leaves in its folder would have no limit."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
        holders = [m for m in mounts if path.resolve().is_relative_to(m[1])]
        _, _, kind, options, *_ = max(reversed(holders), key=lambda m: len(Path(m[1]).parts))
    except (OSError, ValueError) as error:
        return [Protection("run directory in memory", False, True, f"{path}: {error}")]
    memory, nosuid = kind == "tmpfs", {"nosuid", "nodev"} <= set(options.split(","))
    on_disk = f"{path} is on {kind}; set LABS_RUN_DIR to a tmpfs"
    loose = (
        f"the tmpfs under {path} allows set-uid and devices: no-new-privileges and the dropped capabilities hold alone"
    )
    return [
        Protection("run directory in memory", memory, True, "" if memory else on_disk),
        Protection("run directory nosuid", nosuid, False, "" if nosuid else loose),
    ]
