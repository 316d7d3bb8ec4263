"""The one synchronous Redis connection of a process, shared by leases, streams and tasks."""

from __future__ import annotations

from functools import cache

import redis

from workers.config import settings


@cache
def redis_client() -> redis.Redis:
    """Made once a process; redis-py reconnects after a fork. Short timeouts: no caller may hang on Redis."""
    return redis.Redis.from_url(
        settings().redis_url,
        decode_responses=True,
        socket_timeout=5,
        socket_connect_timeout=2,
        health_check_interval=30,
    )
