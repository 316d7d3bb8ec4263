"""Streams are read again from any point: no gap, no duplicate."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
import redis

from workers import streams

NAME = "job:7f3a"


async def read(after: str = "0", block_ms: int = 100, at_most: int = 10_000) -> list[tuple[str, dict[str, Any]]]:
    found = []
    async for entry in streams.follow(NAME, after, block_ms):
        found.append(entry)
        if len(found) == at_most:
            break
    return found


def test_a_reader_that_comes_late_gets_everything_in_order(redis_client: redis.Redis) -> None:
    ids = [streams.publish(NAME, {"t": "phase", "n": n}) for n in range(250)]
    found = asyncio.run(read())
    assert [entry_id for entry_id, _ in found] == ids
    assert [event["n"] for _, event in found] == list(range(250))


def test_resuming_by_the_last_id_misses_and_repeats_nothing(redis_client: redis.Redis) -> None:
    """A reader that leaves after every few entries while another process goes on writing."""
    total = 400

    def write() -> None:
        for n in range(total):
            streams.publish(NAME, {"n": n})
            if n % 50 == 0:
                time.sleep(0.01)

    async def resume() -> list[int]:
        seen: list[int] = []
        last = "0"
        while len(seen) < total:
            part = await read(last, block_ms=1000, at_most=7)
            seen += [event["n"] for _, event in part]
            last = part[-1][0]
        return seen

    writer = threading.Thread(target=write)
    writer.start()
    assert asyncio.run(resume()) == list(range(total))
    writer.join()


def test_silence_ends_a_reading_so_that_the_caller_can_speak(redis_client: redis.Redis) -> None:
    assert asyncio.run(read(block_ms=200)) == []


def test_a_stream_is_bounded_and_goes_away(redis_client: redis.Redis) -> None:
    for n in range(3 * streams.MAX_ENTRIES):
        streams.publish(NAME, {"n": n})
    assert redis_client.xlen(f"stream:{NAME}") < 2 * streams.MAX_ENTRIES
    assert 0 < redis_client.ttl(f"stream:{NAME}") <= streams.TTL_SECONDS


def test_an_event_too_large_is_refused(redis_client: redis.Redis) -> None:
    with pytest.raises(ValueError, match="at most"):
        streams.publish(NAME, {"text": "ñ" * streams.MAX_BYTES})


@pytest.mark.parametrize("after", ["$", ">", "-1", "x", "1-2-3", "", "0 0", "9" * 50])
def test_what_a_browser_sends_as_last_id_must_be_one(redis_client: redis.Redis, after: str) -> None:
    with pytest.raises(ValueError, match="not a stream id"):
        asyncio.run(read(after))


@pytest.mark.parametrize("name", ["lease:job:1", "job:", "job:../x", "job:a b", "session:" + "x" * 200])
def test_only_the_three_kinds_of_stream_exist(redis_client: redis.Redis, name: str) -> None:
    with pytest.raises(ValueError, match="not a stream name"):
        streams.publish(name, {})
