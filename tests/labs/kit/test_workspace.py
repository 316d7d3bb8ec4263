"""Files in and out of a folder that hostile code may be changing."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from labs.kit import workspace
from labs.kit.workspace import Caps, Refused
from tests.labs.kit.roles import tar


def with_member(**fields: object) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        member = tarfile.TarInfo("a")
        for name, value in fields.items():
            setattr(member, name, value)
        archive.addfile(member)
    return output.getvalue()


def test_a_tree_goes_round(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {"main.py": "x = 1\n", "datos/año.csv": b"\x00\xff", "./sub/b": ""}
    assert workspace.unpack(tar(files), tmp_path) == 3
    (tmp_path / "copy").mkdir()
    workspace.unpack(workspace.pack(tmp_path), tmp_path / "copy")
    assert (tmp_path / "copy" / "datos" / "año.csv").read_bytes() == b"\x00\xff"


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc/x", "a/../../x", "a//b", "", "a/\n", "a\x1b[31m", "\u202egpj.exe", "/".join("a" * 17), "b" * 200],
)
def test_paths_that_leave_or_lie_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(Refused):
        workspace.write(tmp_path, path, b"")
    with pytest.raises(Refused):
        workspace.unpack(tar({path or "./": b""}) if path else with_member(name="a//b"), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.GNUTYPE_SPARSE]
)
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(Refused):
        workspace.unpack(with_member(type=kind, linkname="/etc/passwd"), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("files", "caps"),
    [
        ({f"f{i}": b"" for i in range(11)}, Caps(files=10)),
        ({"a": bytes(101)}, Caps(file_bytes=100)),
        ({"a": bytes(60), "b": bytes(60)}, Caps(total_bytes=100)),
    ],
    ids=["count", "file", "total"],
)
def test_too_much_is_refused_before_anything_is_written(
    tmp_path: Path, files: dict[str, bytes | str], caps: Caps
) -> None:
    with pytest.raises(Refused):
        workspace.unpack(tar(files), tmp_path, caps)
    assert not list(tmp_path.iterdir())


def test_a_cut_or_foreign_archive_is_refused(tmp_path: Path) -> None:
    for data in (b"PK\x03\x04zip", tar({"a": bytes(5000)})[:2000], b"\x1f\x8b" + bytes(100)):
        with pytest.raises(Refused):
            workspace.unpack(data, tmp_path)


def test_a_link_on_the_way_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret").write_text("s")
    (root / "folder").symlink_to(outside)
    (root / "link").symlink_to(outside / "secret")
    for path in ("folder/secret", "link"):
        with pytest.raises(Refused, match="not_regular"):
            workspace.read(root, path)
    with pytest.raises(Refused):
        workspace.write(root, "folder/new", b"x")
    workspace.write(root, "link", b"mine")  # replaces the link, not what it points at
    assert (outside / "secret").read_text() == "s"
    assert [p.name for p in outside.iterdir()] == ["secret"]


def test_only_regular_files_are_read_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for path in ("fifo", "folder"):
        with pytest.raises(Refused, match="not_regular"):
            workspace.read(tmp_path, path)
    (tmp_path / "big").write_bytes(bytes(11))
    with pytest.raises(Refused, match="too_large"):
        workspace.read(tmp_path, "big", 10)
    with pytest.raises(Refused, match="missing"):
        workspace.read(tmp_path, "none")


def test_odd_names_and_deep_folders_stay_out_of_a_pack(tmp_path: Path) -> None:
    (tmp_path / "ok").write_text("x")
    (tmp_path / "new\nline").write_text("x")
    (tmp_path / "link").symlink_to("/etc/passwd")
    deep = tmp_path
    for _ in range(100):
        deep = deep / "d"
        deep.mkdir()
    (deep / "x").write_text("x")
    with tarfile.open(fileobj=io.BytesIO(workspace.pack(tmp_path))) as archive:
        assert archive.getnames() == ["ok"]
