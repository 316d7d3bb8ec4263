"""Row 27 of the list of attacks: whatever is asked of the gateway, it reaches no address but its own sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.workers.gateway.conftest import _gateway_key, run_dir
from tests.workers.gateway.world import SANDBOX, SESSION, World, world
from workers import tickets

__all__ = ["_gateway_key", "run_dir"]


async def ask(w: World, line: str, host: str, *more: str, ui: str = "jupyter") -> str:
    """A request as bytes, as no honest client would write it; the first line of the answer."""
    ticket = tickets.issue(SESSION, "ana", ui)
    head = [line, f"Host: {host}", f"Authorization: Bearer {ticket}", "Connection: close", *more]
    reader, writer = await asyncio.open_connection("127.0.0.1", w.port)
    writer.write("\r\n".join([*head, "", ""]).encode())
    answer = await reader.readline()
    writer.close()
    return answer.decode()


UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)


def test_row_27_no_request_makes_the_gateway_reach_another_address(run_dir: Path) -> None:
    """A service of the host stands for the metadata address and for the neighbours: nobody ever calls it."""
    called: list[bytes] = []

    async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.append(await reader.readline())
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(service, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        there = f"127.0.0.1:{port}"
        async with server, world(run_dir) as w:
            (run_dir / SANDBOX / "lab" / "ui-9001.sock").write_text(there)  # a file in place of a socket
            ours, own = w.host(), (w.host(f"port-{port}"), f"port-{port}")
            answers = [
                await ask(w, f"GET http://{there}/ HTTP/1.1", ours),
                await ask(w, f"GET //{there}/ HTTP/1.1", ours),
                await ask(w, f"GET /@{there}/ HTTP/1.1", ours),
                await ask(w, f"GET @{there}/ HTTP/1.1", ours),
                await ask(w, f"GET /\\{there}/ HTTP/1.1", ours),
                await ask(w, f"CONNECT {there} HTTP/1.1", ours),
                await ask(w, f"CONNECT {there} HTTP/1.1", there),
                await ask(w, "GET / HTTP/1.1", there),
                await ask(w, "GET / HTTP/1.1", ours, f"Host: {there}"),
                await ask(w, "GET / HTTP/1.1", ours, f"X-Forwarded-Host: {there}", f"Forwarded: host={there}"),
                await ask(w, f"GET http://{there}/ws HTTP/1.1", ours, f"Origin: http://{ours}", *UPGRADE),
                await ask(w, "GET / HTTP/1.1", own[0], ui=own[1]),
                await ask(w, "GET / HTTP/1.1", w.host("port-9001"), ui="port-9001"),
                await ask(w, f"GET /redirect?to=http://{there}/ HTTP/1.1", ours),
            ]
            assert all(answer.startswith("HTTP/1.") for answer in answers), answers
            assert "302" in answers[-1], "a redirect is passed on, for the browser to follow, and not followed"
            assert {answer.split()[1] for answer in answers[-3:-1]} == {"503"}
            # Nobody was called until now, and the service does answer who calls.
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"me\n")
            await reader.read()
            writer.close()
        assert called == [b"me\n"]

    asyncio.run(main())
