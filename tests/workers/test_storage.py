"""Content-addressed files."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workers.storage import LocalStorage, S3Storage, StorageError, open_storage


def test_what_goes_in_comes_out_by_its_digest(tmp_path: Path) -> None:
    store = LocalStorage(tmp_path)
    for content in (b"", b"hola", bytes(range(256)) * 1000):
        digest = store.put(content)
        assert digest == hashlib.sha256(content).hexdigest()
        assert store.get(digest) == content


@pytest.mark.parametrize(
    "digest", ["", "..", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 65, "a" * 63 + "/", "a" * 64 + "\n"]
)
def test_only_a_digest_names_a_file(tmp_path: Path, digest: str) -> None:
    with pytest.raises(StorageError):
        LocalStorage(tmp_path).get(digest)


def test_what_is_not_there_or_damaged_is_an_error(tmp_path: Path) -> None:
    store = LocalStorage(tmp_path)
    with pytest.raises(StorageError, match="no stored file"):
        store.get("0" * 64)
    digest = store.put(b"hola")
    (tmp_path / digest[:2] / digest).write_bytes(b"HOLA")
    with pytest.raises(StorageError, match="damaged"):
        store.get(digest)


def test_many_writers_of_one_content_leave_one_whole_file(tmp_path: Path) -> None:
    store = LocalStorage(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(store.put, [b"x" * 100_000] * 40))
    assert len(digests) == 1
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1, "no temporary file stays"


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workers.storage.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        LocalStorage(tmp_path).put(b"hola")
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_the_url_chooses_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    local = open_storage(f"file://{tmp_path}/with%20space")
    assert isinstance(local, LocalStorage)
    assert local.root == tmp_path / "with space"
    bucket = open_storage("s3://course/files/")
    assert isinstance(bucket, S3Storage)
    assert (bucket.bucket, bucket.prefix) == ("course", "files/")
