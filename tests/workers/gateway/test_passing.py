"""Who may pass the gateway, and who may not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.workers.gateway.world import OTHER_SESSION, PORTAL, SESSION, World, world
from workers import tickets


def run(run_dir: Path, test: Callable[[World], Awaitable[None]]) -> None:
    async def main() -> None:
        async with world(run_dir) as w:
            await test(w)

    asyncio.run(main())


async def status(w: World, path: str = "/x", method: str = "GET", **headers: str) -> tuple[int, str]:
    async with w.client.request(method, w.url(path), headers=headers, allow_redirects=False) as answer:
        found = re.search(r'"code": ?"(\w+)"', await answer.text())
        return answer.status, found[1] if found else ""


def test_a_good_ticket_opens_its_own_session_and_page_only(run_dir: Path) -> None:
    async def test(w: World) -> None:
        assert (await status(w, **w.headers()))[0] == 200
        other_page = tickets.issue(SESSION, "ana", "port-4040")
        other_session = tickets.issue(OTHER_SESSION, "eva", "jupyter")
        expired = tickets.issue(SESSION, "ana", "jupyter", seconds=-5)
        as_cookie = tickets.issue(SESSION, "ana", "jupyter", kind="cookie")
        for ticket, expected in [
            (other_page, (403, "wrong_session")),
            (other_session, (403, "wrong_session")),
            (expired, (401, "expired")),
            (as_cookie, (401, "bad_ticket")),
            ("nonsense", (401, "bad_ticket")),
        ]:
            assert await status(w, Host=w.host(), Authorization=f"Bearer {ticket}") == expected
        assert await status(w, Host=w.host()) == (401, "no_ticket")

    run(run_dir, test)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "jupyter.localhost",
        f"jupyter--{SESSION}.evil.example",
        f"jupyter--{SESSION}.localhost.evil.example",
        f"jupyter--{SESSION[:-1]}.localhost",
        f"JUPYTER--{SESSION}.localhost",
        f"jupyter--{SESSION.upper()}.localhost",
        f"jupyter--{SESSION}..localhost",
        f"../x--{SESSION}.localhost",
        f"port-0--{SESSION}.localhost",
        f"port-123456--{SESSION}.localhost",
        f"port-40 40--{SESSION}.localhost",
        "169.254.169.254",
    ],
)
def test_only_exact_hostnames_mean_something(run_dir: Path, host: str) -> None:
    async def test(w: World) -> None:
        headers = {**w.headers(), "Host": host}
        assert (await status(w, **headers))[0] in (400, 404)

    run(run_dir, test)


def test_a_session_without_a_route_is_gone(run_dir: Path) -> None:
    async def test(w: World) -> None:
        assert await status(w, **w.headers(session=OTHER_SESSION)) == (404, "no_session")

    run(run_dir, test)


def test_a_link_with_a_ticket_becomes_a_cookie_of_this_host(run_dir: Path) -> None:
    async def test(w: World) -> None:
        ticket = tickets.issue(SESSION, "ana", "jupyter")
        url = w.url(f"//tree?a=1&ticket={ticket}")
        async with w.client.get(url, headers={"Host": w.host()}, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/tree?a=1")
            cookie = answer.headers["Set-Cookie"]
        for part in ("__Host-lab=", "Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"):
            assert part in cookie
        assert "Domain" not in cookie
        value = cookie.split(";")[0]
        assert (await status(w, Host=w.host(), Cookie=value))[0] == 200
        assert await status(w, Host=w.host("port-4040"), Cookie=value) == (403, "wrong_session")

    run(run_dir, test)


def test_other_sites_may_neither_read_nor_change_anything(run_dir: Path) -> None:
    async def test(w: World) -> None:
        cookie = f"__Host-lab={tickets.issue(SESSION, 'ana', 'jupyter', kind='cookie')}"
        own = f"http://{w.host()}"
        sibling = f"http://{w.host('port-4040')}"
        for origin in ("https://evil.example", "null", sibling, f"http://{w.host(session=OTHER_SESSION)}"):
            assert await status(w, Origin=origin, **w.headers()) == (403, "bad_origin")
            assert await status(w, Origin=origin, Host=w.host(), Cookie=cookie, method="POST") == (403, "bad_origin")
        assert await status(w, Host=w.host(), Cookie=cookie, method="POST") == (403, "bad_origin")
        assert (await status(w, Host=w.host(), Cookie=cookie, Origin=own, method="POST"))[0] == 200

    run(run_dir, test)


def test_the_portal_may_call_and_read(run_dir: Path) -> None:
    async def test(w: World) -> None:
        ask = {
            "Host": w.host(),
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization",
        }
        async with w.client.options(w.url("/lab/runs"), headers={**ask, "Origin": PORTAL}) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == PORTAL
            assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
            assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
        async with w.client.options(w.url("/lab/runs"), headers={**ask, "Origin": "https://evil.example"}) as answer:
            assert answer.status == 403
            assert "Access-Control-Allow-Origin" not in answer.headers
        async with w.client.get(w.url("/x"), headers={**w.headers(), "Origin": PORTAL}) as answer:
            assert answer.headers.getall("Access-Control-Allow-Origin") == [PORTAL]
            assert "Access-Control-Allow-Credentials" not in answer.headers
        async with w.client.get(w.url("/x"), headers={"Host": w.host(), "Origin": PORTAL}) as answer:
            assert answer.status == 401
            assert answer.headers["Access-Control-Allow-Origin"] == PORTAL, "the page must be able to read why"

    run(run_dir, test)


def test_websockets_need_origin_and_ticket(run_dir: Path) -> None:
    async def refused(w: World, path: str, protocols: tuple[str, ...] = (), **headers: str) -> int:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await w.client.ws_connect(w.url(path), headers=headers, protocols=protocols)
        return caught.value.status

    async def test(w: World) -> None:
        ticket = tickets.issue(SESSION, "ana", "jupyter")
        own = f"http://{w.host()}"
        assert await refused(w, "/ws", Host=w.host(), Origin=PORTAL) == 401
        assert await refused(w, f"/ws?ticket={ticket}", Host=w.host(), Origin="https://evil.example") == 403
        assert await refused(w, f"/ws?ticket={ticket}", Host=w.host()) == 403
        cookie = tickets.issue(SESSION, "ana", "jupyter", kind="cookie")
        assert await refused(w, "/ws", Host=w.host(), Origin=PORTAL, Cookie="__Host-lab=bad") == 401
        for path, protocols, headers in [
            (f"/ws?ticket={ticket}", (), {"Origin": PORTAL}),
            ("/ws", ("lab.v1", f"ticket.{ticket}"), {"Origin": PORTAL}),
            ("/ws", (), {"Origin": own, "Cookie": f"__Host-lab={cookie}"}),
        ]:
            sent = {"Host": w.host(), **headers}
            async with w.client.ws_connect(w.url(path), headers=sent, protocols=protocols) as socket:
                assert await socket.receive_json() == {"origin": None, "query": ""}
                assert socket.protocol == ("lab.v1" if protocols else None)

    run(run_dir, test)
