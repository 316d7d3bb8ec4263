"""What a job says while it runs: one Redis Stream each, read again from any point by the id of the last entry seen.

Names: ``session:<key>``, ``job:<id>``, ``environment:<name>``. Notices, not records: bounded, gone in a day.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import redis
import redis.asyncio

from workers.broker import redis_client
from workers.config import settings

MAX_ENTRIES = 1000
MAX_BYTES = 16 * 1024
TTL_SECONDS = 24 * 3600
_NAME = re.compile(r"(session|job|environment):[A-Za-z0-9_-]{1,80}")
_ID = re.compile(r"\d{1,20}(-\d{1,20})?")


def _key(stream: str) -> str:
    if not _NAME.fullmatch(stream):
        raise ValueError(f"not a stream name: {stream[:80]!r}")
    return f"stream:{stream}"


def publish(stream: str, event: dict[str, Any], client: redis.Redis | None = None) -> str:
    """Append one event; gives its id. Raises ValueError past 16 KiB: callers cut long texts to what a page can show."""
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if len(body.encode()) > MAX_BYTES:
        raise ValueError(f"event of {len(body)} characters on {stream}: at most {MAX_BYTES} bytes")
    pipe = (client or redis_client()).pipeline(transaction=False)
    pipe.xadd(_key(stream), {"e": body}, maxlen=MAX_ENTRIES, approximate=True)
    pipe.expire(_key(stream), TTL_SECONDS)
    return str(pipe.execute()[0])


async def follow(stream: str, after: str = "0", block_ms: int = 15_000) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Every entry past ``after`` in order, then new ones as they come; ends after ``block_ms`` of silence.

    The end lets the caller tell its own client that it is still there; it calls again with the last id it got and
    misses nothing. ``after`` is what a browser sent back as Last-Event-ID, so anything but an id raises ValueError.
    """
    key, last = _key(stream), after
    if not _ID.fullmatch(after):
        raise ValueError("not a stream id")
    client = redis.asyncio.Redis.from_url(
        settings().redis_url, decode_responses=True, socket_timeout=block_ms / 1000 + 5, socket_connect_timeout=2
    )
    try:
        while entries := _entries(await client.xread({key: last}, count=100, block=max(block_ms, 1))):
            for entry_id, fields in entries:
                last = entry_id
                yield entry_id, json.loads(fields["e"])
    finally:
        await client.aclose()


def _entries(answer: Any) -> list[tuple[str, dict[str, str]]]:
    """The entries of the one stream asked for, in either shape redis-py gives (RESP2 list, RESP3 map)."""
    if not answer:
        return []
    entries = next(iter(answer.values())) if isinstance(answer, dict) else answer[0][1]
    if entries and isinstance(entries[0], list) and entries[0] and isinstance(entries[0][0], (list, tuple)):
        entries = entries[0]
    return list(entries)
