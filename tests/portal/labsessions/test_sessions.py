"""Sessions: one a student and lab, queued in order, ended for sure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal.core import clock, queue
from portal.labsessions import admission, services
from portal.labsessions.hosts import host_report
from portal.labsessions.models import Host, LabSession, Workspace
from portal.labsessions.services import session_changed
from tests.portal.factories import EnrollmentFactory, HostFactory, WorkspaceFactory, build_environment, soon
from workers import tickets

State = LabSession.State


@pytest.fixture
def ready_host(course: None) -> Host:
    build_environment()
    return HostFactory(name="host0", slots=2)


def report(session: LabSession, state: str, **facts: object) -> None:
    session_changed({"session": session.key, "state": state, "host": "host0", "reason": "", **facts})


def test_a_click_reaches_the_hosts(signed_in: Client, ready_host: Host, queued: Callable) -> None:
    answer = signed_in.post("/lab/suma/sesion/")
    assert (answer.status_code, answer.json()["state"]) == (201, "queued")
    (message,) = queued("sessions")
    assert message["task"] == "workers.start_session"
    assert message["args"][0]["session"] == answer.json()["key"]
    assert set(message["args"][0]["files"]) == {"main.py", "extra.py"}


def test_a_second_click_finds_the_same_session(signed_in: Client, ready_host: Host) -> None:
    first = signed_in.post("/lab/suma/sesion/")
    second = signed_in.post("/lab/suma/sesion/")
    assert (second.status_code, second.json()["key"]) == (200, first.json()["key"])
    assert LabSession.objects.count() == 1


def test_it_waits_while_the_environment_is_built(workspace: Workspace, queued: Callable) -> None:
    HostFactory(name="host0")
    session, _created = services.start(workspace)
    assert (session.state, session.reason) == (State.QUEUED, "environment")
    build_environment()
    admission.admit()
    assert len(queued("sessions")) == 1


def test_places_are_given_in_order(ready_host: Host, queued: Callable) -> None:
    sessions = [services.start(WorkspaceFactory())[0] for _student in range(4)]
    assert len(queued("sessions")) == 2
    assert [session.place for session in sessions] == [0, 0, 0, 1]
    assert sessions[3].reason == "slots"
    report(sessions[0], "ready")
    report(sessions[0], "stopped")
    assert [message["args"][0]["session"] for message in queued("sessions")][2] == sessions[2].key


def test_a_report_is_shown_with_its_facts(signed_in: Client, workspace: Workspace, ready_host: Host) -> None:
    session, _created = services.start(workspace)
    report(session, "starting")
    report(session, "ready", pool_hit=True, seconds=0.3, sandbox="abc")
    shown = signed_in.get(f"/sesion/{session.key}/").json()
    assert (shown["state"], shown["pool_hit"]) == ("ready", True)
    assert 0 < shown["seconds_left"] <= 3600


def test_a_full_host_sends_it_back_to_the_queue(workspace: Workspace, ready_host: Host) -> None:
    session, _created = services.start(workspace)
    report(session, "starting")
    report(session, "queued", reason="full")
    session.refresh_from_db()
    assert (session.state, session.reason) == (State.QUEUED, "full")
    report(session, "ready")
    session.refresh_from_db()
    assert session.state == State.READY


def test_stopping_tells_the_host(signed_in: Client, workspace: Workspace, ready_host: Host, queued: Callable) -> None:
    session, _created = services.start(workspace)
    report(session, "ready")
    assert signed_in.post(f"/sesion/{session.key}/parar/").json()["state"] == "stopping"
    assert queued("host.host0") == [{"task": "workers.stop_session", "args": [session.key]}]
    report(session, "stopped", reason="stopped")
    session.refresh_from_db()
    assert (session.state, session.reason) == (State.STOPPED, "asked")


def test_one_stopped_before_it_came_up_does_not_stay(workspace: Workspace, ready_host: Host, queued: Callable) -> None:
    session, _created = services.start(workspace)
    services.stop(session)
    report(session, "ready")
    session.refresh_from_db()
    assert session.state == State.STOPPING
    assert [message["task"] for message in queued("host.host0")] == ["workers.stop_session"]
    report(session, "stopped")
    assert not LabSession.objects.filter(state__in=LabSession.ACTIVE).exists()


def test_an_ended_session_never_comes_back(workspace: Workspace, ready_host: Host) -> None:
    session, _created = services.start(workspace)
    report(session, "stopped")
    for state in ("starting", "ready", "failed"):
        report(session, state)
        session.refresh_from_db()
        assert session.state == State.STOPPED


def test_past_its_deadline_it_is_stopped(workspace: Workspace, ready_host: Host, queued: Callable) -> None:
    session, _created = services.start(workspace)
    report(session, "ready")
    LabSession.objects.update(deadline=soon(seconds=-1))
    services.sweep_sessions()
    session.refresh_from_db()
    assert (session.state, session.reason) == (State.STOPPING, "deadline")
    assert len(queued("host.host0")) == 1


def test_a_silent_host_frees_the_student(workspace: Workspace, ready_host: Host) -> None:
    session, _created = services.start(workspace)
    report(session, "ready")
    Host.objects.update(seen_at=soon(minutes=-10))
    services.sweep_sessions()
    session.refresh_from_db()
    assert (session.state, session.reason) == (State.FAILED, "host_lost")
    assert services.start(workspace)[1]


def test_a_start_that_got_lost_is_sent_again(workspace: Workspace, ready_host: Host, queued: Callable) -> None:
    services.start(workspace)
    LabSession.objects.update(sent_at=soon(minutes=-1))
    services.sweep_sessions()
    assert len(queued("sessions")) == 1, "it is in line: nothing is lost"
    queue.client().delete("sessions")
    services.sweep_sessions()
    assert len(queued("sessions")) == 1


def test_redis_down_keeps_the_request(
    workspace: Workspace, ready_host: Host, redis_down: Callable[[], None], queued: Callable
) -> None:
    session, _created = services.start(workspace)
    assert (session.state, session.reason) == (State.QUEUED, "queue_down")
    redis_down()
    services.sweep_sessions()
    assert len(queued("sessions")) == 1


def test_a_ticket_is_for_the_running_session_alone(signed_in: Client, workspace: Workspace, ready_host: Host) -> None:
    session, _created = services.start(workspace)
    path = f"/sesion/{session.key}/ticket/"

    def ask(ui: Any):
        return signed_in.post(path, {"ui": ui}, content_type="application/json")

    assert ask("jupyter").json()["error"]["code"] == "not_ready"
    report(session, "ready")
    ticket = ask("port-8787").json()["ticket"]
    assert tickets.verify(ticket, session.key, "port-8787").user == str(workspace.enrollment.user_id)
    assert ask("port-9000").status_code == 200, "a server of the student's own"
    for ui in ("port-22", "port-65536", "port-08787", "port-", "frame", "", None, 8787):
        assert ask(ui).status_code == 422, ui


def test_strangers_and_instructors_do_not_reach_it(client: Client, workspace: Workspace, ready_host: Host) -> None:
    session, _created = services.start(workspace)
    teacher = EnrollmentFactory(cohort=workspace.enrollment.cohort, role="instructor")
    for enrollment in (teacher, EnrollmentFactory()):
        client.force_login(enrollment.user, backend="portal.accounts.sessions.PortalBackend")
        assert client.get(f"/sesion/{session.key}/").status_code == 404
        assert client.get(f"/sesion/{session.key}/eventos/").status_code == 404
        assert client.post(f"/sesion/{session.key}/parar/").status_code == 404
        assert client.post(f"/sesion/{session.key}/ticket/", {}, content_type="application/json").status_code == 404


def test_a_host_gets_the_environments_it_lacks(course: None, queued: Callable) -> None:
    told = {"host": "h1", "driver": "docker", "protections": [], "sandboxes": 0, "slots": 4, "disk_free": 10**9}
    host_report(told)
    host_report(told)
    assert [message["args"] for message in queued("builds.h1")] == [["base"]]
    assert Host.objects.get().alive(soon())


def test_a_session_that_its_host_no_longer_runs_is_over(ready_host: Host) -> None:
    """The host was restarted, and all its sandboxes with it."""

    def ready(host: str) -> LabSession:
        session, _created = services.start(WorkspaceFactory())
        LabSession.objects.filter(pk=session.pk).update(state=State.READY, host=host, changed_at=long_ago)
        return session

    long_ago = clock.now() - timedelta(minutes=5)
    kept, lost, elsewhere, new = (ready(host) for host in ("host0", "host0", "host1", "host0"))
    LabSession.objects.filter(pk=new.pk).update(changed_at=clock.now())
    host_report({"host": "host0", "driver": "bubblewrap", "sessions": [kept.key]})
    for session in (kept, lost, elsewhere, new):
        session.refresh_from_db()
    assert [session.state for session in (kept, lost, elsewhere, new)] == ["ready", "stopped", "ready", "ready"]
    assert lost.reason == "ended"
