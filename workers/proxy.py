"""Carries one HTTP exchange or one WebSocket between a browser and a sandbox's socket.

Decides nothing about who may: that is gateway.py's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    UnixConnector,
    WSMsgType,
    web,
)
from multidict import CIMultiDict
from yarl import URL

from workers.watching import Terms

UPSTREAM = "http://localhost"  # Jupyter Server answers only a local Host header
CONNECT = ClientTimeout(total=None, sock_connect=5)
MAX_MESSAGE = 64 * 1024 * 1024
_LOCAL = {"localhost", "127.0.0.1", "::1", "0.0.0.0"}  # noqa: S104 -- names compared with, nothing is bound
_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
}  # fmt: skip
# The gateway's own words in place of these: who may embed or read a page, what a browser keeps of this hostname, and
# which other addresses it reports to or goes to isn't the sandbox's to say.
_OURS = {
    "x-frame-options", "referrer-policy", "strict-transport-security", "clear-site-data", "server", "date",
    "alt-svc", "nel", "report-to", "reporting-endpoints", "content-security-policy-report-only",
    "access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods",
    "access-control-allow-headers", "access-control-expose-headers", "access-control-max-age",
}  # fmt: skip
# Of a page's own policy all is kept but who may embed it and where breaches are reported.
_NOT_THEIR_POLICY = {"frame-ancestors", "report-uri", "report-to"}
# A lab's page stands in a frame of the portal's, which is another site: other cookies are neither kept nor sent there.
_IN_A_FRAME = "; Secure; SameSite=None; Partitioned"
_COOKIE_OURS = {"domain", "secure", "samesite", "partitioned"}
_NOT_FORWARDED = _HOP | {"host", "authorization", "origin", "referer", "cookie", "expect", "forwarded"}
_WS_OWN = {"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol"}


class NotListening(Exception):
    """The sandbox's bridge found nothing behind that port."""


async def _short_refusal(upstream: ClientResponse) -> bytes:
    """The body of a short 503, read to tell the bridge's own (labs/kit/bridge.py) from a student's program's."""
    if upstream.status != 503 or not 0 < (upstream.content_length or 0) < 200:
        return b""
    body = await upstream.read()
    if b'"not_listening"' in body:
        raise NotListening
    return body


def session_over(socket_path: str) -> ClientSession:
    """One client for one exchange: a sandbox's socket lives shortly, and a pool would outlive it."""
    return ClientSession(
        connector=UnixConnector(path=socket_path, force_close=True),
        auto_decompress=False,
        timeout=CONNECT,
        cookie_jar=None,
    )


def request_headers(request: web.Request, own_cookies: frozenset[str]) -> CIMultiDict[str]:
    """What the sandbox may see of the browser's headers: no credentials, no address, no cookie of the portal."""
    headers: CIMultiDict[str] = CIMultiDict()
    dropped = _NOT_FORWARDED | _named_in_connection(request)
    for name, value in request.headers.items():
        if name.lower() not in dropped and not name.lower().startswith("x-forwarded-"):
            headers.add(name, value)
    headers["Host"] = "localhost"
    cookies = [
        c for c in request.headers.get("Cookie", "").split(";") if c.partition("=")[0].strip() not in own_cookies
    ]
    if cookie := ";".join(cookies).strip():
        headers["Cookie"] = cookie
    return headers


def _named_in_connection(message: web.Request) -> set[str]:
    return {name.strip().lower() for name in message.headers.get("Connection", "").split(",")}


def response_headers(upstream: Iterable[tuple[str, str]], own_cookies: frozenset[str]) -> CIMultiDict[str]:
    """What the browser may see of the sandbox's headers; cookies stay on this hostname, redirects too."""
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in upstream:
        lower = name.lower()
        if lower in _HOP or lower in _OURS:
            continue
        if lower == "set-cookie":
            if cookie := host_only_cookie(value, own_cookies):
                headers.add("Set-Cookie", cookie)
        elif lower == "content-security-policy":
            if policy := own_policy(value):
                headers.add("Content-Security-Policy", policy)
        elif lower == "location":
            headers["Location"] = local_location(value)
        else:
            headers.add(name, value)
    return headers


def host_only_cookie(value: str, own_cookies: frozenset[str]) -> str | None:
    """The cookie without a Domain, so that it reaches neither the portal nor another session, and good in a frame.

    None for one that takes a name of ours, or none: a browser would send the value of a nameless one as if it had one.
    """
    pair, *attributes = (part.strip() for part in value.split(";"))
    name = pair.partition("=")[0].strip()
    if not name or "=" not in pair or name in own_cookies or name.startswith("__"):
        return None
    kept = [part for part in attributes if part.partition("=")[0].strip().lower() not in _COOKIE_OURS]
    return "; ".join([pair, *kept]) + _IN_A_FRAME


def own_policy(value: str) -> str:
    """What is left of a page's own Content-Security-Policy; the gateway adds who may embed it."""
    policies = []
    for policy in value.split(","):
        directives = (directive.strip() for directive in policy.split(";"))
        kept = [d for d in directives if d and d.split()[0].lower() not in _NOT_THEIR_POLICY]
        policies.append("; ".join(kept))
    return ", ".join(filter(None, policies))


def local_location(value: str) -> str:
    """Pages in a sandbox think they are on localhost: such a redirect becomes a path, valid on the public hostname."""
    url = URL(value)
    return str(url.relative()) if url.absolute and url.host in _LOCAL else value


async def http(
    request: web.Request,
    socket_path: str,
    target: URL,
    own_cookies: frozenset[str],
    extra: dict[str, str],
    terms: Terms | None = None,
) -> web.StreamResponse:
    """Pass the request on, stream the answer back. Raises aiohttp.ClientError when nothing answers there.

    ``extra`` headers come on top of what the sandbox answers. An answer that still comes when a helper's ``terms`` are
    over ends there, as a stream does: its reader goes on with a new ticket.
    """
    headers = request_headers(request, own_cookies)
    body = request.content if request.can_read_body else None
    async with (
        session_over(socket_path) as session,
        session.request(
            request.method, target, headers=headers, data=body, allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        ) as upstream,
    ):  # fmt: skip
        begun = await _short_refusal(upstream)
        response = web.StreamResponse(
            status=upstream.status,
            reason=upstream.reason,
            headers=response_headers(upstream.headers.items(), own_cookies),
        )
        response.headers.extend(extra)
        await response.prepare(request)
        try:
            if begun:
                await response.write(begun)
            if not await _within(terms, _copy(upstream, response)):
                upstream.close()
            await response.write_eof()
        except ClientError:
            # Its head is out: all that can be said is that the rest won't come, lest half a file pass for the whole.
            if request.transport is not None:
                request.transport.abort()
        return response


async def _copy(upstream: ClientResponse, response: web.StreamResponse) -> None:
    async for chunk in upstream.content.iter_any():
        await response.write(chunk)


async def _within(terms: Terms | None, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work until it ends (True) or the terms are over (False). Raises what the work raises."""
    if terms is None:
        await work
        return True
    task = asyncio.ensure_future(work)
    try:
        while not task.done() and (left := terms.left()) > 0:
            await asyncio.wait({task}, timeout=left)
        if task.done():
            await task
            return True
        return False
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def websocket(
    request: web.Request,
    socket_path: str,
    target: URL,
    own_cookies: frozenset[str],
    protocols: list[str],
    fallback: str | None,
    terms: Terms | None = None,
) -> web.StreamResponse:
    """Join two WebSockets. ``fallback`` is the protocol agreed with the browser when the sandbox picks none.

    A helper's is closed when its ``terms`` are over (code ``EXPIRED``); an onlooker's leads out of the sandbox only.
    """
    headers = request_headers(request, own_cookies)
    for name in _WS_OWN:
        headers.popall(name, None)
    async with (
        session_over(socket_path) as session,
        session.ws_connect(
            target, headers=headers, protocols=protocols, max_msg_size=MAX_MESSAGE, autoclose=False
        ) as inner,
    ):
        agreed = inner.protocol or fallback
        outer = web.WebSocketResponse(
            protocols=(agreed,) if agreed else (), heartbeat=30, max_msg_size=MAX_MESSAGE, autoclose=False
        )
        await outer.prepare(request)
        await _join(inner, outer, terms)
        return outer


EXPIRED = 4401  # of the range that is for applications
_END = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)


async def _join(inner: ClientWebSocketResponse, outer: web.WebSocketResponse, terms: Terms | None) -> None:
    """Both ways until either side ends; then the other is closed with the same code."""
    inward = _drop(outer) if terms is not None and terms.one_way else _pump(outer, inner)
    expired = False
    try:
        expired = not await _within(terms, _first({_pump(inner, outer), inward}))
    finally:
        code = EXPIRED if expired else inner.close_code or outer.close_code or 1001
        code = code if code not in (1005, 1006, 1015) else 1001  # reserved: may be seen, never sent
        await asyncio.gather(inner.close(code=code), outer.close(code=code), return_exceptions=True)


async def _first(ways: set[Coroutine[Any, Any, None]]) -> None:
    """Until one of them ends."""
    tasks = {asyncio.ensure_future(way) for way in ways}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(
    source: ClientWebSocketResponse | web.WebSocketResponse, sink: ClientWebSocketResponse | web.WebSocketResponse
) -> None:
    while (message := await source.receive()).type not in _END:
        if message.type is WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await sink.send_bytes(message.data)


async def _drop(source: web.WebSocketResponse) -> None:
    """Listen until the other side goes, and pass on nothing of what it says."""
    while (await source.receive()).type not in _END:
        pass
