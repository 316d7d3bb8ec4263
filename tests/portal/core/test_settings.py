"""Settings come from the environment; a wrong one is refused by its name."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.config import load


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_DEBUG", "maybe"),
        ("PORTAL_DATABASE_URL", "mysql://somewhere/portal"),
        ("PORTAL_LANGUAGE_CODE", "fr"),
        ("PORTAL_SECRET_KEY", "short"),
        ("PORTAL_GATEWAY_URL", "https://labs.example.org"),
        ("PORTAL_TIME_ZONE", "Mars/Olympus"),
        ("PORTAL_STREAMS_PER_USER", "0"),
    ],
)
def test_a_wrong_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        load()


def test_sqlite_waits_for_its_lock_and_takes_it_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_DATABASE_URL", "sqlite:////srv/portal.sqlite3")
    database = load().database()
    assert database["NAME"] == "/srv/portal.sqlite3"
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_postgres_is_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_DATABASE_URL", "postgresql://ana:s%40l@db.example:5433/portal?sslmode=require")
    database = load().database()
    wanted = {"USER": "ana", "PASSWORD": "s@l", "HOST": "db.example", "PORT": "5433", "NAME": "portal"}
    assert wanted.items() <= database.items()
    assert database["OPTIONS"]["sslmode"] == "require"
