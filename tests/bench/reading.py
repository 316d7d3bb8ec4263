"""The course's pages under a steady load: a request each hundredth of a second, answered or not the one before.

The web process has one core for itself, as far as the machine has another for those who ask. A delay counts from when
the request was due, so that a slow answer doesn't hide the requests which it kept from being sent.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import httpx

from labs.catalog import Catalog
from tests.bench.crowd import Waiter, crowd
from tests.live import LivePortal

RATE = 100
SECONDS = 20
READERS = 20


def measure(portal: LivePortal, catalog: Catalog, lab: str) -> tuple[float, float, float]:
    """Seconds of a page of the course, for ``READERS`` students who read on through all of them: the delay's p50 and
    p95, and the web process's own processor time.
    """
    paths = [
        f"/curso/{course.id}/{page.id}/"
        for course in catalog.courses.values()
        for module in course.modules
        for page in module.pages
    ]
    readers = crowd(portal, READERS, lab, queued=False)
    with _one_core(portal.pid("web")):
        asyncio.run(_read(portal.url, readers, paths, len(paths)))  # each text is rendered once, then cached
        before = _processor_seconds(portal.pid("web"))
        delays = asyncio.run(_read(portal.url, readers, paths, RATE * SECONDS))
        cost = (_processor_seconds(portal.pid("web")) - before) / len(delays)
    return statistics.median(delays), statistics.quantiles(delays, n=20)[-1], cost


def _processor_seconds(pid: int) -> float:
    """User and system time of a process so far: fields 14 and 15 of proc(5)'s stat, counted from behind its name."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _read(url: str, readers: list[Waiter], paths: list[str], times: int) -> list[float]:
    # A connection isn't used again about when the server, after five seconds, would close it.
    limits = httpx.Limits(max_connections=READERS * 5, max_keepalive_connections=READERS * 5, keepalive_expiry=2)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as client:
        began = time.monotonic()
        asked = []
        for number, (path, reader) in enumerate(islice(zip(cycle(paths), cycle(readers)), times)):
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            asked.append(asyncio.create_task(_one(client, path, reader, due)))
        return await asyncio.gather(*asked)


async def _one(client: httpx.AsyncClient, path: str, reader: Waiter, due: float) -> float:
    answer = await client.get(path, headers={"Cookie": reader.cookies})
    answer.raise_for_status()
    return time.monotonic() - due


@contextmanager
def _one_core(web: int) -> Iterator[None]:
    """The web process on one core, and this one on the others."""
    cores = os.sched_getaffinity(0)
    first, others = {min(cores)}, cores - {min(cores)} or cores
    for thread in Path(f"/proc/{web}/task").iterdir():
        os.sched_setaffinity(int(thread.name), first)
    os.sched_setaffinity(0, others)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
