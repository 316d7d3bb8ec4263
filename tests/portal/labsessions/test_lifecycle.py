"""How a session goes on and ends: more time, snapshots, the word that nobody uses it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal.courses.models import Enrollment
from portal.labsessions import lifecycle, services, snapshots
from portal.labsessions.models import Host, LabSession, Snapshot, Workspace
from tests.portal.factories import EnrollmentFactory, HostFactory, WorkspaceFactory, build_environment, soon
from workers.storage import StorageError, storage

State = LabSession.State


@pytest.fixture
def running(workspace: Workspace) -> LabSession:
    """A session of the student's that is up."""
    build_environment()
    HostFactory(name="host0", slots=9)
    return up(workspace)


def up(workspace: Workspace) -> LabSession:
    session, _created = services.start(workspace)
    report(session, "ready")
    session.refresh_from_db()
    return session


def report(session: LabSession, state: str, **facts: object) -> None:
    services.session_changed({"session": session.key, "state": state, "host": "host0", "reason": "", **facts})


def stored(at: float = 1000.0, **facts: object) -> dict[str, Any]:
    """What a worker tells of a snapshot that it stored."""
    content = f"snapshot of {at}".encode()
    told = {"sha256": storage().put(content), "size": len(content), "content": "0" * 64, "taken_at": at}
    return {**told, "left_out": {"count": 0, "bytes": 0, "names": [], "more": False}, **facts}


def extend(client: Client, session: LabSession, deadline: object = None) -> Any:
    seen = session.deadline.isoformat() if deadline is None else deadline
    return client.post(f"/sesion/{session.key}/ampliar/", {"deadline": seen}, content_type="application/json")


def test_more_time_reaches_the_page_and_the_host(signed_in: Client, running: LabSession, queued: Callable) -> None:
    answer = extend(signed_in, running).json()
    later = running.deadline + timedelta(minutes=30)
    assert (answer["deadline"], answer["extend_minutes"]) == (later.isoformat(), 30)
    assert queued("host.host0") == [
        {"task": "workers.extend_session", "args": [running.key, later.timestamp()]},
    ]


def test_two_clicks_give_time_once(signed_in: Client, running: LabSession, queued: Callable) -> None:
    first, second = extend(signed_in, running).json(), extend(signed_in, running).json()
    assert first["deadline"] == second["deadline"]
    assert len(queued("host.host0")) == 1


def test_a_session_lasts_as_long_as_its_lab_allows_and_no_longer(signed_in: Client, running: LabSession) -> None:
    given = []
    for _click in range(7):  # 60 minutes, then 30 at a time up to 240
        running.refresh_from_db()
        given.append(extend(signed_in, running))
    assert [answer.status_code for answer in given] == [200] * 6 + [409]
    assert given[5].json()["extend_minutes"] == 0
    assert given[6].json()["error"]["code"] == "longest"
    assert "4" in given[6].json()["error"]["message"]


def test_the_last_extension_is_what_is_left(signed_in: Client, running: LabSession) -> None:
    assert running.sent_at is not None
    LabSession.objects.update(deadline=running.sent_at + timedelta(minutes=230))
    running.refresh_from_db()
    assert signed_in.get(f"/sesion/{running.key}/").json()["extend_minutes"] == 10
    assert extend(signed_in, running).json()["deadline"] == (running.sent_at + timedelta(minutes=240)).isoformat()


def test_time_is_not_given_when_the_host_cannot_be_told(
    signed_in: Client, running: LabSession, redis_down: Callable[[], None]
) -> None:
    assert extend(signed_in, running).status_code == 503
    before = running.deadline
    running.refresh_from_db()
    assert running.deadline == before


@pytest.mark.parametrize("seen", ["", "mañana", 5, None, "2026-01-01T00:00:00"])
def test_an_extension_says_which_end_it_puts_off(signed_in: Client, running: LabSession, seen: object) -> None:
    answer = signed_in.post(f"/sesion/{running.key}/ampliar/", {"deadline": seen}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "no_deadline")


def test_an_ended_session_gets_no_more_time(signed_in: Client, running: LabSession) -> None:
    report(running, "stopped")
    assert extend(signed_in, running).json()["error"]["code"] == "not_ready"


def test_strangers_and_instructors_cannot_extend(client: Client, running: LabSession) -> None:
    teacher = EnrollmentFactory(cohort=running.workspace.enrollment.cohort, role="instructor")
    for enrollment in (teacher, EnrollmentFactory()):
        client.force_login(enrollment.user, backend="portal.accounts.sessions.PortalBackend")
        assert extend(client, running).status_code == 404
    client.logout()
    assert extend(client, running).status_code in (401, 403)


def test_the_next_session_begins_with_the_last_snapshot(
    signed_in: Client, running: LabSession, queued: Callable
) -> None:
    report(running, "stopped", reason="idle", snapshot=stored())
    first = queued("sessions")[0]["args"][0]
    assert (first["snapshot"], first["deleted"]) == (None, [])
    signed_in.put(
        "/lab/suma/archivos/nuevo.py", {"text": "x = 1\n", "base_version": 0}, content_type="application/json"
    )
    assert signed_in.delete("/lab/suma/archivos/nuevo.py").status_code == 200
    signed_in.post("/lab/suma/sesion/")
    second = queued("sessions")[1]["args"][0]
    assert (second["snapshot"], second["deleted"]) == (stored()["sha256"], ["nuevo.py"])


def wrote(path: str, before: str, now: str) -> dict[str, list[str]]:
    """A program in the sandbox wrote ``now`` where the portal had laid ``before``."""
    return {path: [storage().put(before.encode()), storage().put(now.encode())]}


def save(client: Client, path: str, text: str, base: int) -> None:
    body = {"text": text, "base_version": base}
    assert client.put(f"/lab/suma/archivos/{path}", body, content_type="application/json").status_code == 200


def text_of(workspace: Workspace, path: str) -> tuple[str, int]:
    file = workspace.files.get(path=path)
    return storage().get(file.sha256).decode(), file.version


def test_what_a_program_wrote_into_a_saved_file_is_its_newest_version_once_the_session_is_over(
    signed_in: Client, running: LabSession, queued: Callable
) -> None:
    save(signed_in, "main.py", "mine", 0)
    told = stored(changed=wrote("main.py", "mine", "a program's"))
    lifecycle.session_activity({"session": running.key, "idle_left": None, "hibernating": False, "snapshot": told})
    assert text_of(running.workspace, "main.py") == ("mine", 1), "an open page takes it in itself"
    report(running, "failed", reason="host_lost")
    assert text_of(running.workspace, "main.py") == ("a program's", 2)
    signed_in.post("/lab/suma/sesion/")
    assert queued("sessions")[1]["args"][0]["files"]["main.py"] == storage().put(b"a program's")
    assert signed_in.get("/lab/suma/").context["config"]["files"][0]["version"] == 2


def test_what_a_program_wrote_into_a_file_as_the_lab_gave_it_is_saved_too(running: LabSession) -> None:
    starter = running.workspace.lab.starter["main.py"]["text"]
    told = stored(changed=wrote("main.py", starter, "a program's"))
    report(running, "stopped", snapshot=told)
    report(running, "stopped", snapshot=told)  # a message may come twice
    assert text_of(running.workspace, "main.py") == ("a program's", 1)


def test_what_was_saved_meanwhile_counts_more_than_what_a_program_wrote(signed_in: Client, running: LabSession) -> None:
    save(signed_in, "main.py", "mine", 0)
    save(signed_in, "main.py", "newer", 1)
    save(signed_in, "gone.py", "x = 1", 0)
    assert signed_in.delete("/lab/suma/archivos/gone.py").status_code == 200
    changed = wrote("main.py", "mine", "a program's") | wrote("gone.py", "x = 1", "y") | wrote("unknown.py", "", "z")
    report(running, "stopped", snapshot=stored(changed=changed))
    assert text_of(running.workspace, "main.py") == ("newer", 2)
    assert set(running.workspace.files.filter(deleted_at=None).values_list("path", flat=True)) == {"main.py"}


@pytest.mark.parametrize(
    "digests", [["0" * 64], ["0" * 64, "no digest"], "ab", 3, None, [{}, []]], ids=lambda value: str(value)[:12]
)
def test_a_nonsensical_word_on_changed_files_loses_nothing(
    signed_in: Client, running: LabSession, digests: object
) -> None:
    save(signed_in, "main.py", "mine", 0)
    report(running, "stopped", snapshot=stored(changed={"main.py": digests}))
    assert text_of(running.workspace, "main.py") == ("mine", 1)
    assert snapshots.current(running.workspace) is not None


def test_a_binary_written_into_a_text_file_stays_in_the_snapshot(signed_in: Client, running: LabSession) -> None:
    save(signed_in, "main.py", "mine", 0)
    changed = {"main.py": [storage().put(b"mine"), storage().put(b"\xff\x00")]}
    report(running, "stopped", snapshot=stored(changed=changed))
    assert text_of(running.workspace, "main.py") == ("mine", 1)


def test_the_page_says_how_the_last_one_ended_and_what_is_kept(signed_in: Client, running: LabSession) -> None:
    left_out = {"count": 1, "bytes": 50_000_000, "names": ["enorme.bin"], "more": False}
    report(running, "stopped", reason="idle", snapshot=stored(left_out=left_out))
    shown = signed_in.get(f"/sesion/{running.key}/").json()
    assert (shown["state"], shown["reason"], shown["snapshot"]["left_out"]) == ("stopped", "idle", left_out)
    page = signed_in.get("/lab/suma/").context["config"]["life"]
    assert (page["reason"], page["snapshot"]["left_out"]) == ("idle", left_out)


def test_activity_is_shown_while_it_lasts(signed_in: Client, running: LabSession) -> None:
    path = f"/sesion/{running.key}/"
    lifecycle.session_activity({"session": running.key, "idle_left": 120.0, "hibernating": True})
    shown = signed_in.get(path).json()
    assert shown["hibernating"] is True
    assert shown["idle_at"] is not None
    lifecycle.session_activity({"session": running.key, "idle_left": None, "hibernating": False})
    shown = signed_in.get(path).json()
    assert (shown["hibernating"], shown["idle_at"]) == (False, None)
    lifecycle.session_activity({"session": running.key, "idle_left": 1.0, "hibernating": True})
    report(running, "stopped")
    shown = signed_in.get(path).json()
    assert (shown["hibernating"], shown["idle_at"]) == (False, None)


def test_a_late_snapshot_does_not_displace_a_newer_one(running: LabSession) -> None:
    newer, older = stored(2000.0), stored(1000.0)
    report(running, "stopped", snapshot=newer)
    lifecycle.session_activity({"session": running.key, "idle_left": None, "hibernating": False, "snapshot": older})
    current = snapshots.current(running.workspace)
    assert current is not None
    assert current.sha256 == newer["sha256"]


def test_a_later_session_counts_whatever_its_hosts_clock_says(running: LabSession) -> None:
    report(running, "stopped", snapshot=stored(9_000_000.0))
    later = up(running.workspace)
    told = stored(1000.0)
    report(later, "stopped", snapshot=told)
    current = snapshots.current(running.workspace)
    assert current is not None
    assert current.sha256 == told["sha256"]


def test_outdated_snapshots_leave_the_store(running: LabSession) -> None:
    old, new, other = stored(1000.0), stored(2000.0), stored(3000.0)
    lifecycle.session_activity({"session": running.key, "idle_left": None, "hibernating": False, "snapshot": old})
    report(running, "stopped", snapshot=new)
    report(running, "stopped", snapshot=new)  # a message may come twice
    neighbour = up(WorkspaceFactory())
    report(neighbour, "stopped", snapshot=other)
    snapshots.sweep()
    assert set(Snapshot.objects.values_list("sha256", flat=True)) == {new["sha256"], other["sha256"]}
    assert storage().get(new["sha256"])
    with pytest.raises(StorageError):
        storage().get(old["sha256"])
    neighbour.workspace.enrollment.delete()
    snapshots.sweep()
    assert Snapshot.objects.get().sha256 == new["sha256"]
    with pytest.raises(StorageError):
        storage().get(other["sha256"])


def test_a_snapshot_of_an_unknown_session_is_dropped(running: LabSession) -> None:
    lifecycle.session_activity({"session": "x" * 26, "idle_left": 5.0, "hibernating": True, "snapshot": stored()})
    assert not Snapshot.objects.exists()


def test_the_host_is_gone_and_the_snapshot_is_not(running: LabSession, queued: Callable) -> None:
    told = stored(time.time())
    lifecycle.session_activity({"session": running.key, "idle_left": None, "hibernating": False, "snapshot": told})
    Host.objects.update(seen_at=soon(minutes=-10))
    services.sweep_sessions()
    Host.objects.update(seen_at=soon())
    up(running.workspace)
    assert queued("sessions")[-1]["args"][0]["snapshot"] == told["sha256"]


def test_a_student_may_go_on_without_a_snapshot_that_cannot_be_read(
    client: Client, running: LabSession, queued: Callable
) -> None:
    told = stored()
    report(running, "stopped", snapshot=told)

    def start_without(enrollment: Enrollment) -> dict[str, Any]:
        client.force_login(enrollment.user, backend="portal.accounts.sessions.PortalBackend")
        answer = client.post("/lab/suma/sesion/", {"without_snapshot": True}, content_type="application/json")
        assert answer.status_code == 201
        started: dict[str, Any] = queued("sessions")[-1]["args"][0]
        return started

    neighbour = EnrollmentFactory(cohort=running.workspace.enrollment.cohort)
    assert start_without(neighbour)["snapshot"] is None
    assert snapshots.current(running.workspace) is not None, "each gives up their own alone"
    own = start_without(running.workspace.enrollment)
    assert (own["snapshot"], set(own["files"])) == (None, {"main.py", "extra.py"})
    snapshots.sweep()
    with pytest.raises(StorageError):
        storage().get(told["sha256"])
