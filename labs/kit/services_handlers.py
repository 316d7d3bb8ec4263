"""``/lab/services`` and ``/lab/ports``: what runs beside the student's own programs, and the ways to its pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from tornado.iostream import StreamClosedError

from . import strict
from .ports import BadPort, Ports, listening, servers
from .services import BadDeclaration, Service, Supervisor
from .session_handlers import Handler

MAX_BODY = 256 << 10


class ServiceHandler(Handler):
    """What these share."""

    supervisor: Supervisor
    ports: Ports

    def initialize(self, supervisor: Supervisor, ports: Ports) -> None:  # type: ignore[override]
        self.supervisor = supervisor
        self.ports = ports

    def body(self) -> dict[str, Any] | None:
        """The request's JSON object; None when it was refused."""
        try:
            found = strict.loads(self.request.body, MAX_BODY)
        except strict.BadJSON as error:
            self.fail(400, "bad_json", str(error))
            return None
        if not isinstance(found, dict):
            self.fail(400, "bad_json", "not an object")
            return None
        return found

    def list(self, items: list[dict[str, Any]]) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(items, ensure_ascii=False))

    def service(self, ident: str) -> Service | None:
        found = self.supervisor.services.get(ident)
        if found is None:
            self.fail(404, "missing", "no such service")
        return found

    async def stream(self, events: AsyncIterator[str | None]) -> None:
        """Server-sent events until the reader leaves; it comes back with the last id it saw."""
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("X-Accel-Buffering", "no")
        try:
            await self.flush()
            async for event in events:
                self.write(": quiet\n\n" if event is None else event)
                await self.flush()
        except StreamClosedError:
            return


class ServiceList(ServiceHandler):
    def get(self) -> None:
        self.list(self.supervisor.describe())

    async def put(self) -> None:
        """What the worker pushes: ``{"services": [...], "ports": [...]}``, the ports of the lab's own pages."""
        body = self.body()
        if body is None:
            return
        try:
            for port in body.get("ports", []):
                await self.ports.open(port)
            self.supervisor.declare(body.get("services"))
        except (BadDeclaration, BadPort) as error:
            self.fail(422, "bad_services", str(error))
            return
        self.set_status(204)


class ServiceEvents(ServiceHandler):
    async def get(self) -> None:
        """``data``: the list, now and at each change."""
        await self.stream(self._events())

    async def _events(self) -> AsyncIterator[str | None]:
        async for services in self.supervisor.follow():
            yield None if services is None else f"data: {json.dumps(services, ensure_ascii=False)}\n\n"


class ServiceLog(ServiceHandler):
    async def get(self, ident: str) -> None:
        """Events whose id is the offset after their text; ``?after=`` or Last-Event-ID resumes."""
        service = self.service(ident)
        after = self.request.headers.get("Last-Event-ID") or self.get_argument("after", "0")
        if service is None:
            return
        if not after.isdecimal() or len(after) > 15:
            self.fail(400, "bad_offset", "after is an offset in bytes")
            return
        await self.stream(self._events(service, int(after)))

    async def _events(self, service: Service, after: int) -> AsyncIterator[str | None]:
        async for part in service.log.follow(after):
            if part is None:
                yield None
            else:
                data = {"text": part.text, "lost": part.lost}
                yield f"id: {part.end}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


class ServiceAct(ServiceHandler):
    async def post(self, ident: str, act: str) -> None:
        """The service as it is now; a stop has ended it when the answer comes."""
        service = self.service(ident)
        if service is None:
            return
        if act == "start":
            service.start()
        elif act == "stop":
            await service.stop()
        else:
            await service.restart()
        self.finish(service.describe())


class PortList(ServiceHandler):
    async def get(self) -> None:
        self.list(await asyncio.to_thread(servers))

    async def post(self) -> None:
        body = self.body()
        if body is None:
            return
        try:
            port = await self.ports.open(body.get("port"))
        except BadPort as error:
            self.fail(422, "bad_port", str(error))
            return
        self.finish({"port": port, "listening": port in listening()})


def handlers(supervisor: Supervisor, ports: Ports) -> list[tuple[str, type[Handler], dict[str, Any]]]:
    """The routes."""
    known = {"supervisor": supervisor, "ports": ports}
    return [
        (r"/lab/services", ServiceList, known),
        (r"/lab/services/events", ServiceEvents, known),
        (r"/lab/services/([a-z0-9-]+)/log", ServiceLog, known),
        (r"/lab/services/([a-z0-9-]+)/(start|stop|restart)", ServiceAct, known),
        (r"/lab/ports", PortList, known),
    ]
