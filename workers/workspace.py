"""Files into and out of a session's sandbox, over its own HTTP API. What comes out is the student's: never trusted."""

from __future__ import annotations

import gzip
import http.client
import io
import logging
import socket
import tarfile
import zlib
from urllib.parse import quote

from labs.catalog import Lab
from workers.host import Host
from workers.jobs import SessionJob
from workers.sandboxes.base import Handle
from workers.sockets import connect
from workers.startup import StartError
from workers.storage import StorageError

log = logging.getLogger(__name__)

SOCKET = "jupyter.sock"
SECONDS = 30.0
MAX_SNAPSHOT_BYTES = 80 << 20
"""Of a snapshot's tar: what the kit's caps let through (64 MiB), with headers and padding for 2000 files."""


class Connection(http.client.HTTPConnection):
    """HTTP over a sandbox's socket; one connection carries any number of requests."""

    def __init__(self, handle: Handle, seconds: float = SECONDS) -> None:
        super().__init__("localhost", timeout=seconds)
        self._handle = handle
        self._seconds = seconds

    def connect(self) -> None:
        self.sock: socket.socket = connect(self._handle.run_dir, SOCKET, self._seconds)

    def ask(self, method: str, path: str, body: bytes | None = None, most: int = 4096) -> tuple[int, bytes]:
        """Status and the first ``most`` bytes of the answer. Raises OSError, also for an answer that isn't HTTP."""
        try:
            self.request(method, path, body)
            response = self.getresponse()
            return response.status, response.read(most)
        except http.client.HTTPException as error:
            raise ConnectionError(f"the session answered badly: {error!r}") from error


def fill(host: Host, handle: Handle, job: SessionJob, lab: Lab) -> bool:
    """Lay the lab's data, the snapshot and the student's own files, then take out what they deleted.

    False when the sandbox refuses the snapshot (it is the student's, so may be made to hurt): the session comes up all
    the same, with every saved file. Raises StartError, StorageError or OSError; one that the store can't give is an
    error, for the next snapshot would be taken without what is in it.
    """
    own = {path: host.storage.get(digest) for path, digest in job.files.items()}
    snapshot = _snapshot(host, job.snapshot) if job.snapshot else None
    connection = Connection(handle)
    try:
        _lay(connection, archive(lab.tree("data")))
        restored = snapshot is None or _restore(connection, snapshot)
        _lay(connection, archive(own))
        for path in job.deleted:
            status, answer = connection.ask("DELETE", f"/lab/files/{quote(path)}")
            if status not in (http.client.NO_CONTENT, http.client.NOT_FOUND):
                log.info("%s not deleted in sandbox %s: %s %s", path, handle.id, status, answer[:200])
        return restored
    finally:
        connection.close()


def _snapshot(host: Host, digest: str) -> bytes:
    """The tar of a stored snapshot. Raises StartError ``snapshot``: the student may choose to go on without it."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(host.storage.get(digest))) as file:
            tar = file.read(MAX_SNAPSHOT_BYTES + 1)
    except (StorageError, OSError, EOFError, zlib.error) as error:
        raise StartError("snapshot", str(error)) from error
    if len(tar) > MAX_SNAPSHOT_BYTES:
        raise StartError("snapshot", f"{digest} is too large")
    return tar


def _restore(connection: Connection, snapshot: bytes) -> bool:
    try:
        _lay(connection, snapshot)
    except StartError as refused:
        log.warning("a snapshot was not laid: %s", refused.detail)
        return False
    return True


def _lay(connection: Connection, tar: bytes) -> None:
    """Lay a tar over the workspace; the sandbox itself unpacks it, under its caps. Raises StartError or OSError."""
    status, answer = connection.ask("PUT", "/lab/workspace", tar)
    if status != http.client.NO_CONTENT:
        raise StartError("files", f"{status} {answer.decode(errors='replace')[:500]}")


def archive(files: dict[str, bytes]) -> bytes:
    """A tar of plain files, the same bytes for the same files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o644
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()
