"""Content-addressed files: a local folder, or an S3-compatible bucket, by ``LABS_STORAGE_URL``."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from workers.config import settings

_DIGEST = re.compile(r"[0-9a-f]{64}")


class StorageError(Exception):
    """The file is not there, is damaged, or the store can't be reached."""


class Storage(Protocol):
    def put(self, content: bytes) -> str:
        """Store it, durably before returning; gives its SHA-256. Storing the same content again costs nothing."""

    def get(self, digest: str) -> bytes:
        """The content, verified against its digest. Raises StorageError."""

    def delete(self, digest: str) -> None:
        """Take it away; gone already is fine. Only for what nobody else can have stored. Raises StorageError."""


def _checked(digest: str) -> str:
    """Refuses everything that isn't a digest, so that no key can name a path."""
    if not _DIGEST.fullmatch(digest):
        raise StorageError(f"not a SHA-256: {digest[:80]!r}")
    return digest


def _verified(digest: str, content: bytes) -> bytes:
    if hashlib.sha256(content).hexdigest() != digest:
        raise StorageError(f"stored file {digest} is damaged")
    return content


class LocalStorage:
    """Files below one folder, two hex digits a level so that no directory grows huge."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, digest: str) -> Path:
        return self.root / _checked(digest)[:2] / digest

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        self._sync_folder(path.parent)
        return digest

    @staticmethod
    def _sync_folder(folder: Path) -> None:
        """Makes the new name survive a power cut, not only the bytes."""
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def get(self, digest: str) -> bytes:
        try:
            return _verified(digest, self._path(digest).read_bytes())
        except FileNotFoundError as missing:
            raise StorageError(f"no stored file {digest}") from missing

    def delete(self, digest: str) -> None:
        try:
            self._path(digest).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"stored file {digest} not deleted: {error}") from error


class S3Storage:
    """One prefix of a bucket. Credentials, region and endpoint come from boto3's own ``AWS_*`` variables."""

    def __init__(self, bucket: str, prefix: str, client: Any) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.client = client

    def _key(self, digest: str) -> str:
        return f"{self.prefix}{_checked(digest)[:2]}/{digest}"

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        try:
            self.client.put_object(Bucket=self.bucket, Key=self._key(digest), Body=content)
        except _s3_errors() as error:
            raise StorageError(f"the bucket {self.bucket} refused a file: {error}") from error
        return digest

    def get(self, digest: str) -> bytes:
        try:
            return _verified(digest, self.client.get_object(Bucket=self.bucket, Key=self._key(digest))["Body"].read())
        except _s3_errors() as error:
            raise StorageError(f"no stored file {digest}: {error}") from error

    def delete(self, digest: str) -> None:
        try:
            self.client.delete_object(Bucket=self.bucket, Key=self._key(digest))
        except _s3_errors() as error:
            raise StorageError(f"stored file {digest} not deleted: {error}") from error


def _s3_errors() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError)


def open_storage(url: str) -> Storage:
    """``file:///folder`` or ``s3://bucket/prefix``."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStorage(Path(unquote(parts.path)))
    import boto3  # slow to import, and most installations keep a local folder

    return S3Storage(parts.netloc, parts.path, boto3.client("s3"))


@cache
def storage() -> Storage:
    """The store of this process, by its settings."""
    return open_storage(settings().storage_url)
