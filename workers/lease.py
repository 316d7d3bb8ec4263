"""Who is grading a job right now, said in Redis so that the portal's sweep sees a dead worker within seconds.

The portal writes ``attempt:job:<id>`` when it enqueues an attempt. A worker holds ``lease:job:<id>`` (same number)
while it grades and renews it from a thread; a killed worker stops renewing, the key expires, and the sweep starts the
next attempt. Only the portal counts attempts, so a delivery that finds the lease taken, or an older number than the
portal's, is simply dropped: the broker may deliver the same message as often as it likes.
"""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Self

import redis

log = logging.getLogger(__name__)

TTL_SECONDS = 20.0
RENEW_SECONDS = 5.0

# Renews our own lease; takes it back when Redis lost everything and no newer attempt is known. 0: someone else's now.
_RENEW = """
local held = redis.call('get', KEYS[1])
local current = redis.call('get', KEYS[2])
if current and current ~= ARGV[1] then return 0 end
if held and held ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 1
"""
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


def lease_key(job: str) -> str:
    return f"lease:job:{job}"


def attempt_key(job: str) -> str:
    return f"attempt:job:{job}"


class Lease:
    """``with Lease(client, job, attempt) as lease:``; look at ``held`` before working, at ``lost`` before reporting."""

    def __init__(
        self, client: redis.Redis, job: str, attempt: int, ttl: float = TTL_SECONDS, every: float = RENEW_SECONDS
    ) -> None:
        self.held = False
        self._client = client
        self._keys = (lease_key(job), attempt_key(job))
        self._attempt = str(attempt)
        self._ttl_ms = int(ttl * 1000)
        self._every = every
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_stopped, name=f"lease-{job}", daemon=True)

    @property
    def lost(self) -> bool:
        """Another attempt has begun, or we were cut off past the lease: our result no longer counts."""
        return self._lost.is_set()

    def __enter__(self) -> Self:
        current = self._client.get(self._keys[1])
        if current is None or current == self._attempt:
            self.held = bool(self._client.set(self._keys[0], self._attempt, nx=True, px=self._ttl_ms))
        if self.held:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.held:
            return
        self._stop.set()
        self._thread.join()
        if not self.lost:
            try:
                self._client.eval(_RELEASE, 1, self._keys[0], self._attempt)
            except redis.RedisError as broken:
                log.warning("lease %s not released, it expires by itself: %s", self._keys[0], broken)

    def _renew_until_stopped(self) -> None:
        renewed = time.monotonic()
        while not self._stop.wait(self._every):
            try:
                if not self._client.eval(_RENEW, 2, *self._keys, self._attempt, self._ttl_ms):
                    self._lost.set()
                    return
                renewed = time.monotonic()
            except redis.RedisError as error:
                log.warning("lease %s not renewed: %s", self._keys[0], error)
                if (time.monotonic() - renewed) * 1000 > self._ttl_ms:
                    self._lost.set()
                    return
