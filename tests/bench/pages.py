"""A web page of a lab until its first byte: through the gateway, and over the sandbox's own socket in the same run."""

from __future__ import annotations

import statistics
import time

import httpx

from portal.demo import Gateway
from tests.bench import measure
from tests.live import LivePortal

TIMES = 60
WARM = 5
SPARK_UI = 4040
PATH = "/jobs/"


def first_byte(portal: LivePortal, session: measure.Session, gateway: Gateway) -> tuple[float, float]:
    """(seconds through the gateway, seconds over the socket itself) of Spark's own page, each the median of many.

    ``gateway``: of that session, whose Spark is up. One after the other by turns, each on a connection that is kept.
    """
    gateway.http.post("/lab/ports", json={"port": SPARK_UI}).raise_for_status()
    ui = f"port-{SPARK_UI}"
    ticket = session.student.call("POST", f"/sesion/{session.key}/ticket/", {"ui": ui})["ticket"]
    host = gateway.http.headers["Host"].replace("jupyter--", f"{ui}--", 1)
    sandbox = (portal.run_dir / "routes" / session.key).read_text().strip()
    socket = portal.run_dir / sandbox / "lab" / f"ui-{SPARK_UI}.sock"
    headers = {"Host": host, "Authorization": f"Bearer {ticket}"}
    through, direct = [], []
    with (
        httpx.Client(base_url=gateway.http.base_url, headers=headers, timeout=30) as outside,
        httpx.Client(
            base_url=f"http://localhost:{SPARK_UI}", transport=httpx.HTTPTransport(uds=str(socket)), timeout=30
        ) as inside,
    ):
        for _ in range(WARM + TIMES):
            through.append(_seconds(outside))
            direct.append(_seconds(inside))
    return statistics.median(through[WARM:]), statistics.median(direct[WARM:])


def _seconds(client: httpx.Client) -> float:
    began = time.perf_counter()
    with client.stream("GET", PATH) as answer:
        taken = time.perf_counter() - began
        answer.raise_for_status()
        answer.read()
    return taken
