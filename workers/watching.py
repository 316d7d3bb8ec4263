"""What helpers' tickets open: looking on at a student's session without touching it, and typing in it for a while."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from workers.tickets import Ticket

# Paths as they are sent, with nothing encoded but what a file name needs: what isn't plainly one of these is refused.
_NAME = r"[A-Za-z0-9_.~%-]+"
_ONE = "[A-Za-z0-9_-]+"
_READABLE = re.compile(rf"/lab/(health|runs|tree|files|services|activity|preview)(/{_NAME})*|/api/terminals(/{_ONE})?")
_TERMINAL = re.compile(rf"/terminals/websocket/{_ONE}")
_HIDDEN = re.compile(r"(^|/)\.{1,2}(/|$)|%(2f|5c|2e|25|00)", re.IGNORECASE)


def may_watch(method: str, raw_path: str, *, upgrade: bool) -> bool:
    """Whether a request is one that only looks. A terminal's WebSocket is, as long as it is passed one way."""
    path = raw_path.partition("?")[0]
    if method != "GET" or _HIDDEN.search(path):
        return False
    return bool((_TERMINAL if upgrade else _READABLE).fullmatch(path))


@dataclass(frozen=True)
class Terms:
    """What binds an exchange of a helper's: ``left`` gives the seconds it may still last, asked again when they end."""

    left: Callable[[], float]
    one_way: bool


class Leases:
    """When each grant ends: with the newest of its tickets that was shown here.

    So whoever goes on showing fresh ones keeps what earlier ones opened, and once the portal issues no more (the
    student ended it), all of it closes when the last one expires.
    """

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}

    def terms(self, ticket: Ticket) -> Terms | None:
        """For an exchange that this valid ticket opens; None for a student's own, which no clock ends."""
        one_way = ticket.scope == "read"
        if not ticket.grant:
            return Terms(lambda: max(0.0, ticket.expires - time.time()), one_way) if one_way else None
        now = time.time()
        key = f"{ticket.session} {ticket.grant}"
        ends = max(ticket.expires, self._ends.get(key, 0.0))
        self._ends = {other: end for other, end in self._ends.items() if end > now} | {key: ends}
        return Terms(lambda: max(0.0, self._ends.get(key, 0.0) - time.time()), one_way)
