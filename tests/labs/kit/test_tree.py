"""The workspace as a tree: what hostile code puts there is neither followed nor believed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from labs.kit import tree
from labs.kit.workspace import Caps, Refused
from tests.labs.kit.roles import Session


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "work"
    (root / "datos" / "vacia").mkdir(parents=True)
    (root / "main.py").write_text("x = 1\n")
    (root / "datos" / "a.csv").write_text("a\n1\n")
    yield root
    # Deeper than Python's own recursion goes: pytest, which clears old runs away, would fail on it.
    subprocess.run(["rm", "-rf", root], check=True)


def test_a_listing_tells_files_with_size_and_time_and_folders_even_empty(work: Path) -> None:
    os.utime(work / "main.py", (1000, 1000))
    found = tree.listing(work)
    assert [file["path"] for file in found["files"]] == ["datos/a.csv", "main.py"]
    assert found["files"][1] == {"path": "main.py", "size": 6, "mtime": 1000.0}
    assert (found["folders"], found["more"], found["hidden"]) == (["datos", "datos/vacia"], False, 0)


def test_links_devices_and_names_that_lie_are_counted_not_shown(work: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "llave").write_text("s")
    (work / "enlace").symlink_to(tmp_path / "secret")
    (work / "\u202egpj.exe").write_text("x")
    (work / "dos\nrenglones").write_text("x")
    os.mkfifo(work / "tubo")
    (work / "__pycache__").mkdir()
    (work / ".lab-1").write_text("ours")
    found = tree.listing(work)
    assert [file["path"] for file in found["files"]] == ["datos/a.csv", "main.py"]
    assert found["folders"] == ["datos", "datos/vacia"]
    assert found["hidden"] == 4


def test_a_listing_of_very_many_is_cut_and_says_so(work: Path) -> None:
    for number in range(30):
        (work / f"f{number}").touch()
    found = tree.listing(work, most=20)
    assert found["more"]
    assert len(found["files"]) + len(found["folders"]) == 20


def test_folders_too_deep_to_be_a_persons_are_listed_to_a_depth(work: Path) -> None:
    deep = work
    for _ in range(100):
        deep = deep / "d"
        deep.mkdir()
    found = tree.listing(work)
    assert (len(found["folders"]), found["hidden"]) == (2 + 16, 1)


def test_files_and_folders_are_renamed_and_nothing_is_overwritten(work: Path) -> None:
    tree.move(work, "main.py", "src/programa.py")
    tree.move(work, "datos", "entradas")
    assert (work / "src" / "programa.py").read_text() == "x = 1\n"
    assert (work / "entradas" / "a.csv").exists()
    (work / "otro.py").write_text("otro")
    for path, to, code in (
        ("otro.py", "src/programa.py", "exists"),
        ("src", "entradas", "exists"),
        ("falta", "x", "missing"),
        ("src", "src/dentro", "bad_name"),
        ("src", "../fuera", "outside"),
        ("otro.py", "otro.py", "bad_name"),
    ):
        with pytest.raises(Refused) as refused:
            tree.move(work, path, to)
        assert refused.value.code == code
    assert (work / "src" / "programa.py").read_text() == "x = 1\n"


def test_deleting_takes_a_link_and_never_what_it_leads_to(work: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_text("x")
    (work / "enlace").symlink_to(outside)
    (work / "datos" / "dentro").symlink_to(outside)
    with pytest.raises(Refused):
        tree.remove(work, "enlace/a")
    tree.remove(work, "enlace")
    tree.remove(work, "datos")
    assert sorted(path.name for path in work.iterdir()) == ["main.py"]
    assert (outside / "a").read_text() == "x"
    with pytest.raises(Refused, match="missing"):
        tree.remove(work, "datos")


def test_a_folder_is_made_once(work: Path) -> None:
    tree.make_folder(work, "uno/dos")
    assert (work / "uno" / "dos").is_dir()
    for path, code in (("uno", "exists"), ("main.py", "exists"), ("main.py/x", "not_regular"), ("../x", "outside")):
        with pytest.raises(Refused) as refused:
            tree.make_folder(work, path)
        assert refused.value.code == code


def test_a_zip_holds_regular_files_only_and_keeps_to_the_caps(work: Path) -> None:
    (work / "enlace").symlink_to("/etc/passwd")
    with zipfile.ZipFile(io.BytesIO(tree.pack_zip(work))) as archive:
        assert sorted(archive.namelist()) == ["datos/a.csv", "main.py"]
        assert archive.read("main.py") == b"x = 1\n"
    with pytest.raises(Refused, match="too_large"):
        tree.pack_zip(work, Caps(total_bytes=8))
    with pytest.raises(Refused, match="too_many"):
        tree.pack_zip(work, Caps(files=1))


def test_the_session_serves_the_tree(session: Session) -> None:
    session.request("PUT", "/lab/files/arbol/a.txt", b"hola")
    listed = json.loads(session.request("GET", "/lab/tree")[1])
    assert "arbol" in listed["folders"]
    assert ("arbol/a.txt", 4) in [(file["path"], file["size"]) for file in listed["files"]]
    assert session.request("POST", "/lab/tree", {"folder": "arbol/nueva"})[0] == 204
    assert session.request("POST", "/lab/tree", {"folder": "arbol/nueva"})[0] == 409
    assert session.request("POST", "/lab/tree", {"move": "arbol/a.txt", "to": "arbol/b.txt"})[0] == 204
    assert session.request("POST", "/lab/tree", {"move": "arbol/a.txt", "to": "arbol/c.txt"})[0] == 404
    for body, status in ((b"{", 400), ({}, 400), ({"move": 1, "to": 2}, 400), ({"folder": "../x"}, 422)):
        assert session.request("POST", "/lab/tree", body)[0] == status
    status, archive = session.request("GET", "/lab/zip")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.read("arbol/b.txt") == b"hola"
    assert session.request("DELETE", "/lab/tree/arbol")[0] == 204
    assert session.request("DELETE", "/lab/tree/arbol")[0] == 404
    assert session.request("DELETE", "/lab/tree/../x")[0] in {404, 422}
