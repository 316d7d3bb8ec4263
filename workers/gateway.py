"""The only way from a browser into a sandbox: ``<ui>--<session>.<domain>`` leads to that session's socket, no further.

``python -m workers.gateway`` serves it. It knows no database, no engine and no address but the sockets below its own
run directory; a hostname either names one of those or gets a 404. A ticket of the portal's decides who may pass.
"""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import aiohttp
from aiohttp import hdrs, web
from yarl import URL

from workers import proxy, tickets, watching
from workers.config import ROOT, LabsSettings, settings
from workers.gateway_pages import error_page, error_response, waiting_page
from workers.sockets import NotASocket, pinned, read_note

log = logging.getLogger(__name__)

COOKIE = "__Host-lab"
COOKIE_SECONDS = 12 * 3600  # past any session; the route's end is what ends access
OWN_COOKIES = frozenset({COOKIE, *(prefix + name for prefix in ("", "__Host-") for name in ("sessionid", "csrftoken"))})
TICKET_PROTOCOL = "ticket."
FRAME_FILES = ROOT / "static" / "build"
_FRAME_FILE = re.compile(r"frame[a-z0-9.-]*\.(html|js|css|map)")
_FRAME_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "map": "application/json"}
_ID = re.compile(r"[a-z0-9]{26}")
_SAFE = {"GET", "HEAD", "OPTIONS"}
_CORS_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_CORS_HEADERS = "Authorization, Content-Type, Last-Event-ID, X-Requested-With"


@dataclass(frozen=True)
class Target:
    """What a hostname means."""

    ui: str
    session: str

    @property
    def socket(self) -> str:
        return "jupyter.sock" if self.ui == "jupyter" else f"ui-{self.ui.removeprefix('port-')}.sock"


class Refused(Exception):
    """Ends a request with an error the browser's program (JSON) or reader (HTML) gets."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Gateway:
    def __init__(self, config: LabsSettings, frame_files: Path = FRAME_FILES) -> None:
        self.config = config
        self.frame_files = frame_files
        self.leases = watching.Leases()
        self.origins = frozenset(o.strip().rstrip("/") for o in config.portal_origins.split(",") if o.strip())
        # fullmatch, lower case only: whatever isn't exactly one of our names has no meaning here.
        self._host = re.compile(
            rf"(?P<ui>jupyter|frame|port-[1-9][0-9]{{0,4}})--(?P<session>[a-z0-9]{{26}})\.{re.escape(config.domain)}(:[0-9]{{1,5}})?"
        )

    def app(self) -> web.Application:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", self.handle)
        return app

    @cached_property
    def _embedders(self) -> str:
        return " ".join(sorted(self.origins))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        try:
            response = await self._answer(request, origin)
        except Refused as refused:
            response = self._refusal(request, refused)
        if not response.prepared:
            response.headers.update(self._shared_headers(origin))
        return response

    async def _answer(self, request: web.Request, origin: str | None) -> web.StreamResponse:
        target = self.target(request.headers.get("Host", ""))
        if target is None:
            if request.path == "/health":
                return web.json_response({"ok": True})
            raise Refused(404, "no_such_host", "there is no page at this name")
        if target.ui == "frame":
            return self._frame(request)
        if request.method == "OPTIONS" and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
            return self._preflight(origin)
        self._check_origin(request, origin)
        if request.method == "GET" and "ticket" in request.query and not self._is_upgrade(request):
            return self._accept_ticket(request, target)
        ticket = self._authenticate(request, target)
        if ticket.scope == "read":
            self._only_watching(request, target)
        return await self._forward(request, target, origin, self.leases.terms(ticket))

    def target(self, host: str) -> Target | None:
        match = self._host.fullmatch(host)
        return Target(match["ui"], match["session"]) if match else None

    @staticmethod
    def _is_upgrade(request: web.Request) -> bool:
        return request.headers.get("Upgrade", "").lower() == "websocket"

    def _own_origin(self, request: web.Request) -> str:
        return f"{self.config.gateway_scheme}://{request.headers.get('Host', '')}"

    # who may ask

    def _check_origin(self, request: web.Request, origin: str | None) -> None:
        """A browser says where a request comes from on every WebSocket and every change; other sites get nothing."""
        allowed = origin in self.origins or origin == self._own_origin(request)
        needs_one = self._is_upgrade(request) or (request.method not in _SAFE and COOKIE in request.cookies)
        if (origin is not None and not allowed) or (origin is None and needs_one and not self._bearer(request)):
            raise Refused(403, "bad_origin", "requests from this site are not accepted")

    @staticmethod
    def _bearer(request: web.Request) -> str | None:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        return value.strip() if scheme.lower() == "bearer" and value.strip() else None

    @staticmethod
    def _ticket_protocol(request: web.Request) -> str | None:
        offered = (p.strip() for p in request.headers.get("Sec-WebSocket-Protocol", "").split(","))
        return next((p for p in offered if p.startswith(TICKET_PROTOCOL)), None)

    def _authenticate(self, request: web.Request, target: Target) -> tickets.Ticket:
        """By header, by cookie, and for WebSockets (which can send neither across sites) by protocol or query."""
        upgrade = self._is_upgrade(request)
        protocol = self._ticket_protocol(request) if upgrade else None
        ticket = self._bearer(request) or (protocol or "").removeprefix(TICKET_PROTOCOL)
        ticket = ticket or (request.query.get("ticket", "") if upgrade else "")
        try:
            if ticket:
                return tickets.verify(ticket, target.session, target.ui)
            if cookie := request.cookies.get(COOKIE):
                return tickets.verify(cookie, target.session, target.ui, kind="cookie")
        except tickets.TicketError as error:
            raise Refused(403 if error.code == "wrong_session" else 401, error.code, str(error)) from error
        raise Refused(401, "no_ticket", "open this page from the lab in the portal")

    def _only_watching(self, request: web.Request, target: Target) -> None:
        upgrade = self._is_upgrade(request)
        if target.ui != "jupyter" or not watching.may_watch(request.method, request.raw_path, upgrade=upgrade):
            raise Refused(403, "read_only", "this ticket is for looking only")

    def _accept_ticket(self, request: web.Request, target: Target) -> web.Response:
        """Trade the ticket of a link for a cookie of this hostname alone, and take it out of the address bar."""
        try:
            ticket = tickets.verify(request.query["ticket"], target.session, target.ui)
        except tickets.TicketError as error:
            raise Refused(403 if error.code == "wrong_session" else 401, error.code, str(error)) from error
        if ticket.scope == "read" or ticket.grant:  # a cookie would outlive it by hours
            raise Refused(403, "no_pages", "this ticket opens no pages of the lab's tools")
        query = [(k, v) for k, v in request.query.items() if k != "ticket"]
        # Built from the path alone and with a single leading slash: never another site's address.
        location = URL.build(path="/" + request.path.lstrip("/"), query=query)
        response = web.Response(status=303, headers={"Location": str(location), "Cache-Control": "no-store"})
        cookie = tickets.issue(target.session, ticket.user, target.ui, COOKIE_SECONDS, kind="cookie")
        response.headers.add(
            "Set-Cookie",
            f"{COOKIE}={cookie}; Path=/; Max-Age={COOKIE_SECONDS}; Secure; HttpOnly; SameSite=None; Partitioned",
        )
        return response

    # what they get

    async def _forward(
        self, request: web.Request, target: Target, origin: str | None, terms: watching.Terms | None
    ) -> web.StreamResponse:
        """Pass it on, on a helper's ``terms`` if it is a helper's."""
        sandbox = self.sandbox_of(target.session)
        if sandbox is None:
            raise Refused(404, "no_session", "this lab session has ended")
        if not request.raw_path.startswith("/"):
            raise Refused(400, "bad_path", "this address is not well formed")
        inner = URL(proxy.UPSTREAM + request.raw_path, encoded=True)  # byte for byte what the browser asked for
        if "ticket" in request.query:
            inner = inner.without_query_params("ticket")
        try:
            with pinned(self.config.run_dir / sandbox / "lab", target.socket) as path:
                if self._is_upgrade(request):
                    return await self._forward_websocket(request, path, inner, terms)
                return await proxy.http(request, path, inner, OWN_COOKIES, self._page_headers(origin), terms)
        except (NotASocket, proxy.NotListening, aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError) as error:
            raise Refused(503, "not_up", "nothing answers there yet") from error
        except aiohttp.WSServerHandshakeError as error:
            raise Refused(502, "no_websocket", f"the page refused the connection ({error.status})") from error
        except aiohttp.ClientError as error:
            log.info("%s of session %s answered badly: %s", target.ui, target.session, error)
            raise Refused(502, "bad_answer", "the page in the sandbox answered badly") from error

    async def _forward_websocket(
        self, request: web.Request, path: str, inner: URL, terms: watching.Terms | None
    ) -> web.StreamResponse:
        offered = [p.strip() for p in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if p.strip()]
        protocols = [p for p in offered if not p.startswith(TICKET_PROTOCOL)]
        fallback = self._ticket_protocol(request)
        return await proxy.websocket(request, path, inner, OWN_COOKIES, protocols, fallback, terms)

    def sandbox_of(self, session: str) -> str | None:
        """The sandbox a session runs in, as the worker wrote it."""
        sandbox = (read_note(self.config.run_dir / "routes", session) or "").strip()
        return sandbox if _ID.fullmatch(sandbox) else None

    def _preflight(self, origin: str | None) -> web.Response:
        if origin not in self.origins:
            raise Refused(403, "bad_origin", "requests from this site are not accepted")
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": _CORS_METHODS,
                "Access-Control-Allow-Headers": _CORS_HEADERS,
                "Access-Control-Max-Age": "600",
            },
        )

    def _frame(self, request: web.Request) -> web.Response:
        """The page that draws rich results: ours, the same for all, without data; its policy keeps it powerless."""
        name = "frame.html" if request.path == "/" else request.path.removeprefix("/")
        file = self.frame_files / name
        if request.method not in ("GET", "HEAD") or not _FRAME_FILE.fullmatch(name) or not file.is_file():
            raise Refused(404, "no_such_page", "there is no page at this name")
        own = self._own_origin(request)
        headers = {
            # 'self' means nothing in a sandboxed page (its origin is opaque): the address is spelt out.
            "Content-Security-Policy": f"sandbox allow-scripts; default-src 'none'; script-src {own}; "
            f"style-src 'unsafe-inline' {own}; img-src data: blob:; font-src data:; "
            f"base-uri 'none'; form-action 'none'; frame-ancestors {self._embedders}",
            "Cache-Control": "no-cache" if name.endswith(".html") else "public, max-age=3600",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Access-Control-Allow-Origin": "*",
        }
        kind = _FRAME_TYPES[name.rsplit(".", 1)[1]]
        return web.Response(body=file.read_bytes(), headers=headers, content_type=kind, charset="utf-8")

    def _shared_headers(self, origin: str | None) -> dict[str, str]:
        # Not "no-referrer": a browser then hides the origin of a page's own forms, which look like another site's.
        headers = {"Vary": "Origin", "Referrer-Policy": "same-origin"}
        if origin in self.origins and origin:
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = "Content-Type"
        return headers

    def _page_headers(self, origin: str | None) -> dict[str, str]:
        """A lab's page may be framed by the portal and by itself, and by no other site or session."""
        return {**self._shared_headers(origin), "Content-Security-Policy": f"frame-ancestors 'self' {self._embedders}"}

    def _refusal(self, request: web.Request, refused: Refused) -> web.Response:
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            if refused.code == "not_up":
                return waiting_page(self._embedders)
            return error_page(refused.status, refused.code, self._embedders)
        return error_response(refused.status, refused.code, refused.message)


async def serve(config: LabsSettings) -> None:
    """Serve until SIGTERM or SIGINT."""
    tickets.issue("check", "check", "check")  # a missing key is told now, not at the first request
    gateway = Gateway(config)
    # Cancelling handlers: a browser that left must not keep its stream into the sandbox open.
    runner = web.AppRunner(gateway.app(), handler_cancellation=True, access_log=None, shutdown_timeout=3)
    await runner.setup()
    site = web.TCPSite(runner, config.gateway_host, config.gateway_port)
    await site.start()
    log.info("gateway on %s:%s since %s", config.gateway_host, config.gateway_port, time.strftime("%H:%M:%S"))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(serve(settings()))
