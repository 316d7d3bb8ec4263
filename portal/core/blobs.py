"""File contents by SHA-256. The bytes live in the labs' storage, where workers read them too."""

from __future__ import annotations

from workers.storage import storage


def put(content: bytes) -> str:
    """Store and return the SHA-256. Durable when it returns. Raises StorageError."""
    return storage().put(content)


def get(sha256: str) -> bytes:
    """The bytes of one stored content. Raises StorageError."""
    return storage().get(sha256)


def delete(sha256: str) -> None:
    """Take one stored content away; only for what nothing else can refer to. Raises StorageError."""
    storage().delete(sha256)
