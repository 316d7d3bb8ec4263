"""Health for programs, an overview for staff, and the demo's accounts."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from portal.accounts.models import User
from portal.labsessions.hosts import environment_changed
from portal.operations.protections import MEANING
from tests.portal.factories import EnrollmentFactory, HostFactory, UserFactory, build_environment
from tests.sandboxes import available_drivers
from workers.sandboxes import choose, open_run_dir


def test_health_says_what_answers(client: Client, course: None) -> None:
    assert client.get("/salud/").json() == {
        "db": True,
        "redis": True,
        "worker": False,
        "environments": {"base": "missing"},
    }
    HostFactory()
    build_environment(state="building")
    state = client.get("/salud/").json()
    assert (state["worker"], state["environments"]) == (True, {"base": "building"})


def test_health_notices_that_redis_is_away(client: Client, course: None, redis_down: Callable[[], None]) -> None:
    assert client.get("/salud/").json()["redis"] is False


def test_the_overview_is_for_staff(client: Client, course: None) -> None:
    teacher = EnrollmentFactory(role="instructor").user
    for user, status in ((teacher, 403), (UserFactory(is_staff=True), 200)):
        client.force_login(user, backend="portal.accounts.sessions.PortalBackend")
        assert client.get("/operacion/").status_code == status
        assert client.post("/operacion/entornos/base/construir/").status_code == (302 if status == 200 else 403)


def test_the_overview_names_missing_protections(
    client: Client, course: None, django_assert_max_num_queries: Callable
) -> None:
    HostFactory(protections=[{"name": "cpu limit", "ok": False, "required": False, "detail": "no writable cgroup"}])
    build_environment(state="failed")
    client.force_login(UserFactory(is_staff=True), backend="portal.accounts.sessions.PortalBackend")
    page = client.get("/operacion/")
    assert page.context["environments"][0]["state"] == "failed"
    with django_assert_max_num_queries(12):
        client.get("/operacion/")
    assert "Límite de CPU" in page.content.decode()
    assert "no writable cgroup" in page.content.decode()


@pytest.mark.sandbox
@pytest.mark.parametrize("name", available_drivers())
def test_every_protection_of_a_driver_has_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.LABS, "driver", name)
    open_run_dir(settings.LABS)
    assert {protection.name for protection in choose(settings.LABS).preflight()} <= set(MEANING)


def test_the_build_shown_is_of_the_definition_now(course: None, client: Client) -> None:
    told = {"environment": "base", "digest": "0" * 64, "host": "h", "driver": "docker", "state": "ready"}
    environment_changed(told)
    assert client.get("/salud/").json()["environments"] == {"base": "missing"}
    environment_changed({**told, "environment": "unknown"})


def test_demo_accounts_are_made_once(
    course: None, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.LABS, "var_dir", tmp_path)
    call_command("demo_accounts")
    path = tmp_path / "accounts.json"
    first = path.read_text()
    call_command("demo_accounts")
    assert path.read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for account in json.loads(first):
        assert User.objects.get(username=account["username"]).check_password(account["password"])
    assert User.objects.get(username="admin").is_superuser
