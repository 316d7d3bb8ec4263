"""The S3 store against a server that speaks enough of S3: objects put and got over HTTP by boto3 itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.config import Config

from workers.storage import S3Storage, StorageError


class Bucket(BaseHTTPRequestHandler):
    objects: dict[str, bytes] = {}  # noqa: RUF012 -- one server, one store

    def do_PUT(self) -> None:
        self.objects[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def do_GET(self) -> None:
        found = self.objects.get(self.path)
        self._answer(200 if found is not None else 404, found or b"<Error><Code>NoSuchKey</Code></Error>")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def store() -> Iterator[S3Storage]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    plain = Config(
        signature_version="s3v4", s3={"addressing_style": "path"}, request_checksum_calculation="when_required",
        response_checksum_validation="when_required", retries={"total_max_attempts": 1}, proxies={},
    )  # fmt: skip
    client = boto3.client(
        "s3", endpoint_url=f"http://127.0.0.1:{server.server_port}", region_name="eu-west-1",
        aws_access_key_id="a", aws_secret_access_key="b", config=plain,
    )  # fmt: skip
    yield S3Storage("course", "files", client)
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()
    Bucket.objects.clear()


def test_files_go_to_the_bucket_and_come_back(store: S3Storage) -> None:
    digest = store.put(b"hola")
    assert list(Bucket.objects) == [f"/course/files/{digest[:2]}/{digest}"]
    assert store.get(digest) == b"hola"


def test_a_missing_or_changed_object_is_an_error(store: S3Storage) -> None:
    with pytest.raises(StorageError, match="no stored file"):
        store.get("0" * 64)
    digest = store.put(b"hola")
    Bucket.objects[f"/course/files/{digest[:2]}/{digest}"] = b"HOLA"
    with pytest.raises(StorageError, match="damaged"):
        store.get(digest)
