"""Telling apart what came into a workspace and what a shell or a program made of it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from labs.kit import workspace
from labs.kit.delivered import MAX_BYTES, Delivered
from tests.labs.kit.roles import Session, tar


def put(delivered: Delivered, root: Path, path: str, content: bytes) -> None:
    workspace.write(root, path, content)
    delivered.note(path, content)


def test_only_what_differs_is_told_with_what_came_in(tmp_path: Path) -> None:
    delivered = Delivered(tmp_path)
    for name in ("a.py", "b.py", "c.py", "d.py"):
        put(delivered, tmp_path, name, b"x = 1\n")
    (tmp_path / "b.py").write_bytes(b"x = 2\n")
    (tmp_path / "c.py").write_bytes(b"x = 1\n")  # written again, and the same
    (tmp_path / "d.py").unlink()
    (tmp_path / "own.py").write_bytes(b"never came in")
    assert delivered.changed() == {"b.py": hashlib.sha256(b"x = 1\n").hexdigest()}
    put(delivered, tmp_path, "b.py", b"x = 2\n")
    assert delivered.changed() == {}


def test_links_and_giants_are_not_taken_for_files(tmp_path: Path) -> None:
    delivered = Delivered(tmp_path)
    for name in ("link.py", "giant.py"):
        put(delivered, tmp_path, name, b"x")
    (tmp_path / "link.py").unlink()
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    (tmp_path / "giant.py").write_bytes(b"x" * (MAX_BYTES + 1))
    assert delivered.changed() == {}


def test_a_session_tells_what_its_shell_changed(session: Session) -> None:
    def changed() -> dict[str, str]:
        status, body = session.request("GET", "/lab/changed")
        assert status == 200
        files: dict[str, str] = json.loads(body)["files"]
        return files

    assert session.request("PUT", "/lab/workspace", tar({"uno.py": "1\n", "datos/dos.py": "2\n"}))[0] == 204
    assert session.request("PUT", "/lab/files/tres.py", b"3\n")[0] == 204
    assert changed() == {}
    for name in ("datos/dos.py", "tres.py"):
        path = session.work / name
        path.write_text("otro\n")
        os.utime(path, ns=(1, 1))  # a clock that is off hides nothing
    assert set(changed()) == {"datos/dos.py", "tres.py"}
    assert session.request("PUT", "/lab/files/tres.py", b"otro\n")[0] == 204
    assert set(changed()) == {"datos/dos.py"}
