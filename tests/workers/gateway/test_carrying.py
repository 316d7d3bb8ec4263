"""What the gateway carries, and what it leaves out."""

from __future__ import annotations

import asyncio
import io
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.workers.gateway.world import LEFT, PORTAL, SANDBOX, SESSION, World, world
from workers import tickets


def run(run_dir: Path, test: Callable[[World], Awaitable[None]]) -> None:
    async def main() -> None:
        async with world(run_dir) as w:
            await test(w)

    asyncio.run(main())


def test_the_sandbox_sees_no_credentials_and_a_local_host(run_dir: Path) -> None:
    async def test(w: World) -> None:
        headers = w.headers(
            Cookie="sessionid=1; own=2; __Host-lab=3; csrftoken=4",
            Origin=PORTAL,
            Referer=PORTAL,
            **{"X-Forwarded-For": "1"},
        )
        asked = URL(w.url("/a%2Fb/c?x=1%2C2&y="), encoded=True)
        async with w.client.put(asked, headers=headers, data=b"hola") as answer:
            seen = await answer.json()
        assert (seen["method"], seen["path"], seen["body"]) == ("PUT", "/a%2Fb/c?x=1%2C2&y=", "hola")
        lower = {name.lower(): value for name, value in seen["headers"].items()}
        assert (lower["host"], lower["cookie"]) == ("localhost", "own=2")
        assert not {"authorization", "origin", "referer", "x-forwarded-for"} & set(lower)
        assert answer.headers["Referrer-Policy"] == "same-origin"

    run(run_dir, test)


def test_big_bodies_go_both_ways(run_dir: Path) -> None:
    async def test(w: World) -> None:
        size = 50 * 1024 * 1024
        async with w.client.post(w.url("/big"), headers=w.headers(), data=io.BytesIO(b"y" * size)) as answer:
            assert len(await answer.read()) == size

    run(run_dir, test)


def test_events_arrive_as_they_happen_and_a_reader_that_leaves_is_noticed(run_dir: Path) -> None:
    async def test(w: World) -> None:
        async with w.client.get(w.url("/events"), headers=w.headers()) as answer:
            assert await asyncio.wait_for(answer.content.readline(), 1) == b"id: 1\n"
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            answer.close()
        await asyncio.wait_for(w.program[LEFT].wait(), 5)

    run(run_dir, test)


def test_websocket_messages_pass_both_ways_and_the_close_code_too(run_dir: Path) -> None:
    async def test(w: World) -> None:
        async with w.client.ws_connect(w.url("/ws"), headers=w.headers(Origin=PORTAL), max_msg_size=0) as ws:
            await ws.receive_json()
            await ws.send_str("hola")
            assert (await ws.receive_str()) == "HOLA"
            await ws.send_bytes(b"ab" * 3_000_000)
            assert (await ws.receive_bytes()) == b"ba" * 3_000_000
            await ws.send_str("close")
            await ws.receive()
            assert ws.close_code == 4000

    run(run_dir, test)


def test_cookies_of_a_lab_page_stay_on_its_hostname(run_dir: Path) -> None:
    async def test(w: World) -> None:
        async with w.client.get(w.url("/cookies"), headers=w.headers()) as answer:
            assert answer.headers.getall("Set-Cookie") == [
                "lab=1; Path=/; Secure; SameSite=None; Partitioned",
                "_xsrf=a|b:c; expires=Fri, 01 Jan 2100 00:00:00 GMT; Path=/; Secure; SameSite=None; Partitioned",
            ]

    run(run_dir, test)


def test_who_may_embed_a_page_is_not_the_pages_to_say(run_dir: Path) -> None:
    async def test(w: World) -> None:
        async with w.client.get(w.url("/policies"), headers=w.headers()) as answer:
            policies = answer.headers.getall("Content-Security-Policy")
            assert policies == ["sandbox allow-scripts", f"frame-ancestors 'self' {PORTAL} http://localhost:8000"]
            gone = {"X-Frame-Options", "Alt-Svc", "Report-To", "NEL", "Strict-Transport-Security", "Clear-Site-Data"}
            assert not gone & set(answer.headers)

    run(run_dir, test)


def test_half_an_answer_never_passes_for_the_whole(run_dir: Path) -> None:
    async def test(w: World) -> None:
        async with w.client.get(w.url("/broken"), headers=w.headers()) as answer:
            assert answer.headers["Content-Length"] == "1000"
            with pytest.raises(aiohttp.ClientError):
                await answer.read()

    run(run_dir, test)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("http://localhost:4040/jobs/?a=1", "/jobs/?a=1"),
        ("http://127.0.0.1/x", "/x"),
        ("/lab", "/lab"),
        ("https://spark.apache.org/docs", "https://spark.apache.org/docs"),
    ],
)
def test_redirects_are_passed_on_never_followed(run_dir: Path, sent: str, seen: str) -> None:
    async def test(w: World) -> None:
        url = w.url("/redirect")
        async with w.client.get(url, params={"to": sent}, headers=w.headers(), allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (302, seen)

    run(run_dir, test)


def test_a_page_not_up_yet_waits_for_readers_and_says_so_to_programs(run_dir: Path) -> None:
    async def test(w: World) -> None:
        cookie = tickets.issue(SESSION, "ana", "port-4040", kind="cookie")
        reader = {"Host": w.host("port-4040"), "Cookie": f"__Host-lab={cookie}", "Accept": "text/html"}
        async with w.client.get(w.url("/"), headers=reader) as answer:
            page = await answer.text()
            assert answer.status == 503
            assert 'http-equiv="refresh"' in page
            assert "Todavía" in page
        async with w.client.get(w.url("/"), headers=w.headers("port-4040")) as answer:
            assert (await answer.json())["error"]["code"] == "not_up"

    run(run_dir, test)


def test_a_link_in_place_of_a_socket_leads_nowhere(run_dir: Path) -> None:
    """The directory is the student's: a socket there could be swapped for a link to the engine's or a neighbour's."""

    async def test(w: World) -> None:
        outside = run_dir / "engine.sock"
        with socket.socket(socket.AF_UNIX) as engine:
            engine.bind(str(outside))
            engine.listen()
            lab = run_dir / SANDBOX / "lab"
            (lab / "ui-4040.sock").symlink_to(outside)
            os.mkfifo(lab / "ui-5050.sock")
            for ui in ("port-4040", "port-5050"):
                async with w.client.get(w.url("/"), headers=w.headers(ui)) as answer:
                    assert answer.status == 503
            engine.setblocking(False)
            with pytest.raises(BlockingIOError):
                engine.accept()

    run(run_dir, test)


def test_a_route_is_read_as_an_id_and_nothing_else(run_dir: Path) -> None:
    async def test(w: World) -> None:
        (run_dir / "routes" / SESSION).write_text("../../etc")
        async with w.client.get(w.url("/"), headers=w.headers()) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (404, "no_session")

    run(run_dir, test)


def test_the_frame_is_served_to_anyone_without_power(tmp_path: Path, run_dir: Path) -> None:
    (tmp_path / "frame.html").write_text("<p>frame</p>")
    (tmp_path / "frame.js").write_text("1")
    (tmp_path / "app.js").write_text("secret")

    async def main() -> None:
        async with world(run_dir, tmp_path) as w:
            host = {"Host": w.host("frame")}
            async with w.client.get(w.url("/"), headers=host) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert (answer.status, await answer.text()) == (200, "<p>frame</p>")
                assert policy.startswith("sandbox allow-scripts; default-src 'none'; ")
                assert f"script-src http://{w.host('frame')};" in policy
                assert f"frame-ancestors {PORTAL}" in policy
            async with w.client.get(w.url("/frame.js"), headers=host) as answer:
                assert answer.content_type == "text/javascript"
            for path in ("/app.js", "/../app.js", "/%2e%2e/app.js", "/frame.py", "/frame-missing.js"):
                async with w.client.get(w.url(path), headers=host) as answer:
                    assert answer.status == 404

    asyncio.run(main())


def test_health_needs_no_session(run_dir: Path) -> None:
    async def test(w: World) -> None:
        async with w.client.get(w.url("/health")) as answer:
            assert await answer.json() == {"ok": True}

    run(run_dir, test)
