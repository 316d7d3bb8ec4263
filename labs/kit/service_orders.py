"""What a grader may ask of S's services and ports over ``student.sock``: one JSON object a line, answered by one."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from . import strict
from .ports import Ports
from .services import BadDeclaration, Service, Supervisor

MAX_ORDER = 256 << 10
LOG_BYTES = 64 << 10


class ServiceOrders:
    """The supervisor on an event loop of its own: the rest of the role waits on sockets."""

    def __init__(self) -> None:
        self._supervisor = Supervisor()
        self._ports = Ports(lambda _chunk, _first: None)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def obey(self, line: bytes) -> dict[str, Any]:
        """The answer to one order; ``error`` says why there is none."""
        try:
            order = strict.loads(line, MAX_ORDER)
            return asyncio.run_coroutine_threadsafe(self._do(order), self._loop).result()
        except (strict.BadJSON, BadDeclaration, KeyError, TypeError, ValueError) as error:
            return {"error": f"{type(error).__name__}: {error}"}

    async def _do(self, order: dict[str, Any]) -> dict[str, Any]:
        seconds = float(order["seconds"])
        if order["op"] == "declare":
            self._supervisor.declare(order["services"])
            await self._supervisor.started(seconds)
            return {"services": self._supervisor.describe()}
        if order["op"] == "port":
            return {"port": await self._ports.open(order["port"])}
        service = self._supervisor.services[order["id"]]
        await self._act(service, order["op"], order.get("states", []), seconds)
        answer = {"service": service.describe()}
        return {**answer, "log": service.log.tail(LOG_BYTES)} if order["op"] == "log" else answer

    async def _act(self, service: Service, op: str, states: list[str], seconds: float) -> None:
        if op == "stop":
            await service.stop()
        elif op in ("start", "restart"):
            if op == "restart":
                await service.stop()
            service.start()
            await self._supervisor.until(lambda: service.settled, seconds)
        elif op == "wait":
            await self._supervisor.until(lambda: service.state in states, seconds)
