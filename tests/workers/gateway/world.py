"""A gateway on a real port before a real program on a unix socket, as in a sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import BodyPartReader, WSMsgType, web

from workers import tickets
from workers.config import LabsSettings
from workers.gateway import Gateway

SESSION = "a" * 26
OTHER_SESSION = "b" * 26
SANDBOX = "s" * 26
PORTAL = "http://127.0.0.1:8000"
LEFT = web.AppKey("left", asyncio.Event)
SAID = web.AppKey("said", list[str])
SCREENS = web.AppKey("screens", set[web.WebSocketResponse])
KERNEL = "v1.kernel.websocket.jupyter.org"
PIECE = 1024 * 1024


class Pace:
    """How far a body has come, and how many pieces of it may still go: lets a test walk in step with the program."""

    def __init__(self) -> None:
        self.bytes = 0
        self.pieces = asyncio.Semaphore(0)
        self._moved = asyncio.Condition()

    async def moved(self, count: int) -> None:
        async with self._moved:
            self.bytes += count
            self._moved.notify_all()

    async def reaches(self, count: int) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self.bytes >= count)


PACE = web.AppKey("pace", Pace)


async def echo(request: web.Request) -> web.Response:
    """Says what arrived."""
    body = await request.read()
    seen = {"method": request.method, "path": request.path_qs, "headers": dict(request.headers), "body": body.decode()}
    return web.json_response(seen, headers={"Access-Control-Allow-Origin": "*", "Content-Security-Policy": "x"})


async def big(request: web.Request) -> web.Response:
    total = 0
    async for chunk in request.content.iter_any():
        total += len(chunk)
    return web.Response(body=b"x" * total)


async def upload(request: web.Request) -> web.Response:
    """Takes a form with one file, and says what it got; a piece counts as soon as it is here."""
    part = await (await request.multipart()).next()
    assert isinstance(part, BodyPartReader)
    digest = hashlib.sha256()
    while chunk := await part.read_chunk(65536):
        digest.update(chunk)
        await request.app[PACE].moved(len(chunk))
    return web.json_response({"name": part.name, "filename": part.filename, "sha256": digest.hexdigest()})


async def deaf(request: web.Request) -> web.Response:
    """Reads nothing of what is sent, until the test allows a piece."""
    await request.app[PACE].pieces.acquire()
    return web.Response()


async def download(request: web.Request) -> web.StreamResponse:
    """As many pieces as ``count``, each once the test allows it, with no word on how many will come."""
    response = web.StreamResponse()
    await response.prepare(request)
    pace = request.app[PACE]
    for number in range(int(request.query["count"])):
        await pace.pieces.acquire()
        await response.write(bytes([number % 256]) * PIECE)
        await pace.moved(PIECE)
    return response


async def events(request: web.Request) -> web.StreamResponse:
    """Two events with a pause that a buffering proxy would swallow, then silence until the reader leaves."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    try:
        for number in (1, 2):
            await response.write(f"id: {number}\ndata: {{}}\n\n".encode())
            await asyncio.sleep(0.05)
        await asyncio.sleep(60)
    finally:
        request.app[LEFT].set()
    return response


async def cookies(request: web.Request) -> web.Response:
    response = web.Response()
    response.headers.add("Set-Cookie", "lab=1; Domain=localhost; Path=/")
    response.headers.add("Set-Cookie", "_xsrf=a|b:c; expires=Fri, 01 Jan 2100 00:00:00 GMT; Path=/; SameSite=Lax")
    response.headers.add("Set-Cookie", "__Host-lab=stolen; Path=/; Secure")
    response.headers.add("Set-Cookie", "sessionid=mine; Domain=localhost")
    response.headers.add("Set-Cookie", "=sessionid=nameless")
    return response


async def policies(request: web.Request) -> web.Response:
    """Forbids every frame and asks for reports, as Jupyter Server does, beside a policy of its own worth keeping."""
    response = web.Response()
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Content-Security-Policy"] = "frame-ancestors 'none'; report-uri /csp; sandbox allow-scripts"
    for name in ("Alt-Svc", "Report-To", "NEL", "Strict-Transport-Security", "Clear-Site-Data"):
        response.headers[name] = "x"
    return response


async def broken(request: web.Request) -> web.StreamResponse:
    """Promises more than it sends."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"half")
    assert request.transport is not None
    request.transport.close()
    return response


async def redirect(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": request.query["to"]})


async def websocket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=("lab.v1", KERNEL), max_msg_size=0)
    await socket.prepare(request)
    await socket.send_json({"origin": request.headers.get("Origin"), "query": request.query_string})
    async for message in socket:
        if message.data == "close":
            await socket.close(code=4000)
        elif message.type is WSMsgType.TEXT:
            await socket.send_str(message.data.upper())
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data[::-1])
    return socket


async def terminal(request: web.Request) -> web.WebSocketResponse:
    """Shows everyone who looks what anyone has typed."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    request.app[SCREENS].add(socket)
    await socket.send_json({"said": request.app[SAID]})
    async for message in socket:
        request.app[SAID].append(str(message.data))
        for screen in request.app[SCREENS]:
            await screen.send_json({"said": request.app[SAID]})
    request.app[SCREENS].discard(socket)
    return socket


def program() -> web.Application:
    app = web.Application()
    app[LEFT] = asyncio.Event()
    app[SAID], app[SCREENS], app[PACE] = [], set(), Pace()
    app.router.add_post("/big", big)
    app.router.add_post("/upload", upload)
    app.router.add_post("/deaf", deaf)
    app.router.add_get("/download", download)
    app.router.add_get("/events", events)
    app.router.add_get("/lab/runs/r1/events", events)
    app.router.add_get("/terminals/websocket/1", terminal)
    app.router.add_get("/cookies", cookies)
    app.router.add_get("/policies", policies)
    app.router.add_get("/broken", broken)
    app.router.add_get("/redirect", redirect)
    app.router.add_get("/ws", websocket)
    app.router.add_route("*", "/{path:.*}", echo)
    return app


@dataclass
class World:
    port: int
    run_dir: Path
    program: web.Application
    client: aiohttp.ClientSession

    def host(self, ui: str = "jupyter", session: str = SESSION) -> str:
        return f"{ui}--{session}.localhost:{self.port}"

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def headers(self, ui: str = "jupyter", session: str = SESSION, **more: str) -> dict[str, str]:
        """A program's request with a good ticket."""
        bearer = f"Bearer {tickets.issue(session, 'ana', ui)}"
        return {"Host": self.host(ui, session), "Authorization": bearer, **more}


@contextlib.asynccontextmanager
async def world(run_dir: Path, frame_files: Path | None = None) -> AsyncIterator[World]:
    lab = run_dir / SANDBOX / "lab"
    lab.mkdir(parents=True)
    (run_dir / "routes").mkdir()
    (run_dir / "routes" / SESSION).write_text(SANDBOX)
    upstream = program()
    inner = web.AppRunner(upstream, handler_cancellation=True)
    await inner.setup()
    await web.UnixSite(inner, str(lab / "jupyter.sock")).start()
    config = LabsSettings(run_dir=run_dir)
    outer = web.AppRunner(Gateway(config, frame_files or run_dir).app(), handler_cancellation=True, shutdown_timeout=1)
    await outer.setup()
    site = web.TCPSite(outer, "127.0.0.1", 0)
    await site.start()
    port = outer.addresses[0][1]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        try:
            yield World(port, run_dir, upstream, client)
        finally:
            await outer.cleanup()
            await inner.cleanup()
