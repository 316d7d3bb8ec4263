"""Many live streams on one web process: how late news reaches them, and what they cost in memory.

Everybody of a class waits for a place and watches the queue; one leaves, and all the others learn that they moved up.
Bare sockets on the client's side: what is measured is the portal, on a machine that both share.
"""

from __future__ import annotations

import asyncio
import re
import resource
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from labs.catalog import Lab
from tests.bench.crowd import Waiter, crowd
from tests.bench.measure import Session, student
from tests.live import LivePortal, wait_for

AT_ONCE = 20
OPEN_SECONDS = 180
PLACE = re.compile(rb'"position": (\d+)')


@dataclass(frozen=True)
class Spread:
    """``p95`` seconds from the click to the news of it; ``megabytes`` of the web process while all are open."""

    p95: float
    megabytes: float


def measure(portal: LivePortal, lab: Lab, number: int) -> tuple[Spread, Spread]:
    """(one stream open, ``number`` open), with the same queue of ``number`` behind the one who leaves it.

    The portal's one place is taken, and is thrown away with the queue.
    """
    Session(student(portal), lab)
    first, second, *watchers = crowd(portal, number + 2, lab.id)
    wait_for(lambda: _place(portal, watchers[-1]) == number + 1, 60, lambda: "the queue isn't in order")
    with _many_files():
        return asyncio.run(_measure(portal, first, watchers[-1:])), asyncio.run(_measure(portal, second, watchers))


def _call(portal: LivePortal, waiter: Waiter, method: str, path: str) -> httpx.Response:
    headers = {"Cookie": waiter.cookies, "X-CSRFToken": waiter.csrf, "Referer": portal.url}
    answer = httpx.request(method, portal.url + path, headers=headers, timeout=120)
    answer.raise_for_status()
    return answer


def _place(portal: LivePortal, waiter: Waiter) -> int:
    return int(_call(portal, waiter, "GET", f"/sesion/{waiter.key}/").json()["position"])


def _leave(portal: LivePortal, waiter: Waiter) -> None:
    _call(portal, waiter, "POST", f"/sesion/{waiter.key}/parar/")


@contextmanager
def _many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _measure(portal: LivePortal, leaver: Waiter, watchers: list[Waiter]) -> Spread:
    turn = asyncio.Semaphore(AT_ONCE)
    async with asyncio.timeout(OPEN_SECONDS):
        streams = await asyncio.gather(*(_Stream.open(portal.port, waiter, turn) for waiter in watchers))
    held = megabytes(portal.pid("web"))
    told = [asyncio.create_task(stream.moved()) for stream in streams]
    began = time.monotonic()
    await asyncio.to_thread(_leave, portal, leaver)
    delays = [at - began for at in await asyncio.gather(*told)]
    for stream in streams:
        stream.writer.close()
    return Spread(statistics.quantiles(delays, n=20)[-1] if len(delays) > 1 else delays[0], held)


@dataclass
class _Stream:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    place: int

    @classmethod
    async def open(cls, port: int, waiter: Waiter, turn: asyncio.Semaphore) -> _Stream:
        """One that has told its first state. Raises RuntimeError when it is refused."""
        async with turn:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(
                f"GET /sesion/{waiter.key}/eventos/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Accept: text/event-stream\r\nCookie: {waiter.cookies}\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise RuntimeError(f"a stream was refused: {head[:200]!r}")
            stream = cls(reader, writer, -1)
            stream.place = await stream.next_place()
            return stream

    async def next_place(self) -> int:
        while (found := PLACE.search(await self.reader.readuntil(b"\n"))) is None:
            pass
        return int(found[1])

    async def moved(self) -> float:
        while await self.next_place() == self.place:
            pass
        return time.monotonic()


def megabytes(pid: int) -> float:
    """Proportional memory of one process."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:"))) / 1024
