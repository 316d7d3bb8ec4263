"""Labs that have an environment for a GPU go where one is lent, sessions and grading alike, and only while it is."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from portal.courses.models import Environment, Lab
from portal.grading.services import submit
from portal.labsessions import admission, gpus, services
from portal.labsessions.hosts import environment_changed, host_report
from portal.labsessions.models import Host, LabSession, Workspace
from portal.labsessions.services import session_changed
from tests.portal.factories import HostFactory, UserFactory, WorkspaceFactory, build_environment, soon

TOLD = {"host": "con", "driver": "bubblewrap", "protections": [], "sandboxes": 0, "slots": 4, "disk_free": 10**9}


@pytest.fixture
def for_gpu(course: None) -> Environment:
    """A second environment, in which the lab ``suma`` runs on a GPU."""
    base = Environment.objects.get(name="base")
    title = {"es": "Con GPU", "en": "With a GPU"}
    made = Environment.objects.create(name="base-gpu", digest="1" * 64, spec={**base.spec, "gpu": True, "title": title})
    Lab.objects.filter(slug="suma").update(gpu_environment=made)
    return made


@pytest.fixture
def card(for_gpu: Environment) -> Host:
    """A host that lends a GPU, with both environments built."""
    build_environment()
    build_environment("base-gpu", host="con")
    return HostFactory.create(name="con", gpus="0")


def asks_for_both(workspace: Workspace, committed: Callable) -> None:
    """Its student opens the lab and hands it in."""
    services.start(workspace)
    with committed(execute=True):
        submit(workspace, str(uuid.uuid4()))


def test_a_lab_goes_to_the_hosts_that_lend_one(
    card: Host, workspace: Workspace, queued: Callable, django_capture_on_commit_callbacks: Callable
) -> None:
    asks_for_both(workspace, django_capture_on_commit_callbacks)
    assert (queued("sessions"), queued("grading")) == ([], [])
    for kind in ("sessions", "grading"):
        ((job,),) = [message["args"] for message in queued(f"{kind}.gpu")]
        assert (job["lab"], job["gpu"]) == ("suma", True)


def test_another_lab_goes_where_all_go(
    card: Host, queued: Callable, django_capture_on_commit_callbacks: Callable
) -> None:
    workspace = WorkspaceFactory.create(lab=Lab.objects.get(slug="cuenta"))
    asks_for_both(workspace, django_capture_on_commit_callbacks)
    for kind in ("sessions", "grading"):
        assert queued(f"{kind}.gpu") == []
        ((job,),) = [message["args"] for message in queued(kind)]
        assert job["gpu"] is False


@pytest.mark.parametrize("gone", [{"gpus": ""}, {"seen_at": soon(minutes=-5)}], ids=["taken out", "silent"])
def test_without_a_card_it_runs_as_on_any_host(
    card: Host, workspace: Workspace, queued: Callable, gone: dict[str, object]
) -> None:
    HostFactory.create(name="sin")
    Host.objects.filter(name="con").update(**gone)
    session, _created = services.start(workspace)
    assert gpus.environment_of(session.workspace.lab).name == "base"
    ((job,),) = [message["args"] for message in queued("sessions")]
    assert job["gpu"] is False


def test_a_session_says_that_it_has_one(card: Host, workspace: Workspace, signed_in: Client) -> None:
    shown = [
        signed_in.get(f"/sesion/{signed_in.post(f'/lab/{lab}/sesion/').json()['key']}/") for lab in ("suma", "cuenta")
    ]
    assert [answer.json()["gpu"] for answer in shown] == [True, False]


def test_it_waits_for_the_environment_that_it_is_to_run_in(
    for_gpu: Environment, workspace: Workspace, signed_in: Client, queued: Callable
) -> None:
    build_environment()
    HostFactory.create(name="con", gpus="all")
    key = signed_in.post("/lab/suma/sesion/").json()["key"]
    waiting = signed_in.get(f"/sesion/{key}/").json()
    assert (waiting["reason"], waiting["environment"]["state"]) == ("environment", "missing")
    told = {"environment": "base-gpu", "digest": "1" * 64, "host": "con", "driver": "bubblewrap"}
    environment_changed({**told, "state": "building", "progress": 0.5})
    assert signed_in.get(f"/sesion/{key}/").json()["environment"]["progress"] == 0.5
    environment_changed({**told, "state": "ready"})
    assert len(queued("sessions.gpu")) == 1
    assert LabSession.objects.get(key=key).reason == "host"


def test_no_more_get_a_place_than_its_hosts_have(card: Host, queued: Callable) -> None:
    """Others are not held up: there are places without a card."""
    Host.objects.filter(name="con").update(slots=1)
    HostFactory.create(name="sin", slots=5)
    first, second = (services.start(WorkspaceFactory.create())[0] for _student in range(2))
    other, _created = services.start(WorkspaceFactory.create(lab=Lab.objects.get(slug="cuenta")))
    assert [(one.reason, one.place) for one in (first, second, other)] == [("host", 0), ("slots", 0), ("host", 0)]
    session_changed({"session": first.key, "state": "stopped", "host": "con", "reason": "stopped"})
    second.refresh_from_db()
    assert second.reason == "host"
    assert len(queued("sessions.gpu")) == 2


@pytest.fixture
def unanswered(card: Host, workspace: Workspace) -> LabSession:
    """A session that was sent a minute ago to the hosts with a card."""
    session, _created = services.start(workspace)
    LabSession.objects.filter(pk=session.pk).update(sent_at=soon(minutes=-1))
    return session


def test_a_start_that_is_in_line_is_not_sent_again(unanswered: LabSession, queued: Callable) -> None:
    admission.send_again(soon())
    assert len(queued("sessions.gpu")) == 1


def test_a_start_whose_hosts_are_gone_goes_to_the_others(unanswered: LabSession, queued: Callable) -> None:
    """And no longer to them: were they back, they would start it a second time."""
    Host.objects.update(seen_at=soon(minutes=-5))
    admission.send_again(soon())
    assert queued("sessions.gpu") == []
    ((job,),) = [message["args"] for message in queued("sessions")]
    assert (job["session"], job["gpu"]) == (unanswered.key, False)


@pytest.mark.parametrize(("lent", "built"), [("", [["base"]]), ("0,1", [["base"], ["base-gpu"]])])
def test_what_takes_a_gpu_is_built_where_one_is_lent(
    for_gpu: Environment, queued: Callable, lent: str, built: list[list[str]]
) -> None:
    host_report({**TOLD, "gpus": lent})
    assert sorted(message["args"] for message in queued("builds.con")) == built
    assert Host.objects.get().gpus == lent


def test_each_host_builds_for_itself(for_gpu: Environment, client: Client, queued: Callable) -> None:
    for name, lent in (("con", "all"), ("sin", "")):
        HostFactory.create(name=name, gpus=lent)
    client.force_login(UserFactory.create(is_staff=True), backend="portal.accounts.sessions.PortalBackend")
    client.post("/operacion/entornos/base-gpu/construir/")
    assert [message["args"] for message in queued("builds.con")] == [["base-gpu"]]
    assert queued("builds.sin") == []


def test_health_and_overview_name_it_where_one_is_lent(for_gpu: Environment, client: Client) -> None:
    client.force_login(UserFactory.create(is_staff=True), backend="portal.accounts.sessions.PortalBackend")
    assert client.get("/salud/").json()["environments"] == {"base": "missing"}
    assert "Con GPU" not in client.get("/operacion/").content.decode()
    HostFactory.create(gpus="0,1", protections=[{"name": "gpu apart", "ok": False, "required": False, "detail": "d"}])
    assert client.get("/salud/").json()["environments"] == {"base": "missing", "base-gpu": "missing"}
    page = client.get("/operacion/").content.decode()
    assert "Con GPU" in page
    assert "presta la GPU 0,1" in page
    assert "GPU propia" in page
