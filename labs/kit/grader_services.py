"""Has S start the lab's services before the checks, and says whose fault it is when one isn't up."""

from __future__ import annotations

import time
from typing import Any

from .failed import Failed
from .lab_service import not_there, read_service
from .peer import Peer, PeerError
from .services import START_SECONDS


class ServicesLate(BaseException):
    """The services were not up in time: the platform's fault. Not an Exception: no error of the author's."""


def bring_up(peer: Peer, services: list[dict[str, Any]]) -> Failed | None:
    """Start them where the student's files are, besides the lab's own time; what to tell when one has failed.

    The commands are the author's and run with the solution there: one that fails, fails by the student's files.
    Raises ServicesLate.
    """
    if not services:
        return None
    began = time.monotonic()
    peer.allow(START_SECONDS)
    try:
        answer = peer.order({"op": "declare", "services": services}, START_SECONDS)
    except PeerError as error:
        raise ServicesLate(f"{type(error).__name__}: {error}") from None
    peer.allow(time.monotonic() - began - START_SECONDS)
    items = answer.get("services")
    told = {one["id"]: one for item in (items if isinstance(items, list) else ()) if (one := read_service(item))}
    for service in services:
        state = told[service["id"]]["state"] if service["id"] in told else "missing"
        if state == "failed":
            return not_there(told[service["id"]], ("ready",))
        if service["start"] == "session" and state != "ready":
            raise ServicesLate(f"service {service['id']} is {state}")
    return None
