"""A real Redis of its own, storage in a temporary folder, and a small course synced from files."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client, override_settings
from kombu import pools
from pydantic import SecretStr

from labs.catalog import load
from portal.core import queue
from portal.courses import glossary, structure
from portal.courses.models import Enrollment, Lab
from portal.courses.sync import sync
from portal.labsessions.models import Workspace
from portal.quizzes import results
from tests.portal.factories import EnrollmentFactory, WorkspaceFactory, write_course
from tests.redis_server import RedisServer, redis_server
from workers import broker
from workers.config import settings as labs_settings
from workers.storage import storage

__all__ = ["redis_server"]
DEAD_REDIS = "redis://127.0.0.1:1/0"


def _use_redis(url: str) -> None:
    """Point every Redis client of this process at ``url``: the portal's, the workers' and Celery's."""
    from portal.celery import app

    for each in (settings.LABS, labs_settings()):
        each.redis_url = url
    queue.client.cache_clear()
    broker.redis_client.cache_clear()
    app.conf.broker_url = app.conf.broker_read_url = app.conf.broker_write_url = url
    pools.reset()
    app._pool = None
    app.amqp._producer_pool = None


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hashing passwords slowly, as the portal does, would take most of the tests' time."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def _own_services(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees what another left in Redis or storage."""
    for each in (settings.LABS, labs_settings()):
        each.storage_url = f"file://{tmp_path_factory.mktemp('storage')}"
        each.gateway_key = SecretStr("k" * 40)
    storage.cache_clear()
    cache.clear()
    for kept in (structure, glossary, results):
        kept.forget()
    _use_redis(redis_server.url)
    queue.client().flushall()
    yield
    storage.cache_clear()


@pytest.fixture
def redis_down(_own_services: None, redis_server: RedisServer) -> Iterator[Callable[[], None]]:
    """Redis is away; call the fixture's value to bring it back."""
    _use_redis(DEAD_REDIS)
    yield lambda: _use_redis(redis_server.url)
    _use_redis(redis_server.url)


@pytest.fixture
def queued() -> Callable[[str], list[dict[str, Any]]]:
    """The messages in one Celery queue: task name and arguments."""

    def read(name: str) -> list[dict[str, Any]]:
        messages = [json.loads(raw) for raw in reversed(queue.client().lrange(name, 0, -1))]
        return [{"task": m["headers"]["task"], "args": json.loads(base64.b64decode(m["body"]))[0]} for m in messages]

    return read


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a small course."""
    root = write_course(tmp_path / "labs")
    monkeypatch.setattr(settings.LABS, "content_dir", root)
    return root


@pytest.fixture
def course(db: None, content: Path) -> None:
    """The small course, in the database."""
    catalog = load(content)
    assert not catalog.problems, catalog.problems
    sync(catalog)


@pytest.fixture
def lab(course: None) -> Lab:
    return Lab.objects.select_related("environment", "module__course").get(slug="suma")


@pytest.fixture
def student(course: None) -> Enrollment:
    return EnrollmentFactory()


@pytest.fixture
def workspace(student: Enrollment, lab: Lab) -> Workspace:
    return WorkspaceFactory(enrollment=student, lab=lab)


@pytest.fixture
def signed_in(client: Client, student: Enrollment) -> Client:
    """A browser in which the student is signed in."""
    client.force_login(student.user, backend="portal.accounts.sessions.PortalBackend")
    return client
