"""A student's session from nothing to its files, and back to nothing."""

from __future__ import annotations

import gzip
import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.workers.lab_host import lab_host
from workers import sessions, snapshots, specs, workspace
from workers.host import Host
from workers.jobs import SessionJob
from workers.startup import StartError, handle_of

__all__ = ["lab_host"]
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


def job(host: Host) -> SessionJob:
    lab = host.catalog.labs["suma"]
    return SessionJob(
        specs.new_id(), lab.id, lab.digest, {"main.py": host.storage.put(b"print(1)\n")}, time.time() + 3600
    )


@pytest.fixture(autouse=True)
def _stopped(lab_host: Host) -> Iterator[None]:
    yield
    for handle in lab_host.driver.list():
        lab_host.driver.stop(handle)
    for route in (lab_host.run_dir / "routes").iterdir():
        route.unlink()


def get(host: Host, sandbox: str, path: str) -> tuple[int, bytes]:
    connection = workspace.Connection(handle_of(host, sandbox), 10)
    connection.request("GET", path)
    answer: http.client.HTTPResponse = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_it_comes_up_with_the_students_files_and_the_labs_data(lab_host: Host) -> None:
    asked = job(lab_host)
    started = sessions.start(lab_host, asked)
    assert sessions.read_route(lab_host.run_dir, asked.session) == started.sandbox
    assert get(lab_host, started.sandbox, "/lab/files/main.py") == (200, b"print(1)\n")
    assert get(lab_host, started.sandbox, "/lab/files/dato.txt") == (200, b"mundo")
    again = sessions.start(lab_host, asked)
    assert again.sandbox == started.sandbox, "the same message twice starts one sandbox"
    sessions.stop(lab_host, asked.session)
    assert lab_host.driver.list() == []
    assert sessions.read_route(lab_host.run_dir, asked.session) is None


def test_a_snapshot_comes_before_the_saved_files_and_without_the_deleted_ones(lab_host: Host) -> None:
    left = {"main.py": b"old", "dato.txt": b"changed", "salida/a.bin": bytes(range(256)), "fuera.txt": b"x"}
    stored = lab_host.storage.put(gzip.compress(workspace.archive(left)))
    asked = replace(job(lab_host), snapshot=stored, deleted=["fuera.txt", "salida/none"])
    started = sessions.start(lab_host, asked)
    assert started.restored
    assert get(lab_host, started.sandbox, "/lab/files/main.py") == (200, b"print(1)\n"), "the saved file is newer"
    assert get(lab_host, started.sandbox, "/lab/files/dato.txt") == (200, b"changed")
    assert get(lab_host, started.sandbox, "/lab/files/salida/a.bin") == (200, bytes(range(256)))
    assert get(lab_host, started.sandbox, "/lab/files/fuera.txt")[0] == 404


def test_a_snapshot_carries_what_was_written_into_saved_files(lab_host: Host) -> None:
    asked = job(lab_host)
    handle = handle_of(lab_host, sessions.start(lab_host, asked).sandbox)
    untouched = snapshots.take(lab_host, asked.session, handle)
    assert untouched is not None
    assert untouched.changed == {}
    written = b"open('main.py', 'w').write('from a program')\n"
    connection = workspace.Connection(handle, 10)
    assert connection.ask("PUT", "/lab/files/otro.py", written)[0] == http.client.NO_CONTENT
    assert connection.ask("POST", "/lab/runs", json.dumps({"path": "otro.py"}).encode())[0] < 300
    end = time.monotonic() + 60
    while not json.loads(connection.ask("GET", "/lab/changed")[1])["files"]:
        assert time.monotonic() < end, "the program never wrote"
        time.sleep(0.1)
    connection.close()
    taken = snapshots.take(lab_host, asked.session, handle, untouched.content)
    assert taken is not None
    left = lab_host.storage.put(b"from a program")
    assert taken.changed == {"main.py": [asked.files["main.py"], left]}


def test_a_snapshot_made_to_hurt_is_refused_and_the_session_comes_up(lab_host: Host) -> None:
    hostile = lab_host.storage.put(gzip.compress(workspace.archive({"../../outside": b"x"})))
    started = sessions.start(lab_host, replace(job(lab_host), snapshot=hostile))
    assert not started.restored
    assert get(lab_host, started.sandbox, "/lab/files/main.py") == (200, b"print(1)\n")


def test_a_full_host_says_so_and_a_stop_makes_room(lab_host: Host) -> None:
    first, second, third = job(lab_host), job(lab_host), job(lab_host)
    sessions.start(lab_host, first)
    sessions.start(lab_host, second)
    with pytest.raises(sessions.HostFull):
        sessions.start(lab_host, third)
    sessions.stop(lab_host, first.session)
    assert sessions.start(lab_host, third).sandbox


def test_what_cannot_start_says_why_and_leaves_nothing(lab_host: Host) -> None:
    asked = job(lab_host)
    for changed, reason in [
        (replace(asked, deadline=time.time() - 1), "expired"),
        (replace(asked, lab="otro"), "content"),
        (replace(asked, lab_digest="0" * 64), "content"),
        (replace(asked, files={"main.py": "0" * 64}), "files"),
        (replace(asked, snapshot="0" * 64), "snapshot"),
        (replace(asked, snapshot=lab_host.storage.put(b"no snapshot")), "snapshot"),
        (replace(asked, files={"../main.py": asked.files["main.py"]}), "files"),
    ]:
        with pytest.raises(StartError) as caught:
            sessions.start(lab_host, changed)
        assert caught.value.reason == reason
    assert lab_host.driver.list() == []
