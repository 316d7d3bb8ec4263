"""A ticket of scope ``read`` opens what an onlooker may see, one way and no longer than it is good."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.workers.gateway.world import PORTAL, SESSION, World, world
from workers import tickets, watching

READABLE = [
    "/lab/health",
    "/lab/runs",
    "/lab/runs/r1/events?after=3",
    "/lab/files/datos/a%20b.csv",
    "/lab/tree",
    "/lab/tree/datos",
    "/lab/services/spark/log?after=0",
    "/lab/activity",
    "/lab/preview/x.parquet",
    "/api/terminals",
    "/api/terminals/1",
]
REFUSED = [
    ("POST", "/lab/runs"),
    ("HEAD", "/lab/runs"),
    ("PUT", "/lab/files/main.py"),
    ("DELETE", "/lab/files/main.py"),
    ("POST", "/lab/runs/r1/interrupt"),
    ("POST", "/lab/kernel/restart"),
    ("POST", "/lab/services/spark/stop"),
    ("GET", "/lab/workspace"),
    ("GET", "/lab/archive"),
    ("GET", "/"),
    ("GET", "/api/contents/main.py"),
    ("GET", "/lab/runsx"),
    ("GET", "//lab/runs"),
    ("GET", "/lab/files/../workspace"),
    ("GET", "/lab/files/%2e%2e/workspace"),
    ("GET", "/lab/files/..%2fworkspace"),
    ("GET", "/lab/files/%252e%252e%252fworkspace"),
    ("POST", "/api/terminals"),
    ("DELETE", "/api/terminals/1"),
    ("GET", "/api/terminals/1/x"),
]


def run(run_dir: Path, test: Callable[[World], Awaitable[None]]) -> None:
    async def main() -> None:
        async with world(run_dir) as w:
            await test(w)

    asyncio.run(main())


def reading(w: World, seconds: float = 60, ui: str = "jupyter", **more: str) -> dict[str, str]:
    ticket = tickets.issue(SESSION, "docente", ui, seconds, scope="read")
    return {"Host": w.host(ui), "Authorization": f"Bearer {ticket}", **more}


async def status(w: World, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    url = URL(w.url(path), encoded=True)
    async with w.client.request(method, url, headers=headers, allow_redirects=False) as answer:
        endless = answer.content_type == "text/event-stream"
        found = None if endless else re.search(r'"code": ?"(\w+)"', await answer.text())
        return answer.status, found[1] if found else ""


def test_it_reads_what_is_listed_and_nothing_else(run_dir: Path) -> None:
    async def test(w: World) -> None:
        for path in READABLE:
            assert (await status(w, "GET", path, reading(w)))[0] == 200, path
        for method, path in REFUSED:
            assert (await status(w, method, path, reading(w)))[0] == 403, (method, path)
            if "%" not in path and ".." not in path:  # a client may tidy those up before it sends them
                assert (await status(w, method, path, w.headers()))[0] == 200, "its student may"

    run(run_dir, test)


@pytest.mark.parametrize(("method", "path"), REFUSED)
def test_the_rule_itself_refuses_them_byte_for_byte(method: str, path: str) -> None:
    assert not watching.may_watch(method, path, upgrade=False)
    assert not watching.may_watch(method, path, upgrade=True)


def test_it_opens_no_page_of_the_lab_and_becomes_no_cookie(run_dir: Path) -> None:
    async def test(w: World) -> None:
        assert await status(w, "GET", "/lab/runs", reading(w, ui="port-4040")) == (403, "read_only")
        ticket = tickets.issue(SESSION, "docente", "jupyter", scope="read")
        assert await status(w, "GET", f"/lab/runs?ticket={ticket}", {"Host": w.host()}) == (403, "no_pages")

    run(run_dir, test)


def test_it_opens_no_kernel(run_dir: Path) -> None:
    async def test(w: World) -> None:
        for path in ("/api/kernels/1/channels", "/ws", "/lab/runs", "/terminals/websocket/../../ws"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await w.client.ws_connect(w.url(path), headers=reading(w, Origin=PORTAL))
            assert caught.value.status == 403, path

    run(run_dir, test)


def test_a_terminal_is_seen_but_not_typed_into(run_dir: Path) -> None:
    async def test(w: World) -> None:
        path = w.url("/terminals/websocket/1")
        async with w.client.ws_connect(path, headers=reading(w, Origin=PORTAL)) as onlooker:
            assert (await onlooker.receive_json())["said"] == []
            await onlooker.send_str('["stdin", "rm -r ~"]')
            await onlooker.send_bytes(b"x")
            await onlooker.send_str('["set_size", 1, 1]')
            await onlooker.ping()
            async with w.client.ws_connect(path, headers={**w.headers(), "Origin": PORTAL}) as student:
                await student.receive_json()
                await student.send_str("ls")
                assert await student.receive_json() == {"said": ["ls"]}
            assert await onlooker.receive_json() == {"said": ["ls"]}, "what the student types is all that arrived"

    run(run_dir, test)


def test_what_it_opened_ends_with_it(run_dir: Path) -> None:
    """The gateway itself closes an onlooker's streams: without a new ticket nothing more is seen."""

    async def watch_terminal(w: World, headers: dict[str, str]) -> int | None:
        headers = {**headers, "Origin": PORTAL}
        async with w.client.ws_connect(w.url("/terminals/websocket/1"), headers=headers) as terminal:
            await terminal.receive_json()
            assert (await terminal.receive()).type is aiohttp.WSMsgType.CLOSE
            return terminal.close_code

    async def watch_run(w: World, headers: dict[str, str]) -> str:
        async with w.client.get(w.url("/lab/runs/r1/events"), headers=headers) as stream:
            return await stream.text()  # ends well: the reader resumes after the last event that it got

    async def test(w: World) -> None:
        short = reading(w, seconds=10)
        code, text = await asyncio.gather(watch_terminal(w, short), watch_run(w, short))
        assert code == 4401
        assert text.count("data:") == 2
        assert await status(w, "GET", "/lab/runs", short) == (401, "expired")

    run(run_dir, test)


def helping(seconds: float, scope: tickets.Scope = "write", ui: str = "jupyter") -> str:
    """A helper's ticket, one of a grant that the portal renews as long as the student lets it."""
    return tickets.issue(SESSION, "docente", ui, seconds, scope=scope, grant="typing-1")


def bearing(w: World, ticket: str, **more: str) -> dict[str, str]:
    return {"Host": w.host(), "Authorization": f"Bearer {ticket}", **more}


def test_a_helper_who_may_type_types(run_dir: Path) -> None:
    async def test(w: World) -> None:
        headers = bearing(w, helping(60), Origin=PORTAL)
        async with w.client.ws_connect(w.url("/terminals/websocket/1"), headers=headers) as terminal:
            await terminal.receive_json()
            await terminal.send_str("ls")
            assert await terminal.receive_json() == {"said": ["ls"]}
        assert await status(w, "PUT", "/lab/files/main.py", bearing(w, helping(60))) == (200, "")

    run(run_dir, test)


def test_a_revoked_grant_closes_its_terminal_and_is_refused_afterwards(run_dir: Path) -> None:
    async def test(w: World) -> None:
        last = helping(10)  # the portal issues no other: the student ended it
        headers = bearing(w, last, Origin=PORTAL)
        async with w.client.ws_connect(w.url("/terminals/websocket/1"), headers=headers) as terminal:
            await terminal.receive_json()
            assert (await terminal.receive()).type is aiohttp.WSMsgType.CLOSE
            assert terminal.close_code == 4401
        assert await status(w, "PUT", "/lab/files/main.py", bearing(w, last)) == (401, "expired")
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await w.client.ws_connect(w.url("/terminals/websocket/1"), headers=headers)
        assert caught.value.status == 401

    run(run_dir, test)


@pytest.mark.parametrize("scope", ["read", "write"])
def test_what_a_grant_opened_goes_on_as_long_as_it_is_renewed(run_dir: Path, scope: tickets.Scope) -> None:
    async def test(w: World) -> None:
        short = helping(10, scope)
        headers = bearing(w, short, Origin=PORTAL)
        async with w.client.ws_connect(w.url("/terminals/websocket/1"), headers=headers) as terminal:
            await terminal.receive_json()
            assert (await status(w, "GET", "/lab/runs", bearing(w, helping(600, scope))))[0] == 200
            while (await status(w, "GET", "/lab/runs", bearing(w, short)))[0] == 200:
                await asyncio.sleep(0.5)
            async with w.client.ws_connect(
                w.url("/terminals/websocket/1"), headers={**w.headers(), "Origin": PORTAL}
            ) as student:
                await student.receive_json()
                await student.send_str("pwd")
            assert await terminal.receive_json() == {"said": ["pwd"]}, "its first ticket is over, its grant isn't"

    run(run_dir, test)


def test_a_grant_becomes_no_cookie_that_would_outlive_it(run_dir: Path) -> None:
    async def test(w: World) -> None:
        found = await status(w, "GET", f"/?ticket={helping(60)}", {"Host": w.host()})
        assert found == (403, "no_pages")

    run(run_dir, test)


def test_grants_are_told_apart_by_session_and_name() -> None:
    leases = watching.Leases()
    ends: dict[str, Callable[[], float]] = {}
    for session, grant, seconds in (
        (SESSION, "typing-1", 100),
        (SESSION, "visit-1", 1000),
        ("b" * 26, "typing-1", 5000),
    ):
        ticket = tickets.verify(tickets.issue(session, "docente", "jupyter", seconds, grant=grant), session, "jupyter")
        terms = leases.terms(ticket)
        assert terms is not None
        ends[f"{session}{grant}"] = terms.left
    assert [round(left(), -2) for left in ends.values()] == [100, 1000, 5000]
