"""Rows 24 and 25 of the list of attacks, against the portal: another's things by id, and requests of other sites."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from portal.accounts.models import User
from portal.courses.models import Enrollment
from portal.labsessions import services
from portal.labsessions.models import LabSession, Workspace
from portal.labsessions.services import session_changed
from tests.portal.conftest import (
    _own_services,
    _quick_passwords,
    content,
    course,
    lab,
    queued,
    redis_server,
    signed_in,
    student,
    workspace,
)
from tests.portal.factories import EnrollmentFactory, HostFactory, build_environment

__all__ = [
    "_own_services", "_quick_passwords", "content", "course", "lab", "queued", "redis_server", "signed_in", "student",
    "workspace",
]  # fmt: skip
BACKEND = "portal.accounts.sessions.PortalBackend"
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


def routes() -> Iterator[tuple[str, set[str]]]:
    """Every address of the portal that names a thing of someone's, and what it names."""

    def below(patterns: list[Any], before: str) -> Iterator[tuple[str, set[str]]]:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver) and pattern.app_name != "admin":
                yield from below(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern):
                yield route, set(pattern.pattern.converters)

    yield from below(get_resolver().url_patterns, "/")


@pytest.fixture
def session(workspace: Workspace, course: None) -> LabSession:
    """A running session of the student's."""
    build_environment()
    HostFactory(name="host0", slots=2)
    started, _created = services.start(workspace)
    session_changed({"session": started.key, "state": "ready", "host": "host0", "reason": ""})
    return started


@pytest.fixture
def submission(signed_in: Client, session: LabSession) -> int:
    answer = signed_in.post("/lab/suma/entregas/", headers={"Idempotency-Key": uuid.uuid4().hex})
    assert answer.status_code == 201, answer.content
    return int(answer.json()["id"])


def thieves(owner: Enrollment) -> list[User]:
    return [EnrollmentFactory(cohort=owner.cohort).user, EnrollmentFactory().user]


def test_row_24_a_session_or_submission_of_another_is_not_there(
    client: Client, student: Enrollment, session: LabSession, submission: int
) -> None:
    """Whatever address takes an id: for a classmate, and for a stranger, no method of it finds another's thing."""
    found = {"<slug:key>": session.key, "<int:pk>": str(submission)}
    addresses = []
    for route, names in routes():
        if names in ({"key"}, {"pk"}) and ("sesion/" in route or "entregas/" in route):
            for part, value in found.items():
                route = route.replace(part, value)
            addresses.append(route)
    assert len(addresses) >= 8, addresses
    for thief in thieves(student):
        client.force_login(thief, backend=BACKEND)
        for address in addresses:
            seen = {method: client.generic(method, address, "{}", "application/json").status_code for method in METHODS}
            assert 404 in seen.values(), (address, seen)
            assert set(seen.values()) <= {404, 405}, (address, seen)


def test_row_24_a_file_read_by_its_name_is_the_readers_own(
    client: Client, student: Enrollment, signed_in: Client
) -> None:
    body = {"text": "mi secreto", "base_version": 0}
    saved = signed_in.put("/lab/suma/archivos/notas.py", body, content_type="application/json")
    assert saved.status_code == 200, saved.content
    for thief in thieves(student):
        client.force_login(thief, backend=BACKEND)
        file = client.get("/lab/suma/archivos/notas.py")
        listed = client.get("/lab/suma/archivos/")
        assert file.status_code == 404
        assert b"notas" not in listed.content


def test_row_25_no_address_changes_anything_for_another_site(student: Enrollment, session: LabSession) -> None:
    """Signed in, with the cookies that a browser would send along, but without the token: refused before any view."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(student.user, backend=BACKEND)
    addresses = [
        f"/sesion/{session.key}/parar/",
        f"/sesion/{session.key}/ticket/",
        f"/sesion/{session.key}/ampliar/",
        "/lab/suma/sesion/",
        "/lab/suma/entregas/",
        "/lab/suma/archivos/",
    ]
    kinds = ("application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
    for address in addresses:
        for kind in kinds:
            answer = browser.generic("POST", address, "{}", kind, headers={"Origin": "https://evil.example"})
            assert answer.status_code == 403, (address, kind, answer.status_code)
    for method in ("PUT", "DELETE"):
        assert browser.generic(method, "/lab/suma/archivos/main.py", "{}", "application/json").status_code == 403
    session.refresh_from_db()
    assert session.state == LabSession.State.READY


def test_row_25_no_address_answers_who_is_not_signed_in(client: Client, session: LabSession, submission: int) -> None:
    client.logout()
    for address in (
        f"/sesion/{session.key}/",
        f"/sesion/{session.key}/eventos/",
        f"/entregas/{submission}/",
        f"/entregas/{submission}/archivos/",
        f"/entregas/{submission}/eventos/",
        "/lab/suma/archivos/main.py",
    ):
        answer = client.get(address)
        assert answer.status_code in (302, 401, 403), (address, answer.status_code)
        assert b"main.py" not in (b"" if answer.streaming else answer.content)
