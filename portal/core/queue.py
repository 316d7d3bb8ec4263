"""The one way work and notices leave the portal. Redis may be away: callers learn it and store what waits."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import redis
from django.conf import settings
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


class QueueDown(Exception):
    """Redis did not take the message: nothing was queued."""


@cache
def client() -> redis.Redis:
    """A Redis connection pool whose calls fail in about a second when Redis is away."""
    return redis.Redis.from_url(
        settings.LABS.redis_url, decode_responses=True, socket_connect_timeout=1, socket_timeout=2
    )


def send(task: str, *args: Any, queue: str) -> None:
    """Queue a task by name. Raises QueueDown."""
    from portal.celery import app

    try:
        app.send_task(task, args=list(args), queue=queue, retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        raise QueueDown(f"{task}: {error}") from error


def publish(stream: str, event: dict[str, Any]) -> None:
    """Tell whoever watches. Watchers also poll the database, so a lost notice only costs them a moment."""
    publish_each([stream], event)


def publish_each(names: Sequence[str], event: dict[str, Any]) -> None:
    """The same notice on many streams, in one trip to Redis."""
    from workers import streams

    try:
        streams.publish_each(names, event)
    except (redis.RedisError, OSError) as error:
        logger.warning("no notice on %d streams: %s", len(names), error)


def length(name: str) -> int:
    """Messages in line on one queue. 0 when Redis doesn't answer: then nothing is in line."""
    try:
        return int(client().llen(name))
    except redis.RedisError:
        return 0


def drop(name: str) -> None:
    """Forget what is in line on a queue that nobody serves. When Redis doesn't answer, it is kept."""
    with suppress(redis.RedisError):
        client().delete(name)
