"""An invitation lets its holders join, as often as it says and no longer than it says."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.courses.models import Enrollment, Invite
from portal.courses.services import join
from tests.portal.factories import InviteFactory, UserFactory, soon


@pytest.fixture
def invite(course: None) -> Invite:
    return InviteFactory(max_uses=2)


def path(invite: Invite) -> str:
    return f"/invitacion/{invite.token}/"


def test_a_signed_in_person_joins(client: Client, invite: Invite) -> None:
    user = UserFactory()
    client.force_login(user, backend="portal.accounts.sessions.PortalBackend")
    assert client.get(path(invite)).context["state"] == "open"
    assert client.post(path(invite)).headers["Location"] == "/curso/ml/"
    assert Enrollment.objects.get(user=user).role == "student"
    assert client.get(path(invite)).headers["Location"] == "/curso/ml/"


def test_a_new_person_makes_an_account_and_joins(client: Client, invite: Invite) -> None:
    form = {"username": "ana", "password1": "una-clave-larga", "password2": "una-clave-larga"}
    assert client.post(path(invite), form, follow=True).redirect_chain == [("/curso/ml/", 302)]
    assert Enrollment.objects.get().user.username == "ana"


def test_a_weak_password_makes_nothing(client: Client, invite: Invite) -> None:
    page = client.post(path(invite), {"username": "ana", "password1": "1234", "password2": "1234"})
    assert page.context["form"].errors
    assert not User.objects.exists()


def test_the_last_place_goes_to_one(invite: Invite) -> None:
    outcomes = [join(Invite.objects.get(), UserFactory()) for _person in range(3)]
    assert outcomes == [True, True, False]
    assert Enrollment.objects.count() == 2


def test_the_account_is_not_made_when_no_place_is_left(client: Client, invite: Invite) -> None:
    Invite.objects.update(uses=2)
    form = {"username": "ana", "password1": "una-clave-larga", "password2": "una-clave-larga"}
    assert client.post(path(invite), form).context["state"] == "used"
    assert not User.objects.exists()


def test_an_expired_one_lets_nobody_in(client: Client, invite: Invite) -> None:
    Invite.objects.update(expires_at=soon(minutes=-1))
    client.force_login(UserFactory(), backend="portal.accounts.sessions.PortalBackend")
    assert client.post(path(invite)).context["state"] == "expired"
    assert not Enrollment.objects.exists()
