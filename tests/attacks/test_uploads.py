"""Row 22: archives made to write elsewhere, to burst, or to leave links behind.

Nothing unpacks what a student uploads: an archive stays the one file it is. What the sandbox itself unpacks, a tar of a
workspace, keeps to the workspace and to the caps.
"""

from __future__ import annotations

import io
import json
import tarfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.labs.kit.roles import tar
from tests.workers.lab_host import lab_host
from workers import sessions, specs, workspace
from workers.host import Host
from workers.jobs import SessionJob
from workers.sandboxes.base import Handle
from workers.startup import handle_of

__all__ = ["lab_host"]
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


@pytest.fixture
def session(lab_host: Host) -> Iterator[Handle]:
    """A student's session in a real sandbox."""
    lab = lab_host.catalog.labs["suma"]
    key = specs.new_id()
    job = SessionJob(key, lab.id, lab.digest, {"main.py": lab_host.storage.put(b"print(1)\n")}, time.time() + 300)
    started = sessions.start(lab_host, job)
    yield handle_of(lab_host, started.sandbox)
    sessions.stop(lab_host, key)


def ask(session: Handle, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    with closing(workspace.Connection(session, 60)) as connection:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()


def listed(session: Handle) -> list[str]:
    return [file["path"] for file in json.loads(ask(session, "GET", "/lab/tree")[1])["files"]]


def hostile_zip() -> bytes:
    """One that climbs out, points out, and would fill the disk."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("../../fuera.py", "malo")
        archive.writestr("/etc/passwd", "malo")
        link = zipfile.ZipInfo("enlace")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomba", bytes(30 << 20))
    return output.getvalue()


def test_row_22_an_uploaded_archive_stays_one_file(session: Handle) -> None:
    before = listed(session)
    hostile = hostile_zip()
    for name in ("todo.zip", "todo.tar.gz", "modelo.parquet"):
        assert ask(session, "PUT", f"/lab/files/{name}", hostile)[0] == 204
        assert ask(session, "GET", f"/lab/preview/{name}")[0] in {200, 422}
    assert sorted(listed(session)) == sorted([*before, "todo.zip", "todo.tar.gz", "modelo.parquet"])
    assert ask(session, "GET", "/lab/files/todo.zip") == (200, hostile)
    with zipfile.ZipFile(io.BytesIO(ask(session, "GET", "/lab/zip")[1])) as packed:
        assert packed.read("todo.zip") == hostile, "as it came"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE])
def test_row_22_a_workspace_with_links_or_devices_is_refused_whole(session: Handle, kind: bytes) -> None:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        good = tarfile.TarInfo("bueno.txt")
        good.size = 1
        archive.addfile(good, io.BytesIO(b"x"))
        bad = tarfile.TarInfo("malo")
        bad.type, bad.linkname = kind, "/etc/passwd"
        archive.addfile(bad)
    before = listed(session)
    assert ask(session, "PUT", "/lab/workspace", output.getvalue())[0] == 422
    assert listed(session) == before


def test_row_22_a_workspace_that_climbs_out_or_bursts_is_refused_whole(session: Handle) -> None:
    before = listed(session)
    assert ask(session, "PUT", "/lab/workspace", tar({"bueno.txt": "x", "../fuera.txt": "x"}))[0] == 422
    assert ask(session, "PUT", "/lab/workspace", tar({f"f{n}": "" for n in range(2001)}))[0] == 413
    assert ask(session, "PUT", "/lab/workspace", tar({"a": bytes(33 << 20)}))[0] == 413
    assert listed(session) == before
    assert ask(session, "GET", "/lab/health")[0] == 200


def test_row_22_an_upload_through_a_link_reaches_nothing(session: Handle) -> None:
    assert ask(session, "PUT", "/lab/files/../../run/lab/jupyter.sock", b"x")[0] in {404, 422}
    assert ask(session, "PUT", "/lab/files/%2e%2e/fuera", b"x")[0] in {404, 422}
    assert ask(session, "PUT", "/lab/files/grande.bin", bytes((32 << 20) + 1))[0] == 413
    assert "grande.bin" not in listed(session)
