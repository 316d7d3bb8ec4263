"""What a session says when it is asked for a snapshot is its student's: nothing of it breaks the worker."""

from __future__ import annotations

import http.server
import json
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from workers import snapshots
from workers.host import Host
from workers.sandboxes.base import Handle
from workers.storage import LocalStorage

LAID = "a" * 64


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@contextmanager
def session(changed: Any, content: bytes = b"now") -> Iterator[Handle]:
    """One that answers with a tar, this word on what was changed, and this content for every file."""
    word = json.dumps(changed).encode()

    class Answers(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            if self.path == "/lab/snapshot":  # of a length that isn't known when it begins
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"3\r\ntar\r\n0\r\n\r\n")
                return
            body = word if self.path == "/lab/changed" else content
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(BrokenPipeError):  # whoever asked has read enough
                self.wfile.write(body)

        def address_string(self) -> str:
            return "session"

        def log_message(self, *_: object) -> None:
            """Silent."""

    with tempfile.TemporaryDirectory(prefix="snap") as folder:
        server = _Server(f"{folder}/jupyter.sock", Answers)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield Handle("s" * 26, Path(folder))
        finally:
            server.shutdown()
            server.server_close()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """As much of a host as a snapshot needs: its store."""
    return cast(Host, SimpleNamespace(storage=LocalStorage(tmp_path)))


def test_changed_files_are_stored_with_what_was_laid(host: Host) -> None:
    with session({"files": {"main.py": LAID, "otro.py": "no digest"}}) as handle:
        taken = snapshots.take(host, "k" * 26, handle)
    assert taken is not None
    assert list(taken.changed) == ["main.py"]
    laid, left = taken.changed["main.py"]
    assert (laid, host.storage.get(left)) == (LAID, b"now")


@pytest.mark.parametrize(
    "changed",
    [
        {"files": {"\ud800": LAID}},
        {"files": [LAID]},
        {"files": None},
        {},
        [],
        7,
        {"files": {"x" * (snapshots.MAX_ANSWER + 1): LAID}},
    ],
    ids=["no path", "a list", "nothing", "no files", "no object", "a number", "too long"],
)
def test_a_nonsensical_word_on_changed_files_is_an_error_that_callers_know(host: Host, changed: Any) -> None:
    with session(changed) as handle, pytest.raises(OSError, match=r"changed|path"):
        snapshots.take(host, "k" * 26, handle)


def test_changed_files_have_a_limit_each_and_together(host: Host) -> None:
    one = {"files": {"main.py": LAID}}
    with session(one, bytes(snapshots.MAX_FILE_BYTES + 1)) as handle, pytest.raises(OSError, match="too large"):
        snapshots.take(host, "k" * 26, handle)
    many = {"files": {f"{number}.py": LAID for number in range(10)}}
    with session(many, bytes(snapshots.MAX_FILE_BYTES)) as handle, pytest.raises(OSError, match="too large"):
        snapshots.take(host, "k" * 26, handle)
