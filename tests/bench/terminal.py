"""A key typed in a terminal until its echo: through the gateway, and over the sandbox's own socket in the same run."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from typing import Any

import aiohttp

from portal.demo import Gateway
from tests.live import LivePortal

KEYS = 60
PATIENCE = 60


def key_to_echo(portal: LivePortal, gateway: Gateway, key: str) -> tuple[float, float]:
    """(seconds through the gateway, seconds over the socket itself), each the median of many keys.

    ``gateway``: of the session ``key``, whose route says which sandbox it runs in.
    """
    made = gateway.http.post("/api/terminals")
    made.raise_for_status()
    path = f"/terminals/websocket/{made.json()['name']}"
    sandbox = (portal.run_dir / "routes" / key).read_text().strip()
    socket = portal.run_dir / sandbox / "lab" / "jupyter.sock"
    headers = {name: gateway.http.headers[name] for name in ("Host", "Authorization")}

    async def both() -> tuple[float, float]:
        async with aiohttp.ClientSession() as outside:
            through = await _median(outside, str(gateway.http.base_url).rstrip("/") + path, headers)
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket))) as inside:
            return through, await _median(inside, f"http://localhost{path}", {})

    return asyncio.run(both())


async def _median(client: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> float:
    async with client.ws_connect(url, headers=headers) as terminal:
        await _said(terminal, "$ ")
        taken = []
        for _ in range(KEYS):
            began = time.perf_counter()
            await terminal.send_str(json.dumps(["stdin", "x"]))
            await _said(terminal, "x")
            taken.append(time.perf_counter() - began)
        await terminal.send_str(json.dumps(["stdin", "\x15"]))
    return statistics.median(taken)


async def _said(terminal: aiohttp.ClientWebSocketResponse, text: str) -> None:
    while True:
        got: list[Any] = await terminal.receive_json(timeout=PATIENCE)
        if got[0] == "stdout" and text in got[1]:
            return
