"""Signing in tells nothing to who guesses, and goes nowhere else."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from tests.portal.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def sign_in(client: Client, name: str, password: str = PASSWORD, **more: str):
    return client.post("/entrar/", {"username": name, "password": password, **more})


def test_it_opens_a_fresh_session(client: Client) -> None:
    user = UserFactory()
    client.get("/entrar/")
    client.cookies["sessionid"] = "chosen-by-somebody-else"
    assert sign_in(client, user.username).status_code == 302
    assert client.cookies["sessionid"].value != "chosen-by-somebody-else"
    assert client.cookies["sessionid"]["httponly"]


def test_unknown_names_and_wrong_passwords_look_alike(client: Client) -> None:
    known = sign_in(client, UserFactory(username="ana").username, "wrong")
    unknown = sign_in(client, "ane", "wrong")
    assert known.status_code == unknown.status_code == 200
    assert known.context["form"].errors == unknown.context["form"].errors


@pytest.mark.parametrize("exists", [True, False])
def test_guessing_is_slowed_down_for_every_name(client: Client, exists: bool) -> None:
    if exists:
        UserFactory(username="ana")
    for _try in range(settings.AXES_FAILURE_LIMIT):
        answer = sign_in(client, "ana", "wrong")
    assert answer.status_code == 429
    assert answer.context["locked"]
    assert sign_in(client, "ana").status_code == 429


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_it_never_leads_elsewhere(client: Client, target: str) -> None:
    answer = sign_in(client, UserFactory().username, next=target)
    assert answer.headers["Location"] == "/"
    answer = client.post("/idioma/", {"language": "en", "next": target})
    assert answer.headers["Location"] == "/"


def test_it_leads_back_to_the_page_asked_for(client: Client) -> None:
    assert client.get("/lab/suma/").headers["Location"] == "/entrar/?next=/lab/suma/"
    assert sign_in(client, UserFactory().username, next="/lab/suma/").headers["Location"] == "/lab/suma/"


def test_the_language_is_remembered_in_the_account(client: Client) -> None:
    user = UserFactory()
    client.force_login(user, backend="portal.accounts.sessions.PortalBackend")
    client.post("/idioma/", {"language": "en", "next": "/"})
    user.refresh_from_db()
    assert user.language == "en"
    client.post("/idioma/", {"language": "xx", "next": "/"})
    user.refresh_from_db()
    assert user.language == "en"


def test_a_changed_password_ends_other_sessions(client: Client) -> None:
    user = UserFactory()
    other = Client()
    for browser in (client, other):
        sign_in(browser, user.username)
    form = {"old_password": PASSWORD, "new_password1": "otra-clave-larga", "new_password2": "otra-clave-larga"}
    assert client.post("/cuenta/contrasena/", form).headers["Location"] == "/cuenta/contrasena/hecho/"
    assert client.get("/cuenta/contrasena/hecho/").status_code == 200
    assert other.get("/cuenta/contrasena/").status_code == 302


def test_signing_out_needs_a_post(client: Client) -> None:
    client.force_login(UserFactory(), backend="portal.accounts.sessions.PortalBackend")
    assert client.get("/salir/").status_code == 405
    assert client.post("/salir/").status_code == 302
    assert client.get("/cuenta/contrasena/").status_code == 302
