"""What a ticket opens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from workers import tickets
from workers.config import settings

SESSION, OTHER = "a" * 26, "b" * 26


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LABS_GATEWAY_KEY", "k" * 40)
    settings.cache_clear()
    yield
    settings.cache_clear()


def code(ticket: str, session: str = SESSION, ui: str = "jupyter") -> str:
    with pytest.raises(tickets.TicketError) as caught:
        tickets.verify(ticket, session, ui)
    return caught.value.code


def test_it_names_who_came() -> None:
    assert tickets.verify(tickets.issue(SESSION, "7", "jupyter"), SESSION, "jupyter").user == "7"


def test_it_says_whether_its_holder_may_do_more_than_look() -> None:
    assert tickets.verify(tickets.issue(SESSION, "7", "jupyter"), SESSION, "jupyter").scope == "write"
    assert tickets.verify(tickets.issue(SESSION, "7", "jupyter", scope="read"), SESSION, "jupyter").scope == "read"


def test_it_is_for_one_session_and_one_page() -> None:
    ticket = tickets.issue(SESSION, "7", "jupyter")
    assert code(ticket, session=OTHER) == "wrong_session"
    assert code(ticket, ui="port-4040") == "wrong_session"


def test_it_ends() -> None:
    assert code(tickets.issue(SESSION, "7", "jupyter", seconds=-2)) == "expired"


def test_it_cannot_be_made_up_or_changed() -> None:
    ticket = tickets.issue(SESSION, "7", "jupyter")
    for bad in ("", "x", ticket[:-1], f"{ticket}x", ticket.replace(".", ".x"), "…", "a.b.c"):
        assert code(bad) == "bad_ticket"


def test_another_key_signs_nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = tickets.issue(SESSION, "7", "jupyter")
    monkeypatch.setenv("LABS_GATEWAY_KEY", "z" * 40)
    settings.cache_clear()
    assert code(ticket) == "bad_ticket"


def test_a_short_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABS_GATEWAY_KEY", "short")
    settings.cache_clear()
    with pytest.raises(RuntimeError, match="LABS_GATEWAY_KEY"):
        tickets.issue(SESSION, "7", "jupyter")
