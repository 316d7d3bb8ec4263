"""A whole class starts at once: how long until each has a sandbox, beside one student who starts alone."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from labs.catalog import Lab
from tests.bench.crowd import Waiter, crowd
from tests.live import LivePortal

MOST_SECONDS = 600


def measure(portal: LivePortal, lab: Lab, number: int) -> tuple[float, float, float]:
    """Seconds from the click to a sandbox that is ready: (one alone, p50 and p95 of ``number`` at once).

    Each leaves when theirs is ready, so that the next in line gets the place.
    """
    alone, *everybody = crowd(portal, number + 1, lab.id, queued=False)
    before = _start_and_leave(portal, lab, alone)
    with ThreadPoolExecutor(number) as threads:
        times = list(threads.map(lambda waiter: _start_and_leave(portal, lab, waiter), everybody))
    return before, statistics.median(times), statistics.quantiles(times, n=20)[-1]


def _start_and_leave(portal: LivePortal, lab: Lab, waiter: Waiter) -> float:
    headers = {"Cookie": waiter.cookies, "X-CSRFToken": waiter.csrf, "Referer": portal.url}
    with httpx.Client(base_url=portal.url, headers=headers, timeout=MOST_SECONDS) as browser:
        began = time.monotonic()
        key = browser.post(f"/lab/{lab.id}/sesion/").raise_for_status().json()["key"]
        with browser.stream("GET", f"/sesion/{key}/eventos/") as events:
            ready = next((line for line in events.iter_lines() if '"state": "ready"' in line), None)
        took = time.monotonic() - began
        if ready is None:
            raise RuntimeError(f"session {key} ended before it was ready")
        browser.post(f"/sesion/{key}/parar/").raise_for_status()
        return took
