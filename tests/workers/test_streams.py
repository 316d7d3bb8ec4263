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
def test_only_the_named_kinds_of_stream_exist(redis_client: redis.Redis, name: str) -> None:
    with pytest.raises(ValueError, match="not a stream name"):
        streams.publish(name, {})


def test_many_readers_share_one_connection_and_all_are_woken(redis_client: redis.Redis) -> None:
    """A class that watches at once must not take a connection of Redis each."""
    names = [f"job:{number}" for number in range(200)]

    async def first(name: str) -> int:
        async for _, event in streams.follow(name, "0", 60_000):
            return int(event["n"])
        raise AssertionError("nothing came")

    async def scene() -> tuple[list[int], int]:
        readers = [asyncio.create_task(first(name)) for name in names]
        for number, name in enumerate(names[:-1]):
            await asyncio.to_thread(streams.publish, name, {"n": number})
        woken = await asyncio.gather(*readers[:-1])
        connections = len(await asyncio.to_thread(redis_client.client_list, "pubsub"))
        streams.publish(names[-1], {"n": len(woken)})
        return [*woken, await readers[-1]], connections

    found, connections = asyncio.run(scene())
    assert found == list(range(200))
    assert connections == 1


def test_a_reader_outlives_a_broken_subscription(redis_client: redis.Redis) -> None:
    async def scene() -> list[int]:
        seen = []
        async for _, event in streams.follow(NAME, "0", 60_000):
            seen.append(event["n"])
            if len(seen) == 1:
                await asyncio.to_thread(redis_client.client_kill_filter, _type="pubsub")
                await asyncio.to_thread(streams.publish, NAME, {"n": 2})
            else:
                break
        return seen

    streams.publish(NAME, {"n": 1})
    assert asyncio.run(scene()) == [1, 2]
