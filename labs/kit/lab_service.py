"""A service of S as a check sees it: its state, and what can be done to it. What S says of it is data, as ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .failed import Failed

STATES = ("stopped", "starting", "ready", "failed", "restarting")
Order = Callable[[dict[str, Any], float], dict[str, Any]]
"""Sends one order to S, which may take it so many seconds."""
ANSWER_SECONDS = 10.0
SHOWN_LOG = 600


class LabService:
    """One of the services that the lab or its environment declares."""

    def __init__(self, ident: str, order: Order) -> None:
        self.id = ident
        self._order = order

    @property
    def state(self) -> str:
        """``stopped``, ``starting``, ``ready``, ``failed`` or ``restarting``, now."""
        return str(self._now()["state"])

    @property
    def restarts(self) -> int:
        """How often it was started again because it had ended by itself."""
        return int(self._now()["restarts"])

    @property
    def exit(self) -> int | None:
        """Its last exit status, negative for a signal; None while it has never ended."""
        found: int | None = self._now()["exit"]
        return found

    def log(self) -> str:
        """The last 64 KiB that it wrote."""
        return str(self._ask("log", ANSWER_SECONDS).get("log", ""))

    def start(self, timeout: float = 60) -> None:
        """Start it, unless it runs. Raises Failed when it doesn't get ready."""
        self._expect(self._told(self._ask("start", timeout)), ("ready",))

    def restart(self, timeout: float = 60) -> None:
        """Stop it and start it again. Raises Failed when it doesn't get ready."""
        self._expect(self._told(self._ask("restart", timeout)), ("ready",))

    def stop(self) -> None:
        """End all its processes; it stays stopped."""
        self._expect(self._told(self._ask("stop", ANSWER_SECONDS)), ("stopped",))

    def wait(self, *states: str, timeout: float = 60) -> None:
        """Until it is in one of these states (``ready`` when none is named). Raises Failed when it isn't by then."""
        wanted = states or ("ready",)
        if unknown := set(wanted) - set(STATES):
            raise ValueError(f"a service is never {', '.join(sorted(unknown))}")
        self._expect(self._told(self._ask("wait", timeout, states=list(wanted))), wanted)

    def _now(self) -> dict[str, Any]:
        return self._told(self._ask("state", ANSWER_SECONDS))

    def _ask(self, op: str, seconds: float, **more: Any) -> dict[str, Any]:
        return self._order({"op": op, "id": self.id, **more}, seconds)

    def _told(self, answer: dict[str, Any]) -> dict[str, Any]:
        told = read_service(answer.get("service"))
        if told is None or told["id"] != self.id:
            raise Failed(
                es=f"No hubo una respuesta válida sobre el servicio `{self.id}`.",
                en=f"There was no valid answer about the service `{self.id}`.",
            )
        return told

    def _expect(self, told: dict[str, Any], states: tuple[str, ...]) -> None:
        if told["state"] not in states:
            raise not_there(told, states)


def read_service(data: object) -> dict[str, Any] | None:
    """What S said of one service, None when it is not what S says of a service."""
    if not isinstance(data, dict):
        return None
    kinds = {"id": str, "state": str, "restarts": int, "exit": int | None}
    sound = all(name in data and isinstance(data[name], kind) for name, kind in kinds.items())
    return data if sound and data["state"] in STATES else None


def not_there(told: dict[str, Any], states: tuple[str, ...]) -> Failed:
    """For the student: which service, how it is, and the end of its log."""
    name, state, wanted = told["id"], told["state"], " / ".join(states)
    tail = str(told.get("tail", ""))[-SHOWN_LOG:]
    return Failed(
        es=f"El servicio `{name}` está en `{state}` y debía estar en `{wanted}`."
        + (f" Lo último que escribió:\n{tail}" if tail else ""),
        en=f"The service `{name}` is `{state}` and should be `{wanted}`."
        + (f" The last it wrote:\n{tail}" if tail else ""),
    )
