"""Short-lived signed permission to reach one page (``ui``) of one session; the portal issues, the gateway verifies.

Scope ``write`` is its student's, or a helper's whom the student lets type. Scope ``read`` is for who looks on. What a
helper's ticket opens, it names a ``grant``, ends when the portal stops renewing that grant (see workers.watching).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from itsdangerous import BadSignature, URLSafeSerializer

from workers.config import settings

Kind = Literal["ticket", "cookie"]
Scope = Literal["write", "read"]
MIN_KEY = 32


class TicketError(Exception):
    """Not a ticket of ours, not for this session or page, or too old. ``code`` is for programs."""

    def __init__(self, code: Literal["bad_ticket", "expired", "wrong_session"], message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Ticket:
    session: str
    user: str
    ui: str
    expires: float
    scope: Scope = "write"
    grant: str = ""


def _signer(kind: Kind) -> URLSafeSerializer:
    key = settings().gateway_key.get_secret_value()
    if len(key) < MIN_KEY:
        raise RuntimeError(f"LABS_GATEWAY_KEY must have at least {MIN_KEY} characters")
    # A salt for each kind: what is good as a cookie can't be passed on as a link, nor the other way round.
    return URLSafeSerializer(key, salt=f"labs.gateway.{kind}")


def issue(
    session: str,
    user: str,
    ui: str,
    seconds: float = 300,
    kind: Kind = "ticket",
    scope: Scope = "write",
    grant: str = "",
) -> str:
    """A ticket for page ``ui`` (``jupyter`` or ``port-<n>``) of that session."""
    data = {"s": session, "u": str(user), "i": ui, "x": int(time.time() + seconds), "o": scope, "g": grant}
    return str(_signer(kind).dumps(data))


def verify(ticket: str, session: str, ui: str, kind: Kind = "ticket") -> Ticket:
    """What the ticket says. Raises TicketError when it isn't good for this session and page now."""
    try:
        data = _signer(kind).loads(ticket)
        found = Ticket(data["s"], data["u"], data["i"], float(data["x"]), data["o"], data["g"])
    except (BadSignature, KeyError, TypeError, ValueError) as error:
        raise TicketError("bad_ticket", "this is no ticket of this portal") from error
    if (found.session, found.ui) != (session, ui):
        raise TicketError("wrong_session", "this ticket is for another session or page")
    if found.expires < time.time():
        raise TicketError("expired", "this ticket has expired")
    return found
