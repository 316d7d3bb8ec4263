"""compose.yaml keeps the architecture's table: who may see the Docker socket, the database and each secret."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKERS = {"sessions", "grading", "builds"}
DJANGO = {"migrate", "web", "portal-worker"}
OURS = WORKERS | DJANGO | {"gateway"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return found


def having(services: dict[str, Any], text: str, *keys: str) -> set[str]:
    """The services that mention ``text`` under one of ``keys``."""
    return {name for name, service in services.items() if any(text in str(service.get(key)) for key in keys)}


def test_only_workers_see_the_docker_socket(services: dict[str, Any]) -> None:
    assert having(services, "docker.sock", "volumes", "environment") == WORKERS


def test_only_django_sees_the_database(services: dict[str, Any]) -> None:
    assert having(services, "PORTAL_DATABASE_URL", "environment") == DJANGO
    assert having(services, "data", "networks") == DJANGO | {"db"}


def test_the_gateway_has_neither_queue_nor_storage(services: dict[str, Any]) -> None:
    assert services["gateway"]["networks"] == ["outside"]
    assert services["gateway"]["volumes"] == ["/run/labs:/run/labs:ro"]


def test_only_who_issues_or_verifies_tickets_has_their_key(services: dict[str, Any]) -> None:
    assert having(services, "LABS_GATEWAY_KEY", "environment") == DJANGO | {"gateway"}


def test_each_of_ours_is_locked_down_and_limited(services: dict[str, Any]) -> None:
    for name in OURS:
        assert services[name]["cap_drop"] == ["ALL"], name
        assert services[name]["read_only"] is True, name
        assert "no-new-privileges:true" in services[name]["security_opt"], name
        assert "mem_limit" in services[name] or name == "migrate", name


def test_what_serves_is_watched(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"migrate"}


def test_nothing_listens_beyond_loopback(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_labs_with_a_gpu_are_served_when_the_host_lends_one(services: dict[str, Any]) -> None:
    for kind in ("sessions", "grading"):
        queues = services[kind]["command"][services[kind]["command"].index("-Q") + 1]
        assert queues.startswith(kind)
        assert queues.endswith(f"${{LABS_GPUS:+,{kind}.gpu}}")
    assert having(services, "LABS_GPUS", "environment") == OURS


def test_every_secret_it_asks_for_is_in_the_example(services: dict[str, Any]) -> None:
    asked = set(re.findall(r"\$\{([A-Z_0-9]+)", (ROOT / "compose.yaml").read_text()))
    example = (ROOT / "portal" / "example.env").read_text()
    assert asked == set(re.findall(r"^#? ?([A-Z_0-9]+)=", example, re.MULTILINE))


def test_compose_itself_accepts_it(tmp_path: Path) -> None:
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("no compose plugin here")
    asked = re.findall(r"\$\{([A-Z_0-9]+):\?", (ROOT / "compose.yaml").read_text())
    setting = {**os.environ, **dict.fromkeys(asked, "x")}
    checked = subprocess.run(
        ["docker", "compose", "config", "--quiet"], cwd=ROOT, env=setting, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
