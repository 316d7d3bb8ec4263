"""Disk images on the grader's side: copies of the student's, looked at with the grader's own tools."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labkit import Lab

ENVIRONMENT = {**os.environ, "PATH": os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"}
MOST_BYTES = 64 << 20


@contextmanager
def copied(lab: Lab, *paths: str) -> Iterator[list[Path]]:
    """The student's files, in a folder of the grader's."""
    with tempfile.TemporaryDirectory() as folder:
        copies = []
        for path in paths:
            copy = Path(folder) / Path(path).name
            copy.write_bytes(lab.read(path, MOST_BYTES))
            copies.append(copy)
        yield copies


def tool(*command: str | Path) -> tuple[int, bytes]:
    """Its exit status and what it wrote."""
    done = subprocess.run(
        [str(each) for each in command], env=ENVIRONMENT, capture_output=True, check=False, timeout=30
    )
    return done.returncode, done.stdout


def header(image: Path) -> dict[str, str]:
    """What dumpe2fs says of an ext4 image; empty when it is none."""
    code, text = tool("dumpe2fs", "-h", image)
    pairs = (line.split(":", 1) for line in text.decode(errors="replace").splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs} if code == 0 else {}


def sound(image: Path) -> bool:
    return tool("e2fsck", "-f", "-n", image)[0] == 0


def content(image: Path, path: str) -> bytes:
    return tool("debugfs", "-R", f"cat /{path}", image)[1]


def qcow2(image: Path) -> dict[str, Any]:
    """What qemu-img says of it, without opening what it names as its base."""
    code, text = tool("qemu-img", "info", "--output=json", image)
    told = json.loads(text) if code == 0 and text else {}
    return told if isinstance(told, dict) else {}
