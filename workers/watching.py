"""What a ticket of scope ``read`` opens: looking on at a student's session without touching it."""

from __future__ import annotations

import re
import time

from workers.tickets import Ticket

# Paths as they are sent, with nothing encoded but what a file name needs: what isn't plainly one of these is refused.
_NAME = r"[A-Za-z0-9_.~%-]+"
_READABLE = re.compile(rf"/lab/(health|runs|tree|files|services|activity|preview)(/{_NAME})*|/api/terminals")
_TERMINAL = re.compile(r"/terminals/websocket/[A-Za-z0-9_-]+")
_HIDDEN = re.compile(r"(^|/)\.{1,2}(/|$)|%(2f|5c|2e|25|00)", re.IGNORECASE)


def may_watch(method: str, raw_path: str, *, upgrade: bool) -> bool:
    """Whether a request is one that only looks. A terminal's WebSocket is, as long as it is passed one way."""
    path = raw_path.partition("?")[0]
    if method != "GET" or _HIDDEN.search(path):
        return False
    return bool((_TERMINAL if upgrade else _READABLE).fullmatch(path))


def seconds_left(ticket: Ticket) -> float | None:
    """How long what a ticket opened may last; None: until either side ends it."""
    return max(0.0, ticket.expires - time.time()) if ticket.scope == "read" else None
