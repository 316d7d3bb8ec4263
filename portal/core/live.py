"""Server-sent events: whole states from the database, woken by Redis streams.

When Redis is away they go on by polling.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import redis
from asgiref.sync import SyncToAsync, sync_to_async
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

Snapshot = Callable[[list[dict[str, Any]]], tuple[Any, bool]]
"""Reads the state now, given the stream's events so far: what to send, and whether it is final."""

_open: Counter[int] = Counter()
# A thousand streams share these threads: one each would cost more memory than the streams, and as many connections.
_readers = ThreadPoolExecutor(4, thread_name_prefix="live")


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
                _close_connection()

    return read


async def _events(
    user: int, stream: str, name: str, snapshot: Snapshot, after: str, every_ms: int
) -> AsyncIterator[bytes]:
    _open[user] += 1
    try:
        await _release_thread()
        async with asyncio.timeout(MAX_SECONDS):
            async for chunk in _changes(stream, name, snapshot, after, every_ms):
                yield chunk
    except TimeoutError:
        return
    finally:
        _open[user] -= 1
        if not _open[user]:
            del _open[user]


async def _release_thread() -> None:
    """Let go of the thread, and its database connection, that Django holds for the request until its answer ends."""
    await sync_to_async(_close_connection)()
    context = SyncToAsync.thread_sensitive_context.get(None)
    thread = SyncToAsync.context_to_thread_executor.pop(context, None) if context else None
    if thread is not None:
        thread.shutdown(wait=False)  # Django makes another for what comes after the stream


def _close_connection() -> None:
    if not connection.in_atomic_block:
        connection.close()


async def _changes(stream: str, name: str, snapshot: Snapshot, after: str, every_ms: int) -> AsyncIterator[bytes]:
    """Whole states, each once. Its id is a digest of it: Last-Event-ID (``after``) says what the browser has."""
    read = sync_to_async(snapshot, thread_sensitive=False, executor=_readers)
    events, last = await _so_far(stream)
    sent = after
    yield b"retry: 2000\n\n"
    async for event in _wakes(stream, last, every_ms):
        if event:
            events = [*events[-MAX_EVENTS:], event]
        state, final = await read(events)
        text = json.dumps(state, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        if digest != sent:
            sent = digest
            yield f"id: {digest}\nevent: {name}\ndata: {text}\n\n".encode()
        else:
            yield b": still here\n\n"
        if final:
            return


async def _so_far(stream: str) -> tuple[list[dict[str, Any]], str]:
    """The stream's events until now and the last one's id: a browser that comes back must not see them happen again."""
    try:
        entries = await streams.entries(stream)
    except (redis.RedisError, OSError) as error:
        logger.debug("nothing known of %s: %s", stream, error)
        return [], "0"
    return [event for _entry, event in entries][-MAX_EVENTS:], entries[-1][0] if entries else "0"


async def _wakes(stream: str, last: str, every_ms: int) -> AsyncIterator[dict[str, Any] | None]:
    """One wake to begin with, then events past ``last`` and an empty wake now and then; without Redis just those."""
    yield None
    while True:
        try:
            async for entry, event in streams.follow(stream, last, every_ms):
                last = entry
                yield event
        except (redis.RedisError, OSError) as error:
            logger.debug("polling instead of following %s: %s", stream, error)
            await asyncio.sleep(POLL_SECONDS)
        yield None
