"""Server-sent events: whole states from the database, woken by Redis streams.

When Redis is away they go on by polling.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import redis
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from django.http import StreamingHttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from portal.core.api import ApiError
from workers import streams

logger = logging.getLogger(__name__)

# News wakes a reader at once; this often it looks by itself, and the browser hears that the line is alive.
HEARTBEAT_MS = 10_000
POLL_SECONDS = 1.0
# A stream ends after this long and the browser reconnects: signed-out readers and lost rights don't linger.
MAX_SECONDS = 600
MAX_EVENTS = 500
_ID = re.compile(r"\d{1,20}-\d{1,20}")

Snapshot = Callable[[list[dict[str, Any]]], tuple[Any, bool]]
"""Reads the state now, given the stream's events so far: what to send, and whether it is final."""

_open: Counter[int] = Counter()


def live(
    *, user: int, stream: str, event: str, snapshot: Snapshot, after: str = "", every_ms: int = HEARTBEAT_MS
) -> StreamingHttpResponse:
    """Answer with ``event`` each time the state changes, until it is final. Raises ApiError past a person's share.

    ``every_ms``: how often it looks at what changes without news on the stream.
    """
    if _open[user] >= settings.PORTAL.streams_per_user:
        raise ApiError(429, "streams", _("Too many windows are watching. Close one of them."))
    events = _events(user, stream, event, _in_language(snapshot), after, every_ms)
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _in_language(snapshot: Snapshot) -> Snapshot:
    """The stream outlives the request, so it carries the reader's language itself."""
    language = translation.get_language()

    def read(events: list[dict[str, Any]]) -> tuple[Any, bool]:
        with translation.override(language):
            try:
                return snapshot(events)
            finally:
                # A stream lasts minutes: it must not keep a database connection that long.
                if not connection.in_atomic_block:
                    connection.close()

    return read


async def _events(
    user: int, stream: str, name: str, snapshot: Snapshot, after: str, every_ms: int
) -> AsyncIterator[bytes]:
    _open[user] += 1
    try:
        async with asyncio.timeout(MAX_SECONDS):
            async for chunk in _changes(stream, name, snapshot, after, every_ms):
                yield chunk
    except TimeoutError:
        return
    finally:
        _open[user] -= 1
        if not _open[user]:
            del _open[user]


async def _changes(stream: str, name: str, snapshot: Snapshot, after: str, every_ms: int) -> AsyncIterator[bytes]:
    read = sync_to_async(snapshot, thread_sensitive=True)
    events: list[dict[str, Any]] = []
    sent, last = "", "0"
    yield b"retry: 2000\n\n"
    async for entry, event in _wakes(stream, every_ms):
        last = entry or last
        if event:
            events = [*events[-MAX_EVENTS:], event]
            if _seen(entry, after):
                continue
        state, final = await read(events)
        text = json.dumps(state, ensure_ascii=False)
        if text != sent:
            sent = text
            yield f"id: {last}\nevent: {name}\ndata: {text}\n\n".encode()
        else:
            yield b": still here\n\n"
        if final:
            return


def _seen(entry: str, after: str) -> bool:
    """Whether the browser's Last-Event-ID says it had this entry before it reconnected."""
    if not _ID.fullmatch(after):
        return False
    return tuple(map(int, entry.split("-"))) <= tuple(map(int, after.split("-")))


async def _wakes(stream: str, every_ms: int) -> AsyncIterator[tuple[str, dict[str, Any] | None]]:
    """Stream entries as they come and an empty wake now and then; without Redis just the wakes."""
    last = "0"
    yield "", None
    while True:
        try:
            async for entry, event in streams.follow(stream, last, every_ms):
                last = entry
                yield entry, event
        except (redis.RedisError, OSError) as error:
            logger.debug("polling instead of following %s: %s", stream, error)
            await asyncio.sleep(POLL_SECONDS)
        yield "", None
