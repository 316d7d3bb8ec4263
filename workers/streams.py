"""What a job says while it runs: one Redis Stream each, read again from any point by the id of the last entry seen.

Names: ``session:<key>``, ``job:<id>``, ``environment:<name>``, ``workspace:<id>``, ``help:queue``. Notices, not
records: bounded, gone in a day.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import redis
import redis.asyncio

from workers.broker import redis_client
from workers.config import settings

logger = logging.getLogger(__name__)

CHANNEL = "streams"
CONNECTIONS = 16
CONNECT_SECONDS = 10.0
LISTEN_SECONDS = 5.0
RETRY_SECONDS = 1.0
MAX_ENTRIES = 1000
MAX_BYTES = 16 * 1024
TTL_SECONDS = 24 * 3600
_NAME = re.compile(r"(session|job|environment|workspace|help):[A-Za-z0-9_-]{1,80}")
_ID = re.compile(r"\d{1,20}(-\d{1,20})?")


def _key(stream: str) -> str:
    if not _NAME.fullmatch(stream):
        raise ValueError(f"not a stream name: {stream[:80]!r}")
    return f"stream:{stream}"


def publish(stream: str, event: dict[str, Any], client: redis.Redis | None = None) -> str:
    """Append one event; gives its id. Raises ValueError past 16 KiB: callers cut long texts to what a page can show."""
    return publish_each([stream], event, client)[0]


def publish_each(names: Sequence[str], event: dict[str, Any], client: redis.Redis | None = None) -> list[str]:
    """Append the same event to many streams in one trip; gives its ids. Raises as ``publish`` does."""
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if len(body.encode()) > MAX_BYTES:
        raise ValueError(f"event of {len(body)} characters on {names[:3]}: at most {MAX_BYTES} bytes")
    pipe = (client or redis_client()).pipeline(transaction=False)
    for name in names:
        pipe.xadd(_key(name), {"e": body}, maxlen=MAX_ENTRIES, approximate=True)
        pipe.expire(_key(name), TTL_SECONDS)
        pipe.publish(CHANNEL, name)
    return [str(entry) for entry in pipe.execute()[::3]]


class Notices:
    """Wakes who waits for news of a stream: one connection for all readers of an event loop, however many.

    Says only *that* something came; what came is read from the stream itself, so a lost notice costs time, not entries.
    """

    def __init__(self) -> None:
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            settings().redis_url,
            max_connections=CONNECTIONS,
            timeout=CONNECT_SECONDS,
            decode_responses=True,
            socket_timeout=10,
            socket_connect_timeout=2,
        )
        self.client = redis.asyncio.Redis(connection_pool=pool)
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def watch(self, stream: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever the stream may have grown. Raises redis.ConnectionError without Redis."""
        woken = asyncio.Event()
        self._waiting[stream].add(woken)
        try:
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._listen())
            try:
                await asyncio.wait_for(self._listening.wait(), CONNECT_SECONDS)
            except TimeoutError:
                raise redis.ConnectionError("no answer to a subscription") from None
            yield woken
        finally:
            self._waiting[stream].discard(woken)
            if not self._waiting[stream]:
                del self._waiting[stream]
            if not self._waiting and self._task is not None:
                self._task.cancel()
                self._task = None
                self._listening.clear()

    async def _listen(self) -> None:
        me = asyncio.current_task()
        # redis-py may take a cancellation for a lost connection, so that is asked for, too.
        while me is not None and not me.cancelling():
            try:
                async with self.client.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(CHANNEL)
                    self._listening.set()
                    self._wake_all()  # whatever was said while nobody listened
                    while not me.cancelling():
                        message = await channel.get_message(timeout=LISTEN_SECONDS)
                        for woken in self._waiting.get(message["data"], ()) if message else ():
                            woken.set()
            except (redis.RedisError, OSError) as error:
                logger.warning("no notices of streams: %s", error)
                self._listening.clear()
                self._wake_all()  # to find out for themselves
                await asyncio.sleep(RETRY_SECONDS)

    def _wake_all(self) -> None:
        for waiting in self._waiting.values():
            for woken in waiting:
                woken.set()


_notices: WeakKeyDictionary[asyncio.AbstractEventLoop, Notices] = WeakKeyDictionary()


def _notices_here() -> Notices:
    """This event loop's."""
    return _notices.setdefault(asyncio.get_running_loop(), Notices())


async def entries(stream: str) -> list[tuple[str, dict[str, Any]]]:
    """Everything that is in the stream now, oldest first. Raises redis.RedisError while Redis is away."""
    found = _entries(await _notices_here().client.xread({_key(stream): "0"}))
    return [(entry_id, json.loads(fields["e"])) for entry_id, fields in found]


async def follow(stream: str, after: str = "0", block_ms: int = 15_000) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Every entry past ``after`` in order, then new ones as they come; ends after ``block_ms`` of silence.

    The end lets the caller tell its own client that it is still there; it calls again with the last id it got and
    misses nothing. ``after`` is what a browser sent back as Last-Event-ID, so anything but an id raises ValueError.
    Raises redis.RedisError while Redis is away.
    """
    key, last = _key(stream), after
    if not _ID.fullmatch(after):
        raise ValueError("not a stream id")
    notices = _notices_here()
    async with notices.watch(stream) as woken:
        while True:
            woken.clear()
            found = _entries(await notices.client.xread({key: last}, count=100))
            for entry_id, fields in found:
                last = entry_id
                yield entry_id, json.loads(fields["e"])
            if not found:
                try:
                    await asyncio.wait_for(woken.wait(), block_ms / 1000)
                except TimeoutError:
                    return


def _entries(answer: Any) -> list[tuple[str, dict[str, str]]]:
    """The entries of the one stream asked for, in either shape redis-py gives (RESP2 list, RESP3 map)."""
    if not answer:
        return []
    entries = next(iter(answer.values())) if isinstance(answer, dict) else answer[0][1]
    if entries and isinstance(entries[0], list) and entries[0] and isinstance(entries[0][0], (list, tuple)):
        entries = entries[0]
    return list(entries)
