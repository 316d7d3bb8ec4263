"""Whether a Spark or Dask cluster in the sandbox works, asked of its own web API: an idle one is no activity.

What answers on these ports may be the student's own program: answers are capped, timed, and decide about
idleness only.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.simple_httpclient import SimpleAsyncHTTPClient

from . import strict
from .ports import listening

logger = logging.getLogger(__name__)

SPARK_PORTS = range(4040, 4056)  # the 16 that Spark tries
DASK_PORTS = range(8787, 8795)
SECONDS = 3.0
MAX_BYTES = 256 << 10


async def _get(port: int, path: str) -> Any:
    """The JSON that a local server answers with. Raises whatever tornado does, or strict.BadJSON, for anything else."""
    client = SimpleAsyncHTTPClient(force_instance=True, max_body_size=MAX_BYTES)
    try:
        answer = await client.fetch(
            f"http://127.0.0.1:{port}{path}", request_timeout=SECONDS, connect_timeout=SECONDS, follow_redirects=False
        )
        return strict.loads(answer.body, MAX_BYTES)
    finally:
        client.close()


async def spark_jobs(port: int) -> list[str]:
    """The names of the jobs that run now in the application whose UI is at that port."""
    found = []
    for application in _objects(await _get(port, "/api/v1/applications")):
        ident = application.get("id")
        if isinstance(ident, str) and ident.replace("-", "").replace("_", "").isalnum():
            jobs = _objects(await _get(port, f"/api/v1/applications/{ident}/jobs?status=running"))
            found += [str(job.get("name")) for job in jobs]
    return found


async def dask_tasks(port: int) -> list[str]:
    """How many tasks the scheduler whose dashboard is at that port has in work."""
    counts = await _get(port, "/json/counts.json")
    processing = counts.get("processing") if isinstance(counts, dict) else None
    return [f"{processing} tasks"] if isinstance(processing, int) and processing > 0 else []


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


async def busy() -> list[tuple[str, str]]:
    """(``spark`` or ``dask``, detail) of every cluster at work."""
    ports = listening()
    asked: list[tuple[str, Callable[[int], Awaitable[list[str]]], int]] = [
        *(("spark", spark_jobs, port) for port in SPARK_PORTS if port in ports),
        *(("dask", dask_tasks, port) for port in DASK_PORTS if port in ports),
    ]
    answers = await asyncio.gather(*(ask(port) for _, ask, port in asked), return_exceptions=True)
    found = []
    for (kind, _, _), answer in zip(asked, answers, strict=True):
        if isinstance(answer, list):
            found += [(kind, detail) for detail in answer]
        else:  # something else has that port, or it is still starting
            logger.debug("no %s there: %r", kind, answer)
    return found
