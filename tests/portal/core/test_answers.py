"""What every answer carries, and errors in the reader's language."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import Client

from portal.courses.models import Enrollment


@pytest.mark.django_db
def test_pages_carry_a_strict_policy(client: Client) -> None:
    headers = client.get("/entrar/").headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-src"] == "http://*.localhost:8001"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize(("language", "words"), [("es", "Aquí no hay nada"), ("en", "There is nothing here")])
def test_errors_speak_the_readers_language(signed_in: Client, student: Enrollment, language: str, words: str) -> None:
    student.user.language = language
    student.user.save()
    answer = signed_in.get("/entregas/1/")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
    assert words in answer.json()["error"]["message"]
    page = signed_in.get("/curso/otro/")
    assert page.status_code == 404
    assert page.context["title"] == words


@pytest.mark.django_db
def test_scripts_hear_that_the_session_ended(client: Client) -> None:
    answer = client.get("/entregas/1/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "sign_in")


@pytest.mark.parametrize("path", ["/lab/suma/entregas/", "/curso/ml/"])
def test_a_database_away_is_said_so(signed_in: Client, path: str) -> None:
    def away(*_query: object) -> None:
        raise OperationalError("the server closed the connection")

    signed_in.raise_request_exception = False
    with connection.execute_wrapper(away):
        answer = signed_in.get(path)
    assert answer.status_code == 503
    if path.startswith("/lab/"):
        assert answer.json()["error"]["code"] == "database"
    else:
        assert "Algo falló de nuestro lado" in answer.content.decode()


def test_posts_without_a_token_are_refused(student: Enrollment) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(student.user, backend="portal.accounts.sessions.PortalBackend")
    answer = client.post("/lab/suma/entregas/", headers={"Idempotency-Key": "aaaaaaaa"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert client.post("/salir/").status_code == 403
