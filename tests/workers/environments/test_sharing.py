"""What several environments have in common lies on the disk once."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from workers.environments import sharing

LARGE = os.urandom(3 * sharing.SMALLEST)


@pytest.fixture
def trees(tmp_path: Path) -> list[Path]:
    """Two trees with the same package; the second's own file differs."""
    made = []
    for name in ("first", "second"):
        package = tmp_path / name / "lib" / "package"
        package.mkdir(parents=True)
        (package / "code.so").write_bytes(LARGE)
        (package / "small.py").write_text("x = 1\n")
        (package / "own.bin").write_bytes(name.encode() * sharing.SMALLEST)
        (package / "link.so").symlink_to("code.so")
        made.append(tmp_path / name)
    return made


def inode(tree: Path, name: str) -> int:
    return (tree / "lib" / "package" / name).lstat().st_ino


def test_the_same_file_is_stored_once(trees: list[Path], tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert [sharing.share(tree, store) for tree in trees] == [0, len(LARGE)]
    first, second = trees
    assert inode(first, "code.so") == inode(second, "code.so")
    assert inode(first, "own.bin") != inode(second, "own.bin")
    assert inode(first, "small.py") != inode(second, "small.py")
    assert (second / "lib/package/code.so").read_bytes() == LARGE
    assert (second / "lib/package/link.so").is_symlink()
    assert not list(second.rglob(".*"))


def test_another_mode_is_another_file(trees: list[Path], tmp_path: Path) -> None:
    first, second = trees
    (second / "lib/package/code.so").chmod(0o755)
    (first / "lib/package/code.so").chmod(0o644)
    assert [sharing.share(tree, tmp_path / "store") for tree in trees] == [0, 0]
    assert inode(first, "code.so") != inode(second, "code.so")


def test_jars_keep_their_own_time(trees: list[Path], tmp_path: Path) -> None:
    for tree in trees:
        (tree / "lib/package/code.so").rename(tree / "lib/package/code.jar")
    assert [sharing.share(tree, tmp_path / "store") for tree in trees] == [0, 0]


def test_what_no_tree_has_any_more_leaves_the_store(trees: list[Path], tmp_path: Path) -> None:
    store = tmp_path / "store"
    for tree in trees:
        sharing.share(tree, store)
    assert sharing.remove_unused(store) == 0
    (trees[0] / "lib/package/own.bin").unlink()
    (trees[0] / "lib/package/code.so").unlink()
    assert sharing.remove_unused(store) == 1
    assert (trees[1] / "lib/package/code.so").read_bytes() == LARGE


def test_two_trees_may_be_shared_at_once(tmp_path: Path) -> None:
    trees = [tmp_path / f"tree{number}" for number in range(6)]
    for tree in trees:
        tree.mkdir()
        for number in range(40):
            (tree / f"{number}.so").write_bytes(bytes([number]) * sharing.SMALLEST)
    threads = [threading.Thread(target=sharing.share, args=(tree, tmp_path / "store")) for tree in trees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({(tree / f"{number}.so").lstat().st_ino for tree in trees for number in range(40)}) == 40


def test_what_is_compiled_of_the_same_file_is_lent(tmp_path: Path) -> None:
    code = {"first": {"same": "x = 1\n", "longer": "x = 11\n"}, "second": {"same": "x = 1\n", "longer": "x = 1\n"}}
    for name, files in code.items():
        for module, text in files.items():
            source = tmp_path / name / "lib/python3.11/site-packages" / f"{module}.py"
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(text)
    caches = tmp_path / "first/lib/python3.11/site-packages/__pycache__"
    caches.mkdir()
    for module in code["first"]:
        (caches / f"{module}.cpython-311.pyc").write_text("compiled")
    finished = [tmp_path / "gone", tmp_path / "first"]
    assert sharing.lend_compiled(tmp_path / "second", finished) == 1
    assert [path.name for path in tmp_path.glob("second/lib/**/*.pyc")] == ["same.cpython-311.pyc"]
