"""A session that is used is snapshotted, one that isn't is ended, and both keep every file."""

from __future__ import annotations

import gzip
import io
import tarfile
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.live import wait_for
from tests.workers.lab_host import lab_host
from tests.workers.test_sessions import get, job
from workers import sessions, tending, workspace
from workers.host import Host
from workers.jobs import SessionJob
from workers.sandboxes.base import SandboxError
from workers.snapshots import Snapshot, take
from workers.startup import handle_of
from workers.tending import Event

__all__ = ["lab_host"]
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]
PROGRAM = """
import os, pathlib
pathlib.Path("salida").mkdir()
pathlib.Path("salida/modelo.bin").write_bytes(bytes(range(256)) * 4000)
pathlib.Path("guion.sh").write_text("#!/bin/sh")
os.chmod("guion.sh", 0o755)
with open("enorme.bin", "wb") as file:
    file.truncate(40 << 20)
"""


@pytest.fixture
def host(lab_host: Host, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """Snapshots at every look, and nobody ended for being idle."""
    monkeypatch.setattr(
        lab_host, "config", lab_host.config.model_copy(update={"snapshot_seconds": 0, "idle_seconds": 0})
    )
    yield lab_host
    for handle in lab_host.driver.list():
        lab_host.driver.stop(handle)
    for folder in ("routes", "tended"):
        for file in (lab_host.run_dir / folder).iterdir():
            file.unlink()


def idle_after(host: Host, seconds: float, monkeypatch: pytest.MonkeyPatch, warning: float = 0) -> None:
    changed = {"idle_seconds": seconds, "idle_warning_seconds": warning}
    monkeypatch.setattr(host, "config", host.config.model_copy(update=changed))


def look(host: Host) -> list[Event]:
    told: list[Event] = []
    tending.tend(host, told.append)
    return told


def start(host: Host, **changes: object) -> tuple[SessionJob, str]:
    asked = replace(job(host), **changes)  # type: ignore[arg-type]
    return asked, sessions.start(host, asked).sandbox


def run(host: Host, sandbox: str, program: str) -> None:
    """Run a program in the session's kernel, to its end."""
    connection = workspace.Connection(handle_of(host, sandbox))
    assert connection.ask("PUT", "/lab/files/main.py", program.encode())[0] == 204
    status, _ = connection.ask("POST", "/lab/runs", b'{"path": "main.py"}')
    assert status == 201
    connection.close()
    wait_for(lambda: b'"state": "running"' not in get(host, sandbox, "/lab/runs")[1], 60, lambda: "it runs on")


def test_what_programs_wrote_comes_back_after_a_stop(host: Host) -> None:
    asked, sandbox = start(host)
    run(host, sandbox, PROGRAM)
    taken = sessions.end(host, asked.session)
    assert taken is not None
    assert host.driver.list() == []
    assert (taken.left_out["count"], taken.left_out["names"]) == (1, ["enorme.bin"])
    again, sandbox = start(host, snapshot=taken.sha256)
    assert get(host, sandbox, "/lab/files/salida/modelo.bin") == (200, bytes(range(256)) * 4000)
    assert get(host, sandbox, "/lab/files/main.py") == (200, b"print(1)\n"), "the saved file, not the one it ran"
    assert get(host, sandbox, "/lab/files/enorme.bin")[0] == 404
    kept = sessions.end(host, again.session)
    assert kept is not None
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(host.storage.get(kept.sha256)))) as tar:
        assert tar.getmember("guion.sh").mode == 0o755
    assert kept.sha256 != taken.sha256, "no two snapshots are one stored file"


def test_it_is_snapshotted_while_it_is_used_and_not_again_when_nothing_changed(host: Host) -> None:
    asked, sandbox = start(host)
    run(host, sandbox, "open('a.txt', 'w').write('a')")
    events: list[Event] = []
    while not events:  # its own clock tells how long ago the run was, in tenths of a second
        events = look(host)
    assert isinstance(events[0].snapshot, Snapshot)
    assert take(host, asked.session, handle_of(host, sandbox), events[0].snapshot.content) is None


def test_an_idle_session_is_announced_then_ended_and_keeps_its_files(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, sandbox = start(host)
    run(host, sandbox, PROGRAM)
    idle_after(host, 1e6, monkeypatch, warning=1e6)
    [warned] = look(host)
    assert (warned.session, warned.ended) == (asked.session, "")
    assert warned.idle_left is not None
    assert 0 < warned.idle_left <= 1e6
    idle_after(host, 0.1, monkeypatch)
    wait_for(lambda: tending.ask(handle_of(host, sandbox)).idle_seconds > 0.1, 30, lambda: "never idle")
    [ended] = look(host)
    assert (ended.session, ended.ended) == (asked.session, "idle")
    assert host.driver.list() == []
    kept = ended.snapshot or warned.snapshot  # of the first look, when nothing has changed since
    assert kept is not None
    _, sandbox = start(host, snapshot=kept.sha256)
    assert get(host, sandbox, "/lab/files/salida/modelo.bin")[0] == 200


def test_a_warning_is_taken_back_when_the_student_says_they_are_here(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, sandbox = start(host)
    wait_for(lambda: tending.ask(handle_of(host, sandbox)).idle_seconds > 2, 30, lambda: "never idle")
    idle_after(host, 3600, monkeypatch, warning=3598)
    [warned] = look(host)
    assert warned.idle_left is not None
    connection = workspace.Connection(handle_of(host, sandbox))
    assert connection.ask("POST", "/lab/activity")[0] == 204
    connection.close()
    idle_after(host, 10**6, monkeypatch, warning=1)
    assert [(event.session, event.idle_left) for event in look(host)] == [(asked.session, None)]


def test_a_program_at_work_keeps_its_session(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    _, sandbox = start(host)
    connection = workspace.Connection(handle_of(host, sandbox))
    connection.ask("PUT", "/lab/files/main.py", b"import time; time.sleep(600)")
    assert connection.ask("POST", "/lab/runs", b'{"path": "main.py"}')[0] == 201
    connection.close()
    idle_after(host, 1, monkeypatch)
    time.sleep(2)  # longer than an idle one may stay
    assert [event.ended for event in look(host)] in ([], [""])
    assert len(host.driver.list()) == 1


def test_at_its_deadline_it_is_snapshotted_and_ended(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, sandbox = start(host)
    run(host, sandbox, PROGRAM)
    sessions.extend(host, asked.session, asked.deadline + 60)
    [handle] = host.driver.list()
    assert handle.deadline == asked.deadline + 60 + sessions.GRACE_SECONDS
    sessions.extend(host, asked.session, asked.deadline + 30)
    assert host.driver.list() == [handle], "an order that comes late takes none away"
    monkeypatch.setattr(sessions, "GRACE_SECONDS", 10**6)  # which makes it late enough
    [ended] = look(host)
    assert (ended.ended, ended.snapshot is not None) == ("deadline", True)
    assert host.driver.list() == []


def test_more_time_than_the_lab_gives_is_refused(host: Host) -> None:
    asked, _ = start(host)
    with pytest.raises(SandboxError):
        sessions.extend(host, asked.session, time.time() + 30 * 24 * 3600)
    with pytest.raises(SandboxError):
        sessions.extend(host, "k" * 26, time.time() + 60)


def test_one_that_says_nothing_of_itself_costs_the_others_nothing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    mute, sandbox = start(host)
    other, _ = start(host)
    (handle_of(host, sandbox).run_dir / "jupyter.sock").unlink()
    idle_after(host, 0.1, monkeypatch)
    time.sleep(0.5)
    assert [(event.session, event.ended) for event in look(host)] == [(other.session, "idle")]
    assert sessions.read_route(host.run_dir, mute.session) == sandbox
