"""Who grades: one holder at a time, and a dead one is noticed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import redis

from tests.redis_server import RedisServer
from workers.lease import Lease, attempt_key, lease_key

JOB = "j1"


def lease(client: redis.Redis, attempt: int, ttl: float = 2) -> Lease:
    return Lease(client, JOB, attempt, ttl=ttl, every=0.1)


def eventually(true: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_the_same_message_ten_times_has_one_holder(redis_client: redis.Redis) -> None:
    with lease(redis_client, 1) as first:
        assert first.held
        for _ in range(9):
            with lease(redis_client, 1) as again:
                assert not again.held
        assert redis_client.get(lease_key(JOB)) == "1", "a refused one takes nothing away"
    assert redis_client.get(lease_key(JOB)) is None


def test_an_attempt_the_portal_has_moved_past_is_dropped(redis_client: redis.Redis) -> None:
    redis_client.set(attempt_key(JOB), 3)
    with lease(redis_client, 2) as stale:
        assert not stale.held
    with lease(redis_client, 3) as current:
        assert current.held


def test_it_lives_as_long_as_its_holder(redis_client: redis.Redis) -> None:
    with lease(redis_client, 1) as held:
        time.sleep(3)
        assert redis_client.get(lease_key(JOB)) == "1"
        assert not held.lost


def test_a_holder_that_dies_is_forgotten(redis_client: redis.Redis) -> None:
    redis_client.set(lease_key(JOB), "1", px=300)  # what a killed worker leaves
    assert eventually(lambda: redis_client.get(lease_key(JOB)) is None)
    with lease(redis_client, 2) as next_one:
        assert next_one.held


def test_a_holder_learns_that_a_newer_attempt_has_begun(redis_client: redis.Redis) -> None:
    with lease(redis_client, 1) as late:
        redis_client.set(attempt_key(JOB), 2)
        redis_client.set(lease_key(JOB), "2")
        assert eventually(lambda: late.lost)
    assert redis_client.get(lease_key(JOB)) == "2", "and leaves the newer one's lease alone"


def test_a_redis_that_forgets_everything_changes_nothing_for_the_holder(redis_client: redis.Redis) -> None:
    with lease(redis_client, 1) as held:
        redis_client.flushall()
        assert eventually(lambda: redis_client.get(lease_key(JOB)) == "1")
        assert not held.lost


@pytest.mark.parametrize(("away", "ttl", "lost"), [(0.2, 60, False), (1.5, 0.8, True)])
def test_a_redis_away_for_longer_than_the_lease_ends_it(
    redis_client: redis.Redis, redis_server: RedisServer, away: float, ttl: float, lost: bool
) -> None:
    with lease(redis_client, 1, ttl) as held:
        redis_server.kill()
        time.sleep(away)
        redis_server.start()
        assert eventually(lambda: held.lost == lost)
        if not lost:
            assert eventually(lambda: redis_client.get(lease_key(JOB)) == "1")
