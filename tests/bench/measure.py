"""Each figure, taken as a student has it: over HTTP, against a running portal."""

from __future__ import annotations

import json
import sqlite3
import statistics
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labs.catalog import Lab
from portal.demo import Gateway, Student, lab_config, reset, save
from tests.live import LivePortal, wait_for
from workers.sandboxes.rundir import uid_of

SPARK_PROGRAM = """from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(100_000).selectExpr("id % {number} as k").groupBy("k").count().orderBy("k").show(5)
"""


def student(portal: LivePortal, name: str = "estudiante") -> Student:
    signed_in = Student(portal.url)
    signed_in.sign_in(name, portal.password(name))
    return signed_in


def wait_for_pool(portal: LivePortal, lab: Lab, kind: str) -> None:
    """Until the pool holds a warm sandbox of this kind for the lab's environment."""
    folder = portal.run_dir / "pool" / lab.spec.environment

    def warm() -> bool:
        return any(path.parent.name == kind for path in folder.rglob("*") if path.is_file())

    wait_for(warm, 180, lambda: f"no warm {kind} for {lab.spec.environment}")


def median(sample: Callable[[], float], times: int) -> float:
    return statistics.median(sample() for _ in range(times))


class Session:
    """One interactive session from the click to its stop, with the time that the click took."""

    def __init__(self, signed_in: Student, lab: Lab) -> None:
        self.student, self.lab = signed_in, lab
        began = time.monotonic()
        self.state = signed_in.call("POST", f"/lab/{lab.id}/sesion/")
        self.key = self.state["key"]
        if self.state["state"] != "ready":
            self.state = next(
                now for now in signed_in.events(f"/sesion/{self.key}/eventos/") if now["state"] == "ready"
            )
        self.ready_seconds = time.monotonic() - began

    def gateway(self) -> Gateway:
        ticket = self.student.call("POST", f"/sesion/{self.key}/ticket/", {"ui": "jupyter"})["ticket"]
        return Gateway(lab_config(self.student, self.lab)["gateway"], self.key, ticket)

    def stop(self) -> None:
        self.student.call("POST", f"/sesion/{self.key}/parar/")

        def ended() -> bool:
            return self.student.call("GET", f"/sesion/{self.key}/")["state"] in {"stopped", "failed"}

        wait_for(ended, 60, lambda: "the session doesn't stop")


def click_to_ready(portal: LivePortal, signed_in: Student, lab: Lab, hit: bool) -> float:
    if hit:
        wait_for_pool(portal, lab, "session")
    session = Session(signed_in, lab)
    session.stop()
    if bool(session.state["pool_hit"]) is not hit:
        raise RuntimeError(f"{lab.id}: wanted pool hit {hit}, got {session.state['pool_hit']}")
    return session.ready_seconds


def first_output(gateway: Gateway, lab: Lab) -> float:
    """From asking for a run to its first printed text."""
    gateway.http.put(f"/lab/files/{lab.spec.entry}", content=b"print('here')\n").raise_for_status()
    began = time.monotonic()
    seen = [time.monotonic() - began for event in gateway.run(lab.spec.entry) if event["t"] == "stream"]
    return seen[0]


def run_to_text(gateway: Gateway, lab: Lab) -> float:
    """From asking for a run of what is in the sandbox already to its first printed text."""
    began = time.monotonic()
    seen = [time.monotonic() - began for event in gateway.run(lab.spec.entry) if event["t"] == "stream"]
    return seen[0]


def wait_until_paused(gateway: Gateway) -> None:
    """Until the sandbox, which nobody uses, hibernates."""

    def paused() -> bool:
        return bool(gateway.http.get("/lab/activity").json()["hibernating"])

    wait_for(paused, 120, lambda: "the sandbox doesn't hibernate")


def after_hibernation(gateway: Gateway, lab: Lab) -> float:
    """The same from a paused sandbox."""
    wait_until_paused(gateway)
    return run_to_text(gateway, lab)


def edit_to_result(signed_in: Student, gateway: Gateway, lab: Lab, number: int) -> float:
    """From an edit to the end of its run: stored, sent, run by the Spark session that is up."""
    program = SPARK_PROGRAM.format(number=number)
    began = time.monotonic()
    save(signed_in, lab, lab.spec.entry, program)
    gateway.http.put(f"/lab/files/{lab.spec.entry}", content=program.encode()).raise_for_status()
    last = list(gateway.run(lab.spec.entry))[-1]
    if last["state"] != "ok":
        raise RuntimeError(f"the Spark run ended as {last}")
    return time.monotonic() - began


def verdict(portal: LivePortal, signed_in: Student, lab: Lab) -> tuple[float, float]:
    """(from the click to the verdict, how much of it was the student's own program)."""
    began = time.monotonic()
    submission = signed_in.call("POST", f"/lab/{lab.id}/entregas/", {}, **{"Idempotency-Key": uuid.uuid4().hex})
    for now in signed_in.events(f"/entregas/{submission['id']}/eventos/"):
        if now["state"] in {"graded", "needs_staff"}:
            break
    taken = time.monotonic() - began
    if now["outcome"] != "graded":
        raise RuntimeError(f"submission {now['id']} ended as {now['outcome']}: {now['message']}")
    return taken, timings(portal, submission["id"])["student"]


def timings(portal: LivePortal, submission: int) -> dict[str, float]:
    """What the worker says of one grading; only the database keeps it."""
    with sqlite3.connect(f"file:{portal.var_dir}/db.sqlite3?mode=ro", uri=True) as database:
        query = "select timings from grading_gradingjob where submission_id = ?"
        row = database.execute(query, [submission]).fetchone()
    found: dict[str, float] = json.loads(row[0])
    return found


def verdict_beyond(portal: LivePortal, signed_in: Student, lab: Lab, hit: bool) -> float:
    if hit:
        wait_for_pool(portal, lab, "grading")
    taken, own = verdict(portal, signed_in, lab)
    return taken - own


def jobs_a_minute(portal: LivePortal, lab: Lab, each: int = 4) -> float:
    """Everybody of the demo cohort submits, again and again, each waiting for their own verdict."""
    everybody = [student(portal, name) for name in ("estudiante", "docente", "admin")]
    for one in everybody:
        reset(one, lab)
    began = time.monotonic()
    with ThreadPoolExecutor(len(everybody)) as threads:
        work = [threads.submit(lambda one=one: [verdict(portal, one, lab) for _ in range(each)]) for one in everybody]
        for done in work:
            done.result()
    return len(everybody) * each / (time.monotonic() - began) * 60


def idle_megabytes(portal: LivePortal, session: Session) -> float:
    """Proportional memory of every process of one session's sandbox."""
    sandbox = (portal.run_dir / "routes" / session.key).read_text().strip()
    uid, total = str(uid_of(sandbox)), 0
    for process in Path("/proc").iterdir():
        total += _kilobytes(process, uid) if process.name.isdigit() else 0
    return total / 1024


def _kilobytes(process: Path, uid: str) -> int:
    try:
        status = (process / "status").read_text()
        if f"\nUid:\t{uid}\t" not in status:
            return 0
        rollup = (process / "smaps_rollup").read_text()
    except OSError:  # it ended meanwhile
        return 0
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def page_p95(signed_in: Student, paths: list[str], times: int = 25) -> float:
    taken = []
    for _ in range(times):
        for path in paths:
            began = time.monotonic()
            signed_in.read(path)
            taken.append(time.monotonic() - began)
    return statistics.quantiles(taken, n=20)[-1]
