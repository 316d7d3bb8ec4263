"""``make bench``: the figures of the first student path on each driver of this machine, as one table with ratios."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from labs.catalog import Catalog, load
from tests.bench import baseline, measure, pages, reading, rush, streams, terminal
from tests.live import LivePortal
from tests.redis_server import free_port
from tests.sandboxes import available_drivers
from workers.config import ROOT, settings

RAW = "`docker run true` or `bwrap true` (s)"
LIGHT, SPARK = "paralelismo", "spark-sql"
STREAMS = 1000
CLASS = 60
READING = f"{reading.RATE} pages of the course a second, one core: p95 (s)"
TARGETS = {
    "click → ready, base, pool hit (s)": 0.5,
    "click → ready, base, pool miss (s)": 2.5,
    "click → ready, Spark, pool hit (s)": 0.5,
    "click → ready, Spark, pool miss (s)": 6.0,
    "Python run → first output (s)": 0.15,
    "Spark edit → result (s)": 1.0,
    "resume after hibernation (s)": 1.0,
    "verdict beyond the student's time, pool hit (s)": 0.2,
    "verdict beyond the student's time, pool miss (s)": 1.5,
    READING: 0.05,
}


@contextmanager
def portal(driver: str, warm: bool, **extra: str) -> Iterator[LivePortal]:
    """A portal of its own; without its pool every start is a miss."""
    with tempfile.TemporaryDirectory(prefix="labs-bench-") as folder:
        run_dir = Path(f"/dev/shm/labs-bench-{os.getpid()}")
        running = LivePortal(
            driver, Path(folder), run_dir, free_port(), extra={"LABS_POOL": str(warm).lower(), **extra}
        )
        try:
            running.start()
            yield running
        finally:
            running.stop()


class Figures(dict[str, float]):
    """What was measured so far; each figure is printed as it comes."""

    def take(self, name: str, value: float) -> None:
        self[name] = value
        print(f"  {name}: {value:.3f}", flush=True)


def figures(driver: str, catalog: Catalog) -> Figures:
    print(driver, flush=True)
    found = Figures()
    found.take(RAW, baseline.seconds(driver))
    with portal(driver, warm=True) as running:
        with_pool(running, catalog, found)
    with portal(driver, warm=False) as running:
        without_pool(running, catalog, found)
    with portal(driver, warm=False, LABS_HIBERNATE_SECONDS="3") as running:
        hibernating(running, catalog, found)
    with portal(driver, warm=False, LABS_SESSION_SLOTS="1") as running:
        many_streams(running, catalog, found)
    with portal(driver, warm=True) as running:
        whole_class(running, catalog, found)
    with portal(driver, warm=False) as running:
        half, most, cost = reading.measure(running, catalog, LIGHT)
        found.take(f"{reading.RATE} pages of the course a second, one core: p50 (s)", half)
        found.take(READING, most)
        found.take("a page of the course: processor time of the web process (s)", cost)
    return found


def whole_class(running: LivePortal, catalog: Catalog, found: Figures) -> None:
    """On the places that a host has by default."""
    alone, half, most = rush.measure(running, catalog.labs[LIGHT], CLASS)
    found.take(f"{CLASS} starts at once: p50 to ready (s)", half)
    found.take(f"{CLASS} starts at once: p95 to ready (s)", most)
    found.take(f"{CLASS} starts at once: p95 ÷ one start alone", most / alone)


def many_streams(running: LivePortal, catalog: Catalog, found: Figures) -> None:
    one, many = streams.measure(running, catalog.labs[LIGHT], STREAMS)
    for name, spread in (("1 live stream", one), (f"{STREAMS} live streams", many)):
        found.take(f"{name} on one web process: delay p95 (s)", spread.p95)
        found.take(f"{name} on one web process: its memory (MB)", spread.megabytes)


def with_pool(running: LivePortal, catalog: Catalog, found: Figures) -> None:
    light, spark = catalog.labs[LIGHT], catalog.labs[SPARK]
    student = measure.student(running)
    for kind, lab in (("base", light), ("Spark", spark)):
        click = partial(measure.click_to_ready, running, student, lab, hit=True)
        found.take(f"click → ready, {kind}, pool hit (s)", measure.median(click, 5))
    session = measure.Session(student, light)
    gateway = session.gateway()
    measure.first_output(gateway, light)
    found.take("Python run → first output (s)", measure.median(partial(measure.first_output, gateway, light), 9))
    through, direct = terminal.key_to_echo(running, gateway, session.key)
    found.take("terminal key → echo (ms)", 1000 * through)
    found.take("terminal key → echo ÷ over the sandbox's own socket", through / direct)
    found.take("idle memory of a base session (MB)", measure.idle_megabytes(running, session))
    session.stop()
    session = measure.Session(student, spark)
    gateway = session.gateway()
    measure.edit_to_result(student, gateway, spark, 3)
    found.take("idle memory of a Spark session (MB)", measure.idle_megabytes(running, session))
    through, direct = pages.first_byte(running, session, gateway)
    found.take("UI tab, Spark's page → first byte (ms)", 1000 * through)
    found.take("UI tab first byte over direct (ratio)", through / direct)
    edits = (measure.edit_to_result(student, gateway, spark, number) for number in range(4, 9))
    found.take("Spark edit → result (s)", statistics.median(edits))
    session.stop()
    measure.reset(student, light)
    measure.reset(student, spark)
    judged = partial(measure.verdict_beyond, running, student, light, hit=True)
    found.take("verdict beyond the student's time, pool hit (s)", measure.median(judged, 5))
    paths = ["/", "/curso/ml-a-escala/spark-sql/", f"/lab/{SPARK}/"]
    found.take("page p95 (s)", measure.page_p95(student, paths))
    found.take("jobs graded a minute", measure.jobs_a_minute(running, light))


def without_pool(running: LivePortal, catalog: Catalog, found: Figures) -> None:
    light, spark = catalog.labs[LIGHT], catalog.labs[SPARK]
    student = measure.student(running)
    measure.reset(student, light)
    for kind, lab in (("base", light), ("Spark", spark)):
        click = partial(measure.click_to_ready, running, student, lab, hit=False)
        found.take(f"click → ready, {kind}, pool miss (s)", measure.median(click, 3))
    judged = partial(measure.verdict_beyond, running, student, light, hit=False)
    found.take("verdict beyond the student's time, pool miss (s)", measure.median(judged, 3))


def hibernating(running: LivePortal, catalog: Catalog, found: Figures) -> None:
    light = catalog.labs[LIGHT]
    session = measure.Session(measure.student(running), light)
    gateway = session.gateway()
    measure.first_output(gateway, light)
    awake = measure.median(partial(measure.run_to_text, gateway, light), 9)
    resumed = measure.median(partial(measure.after_hibernation, gateway, light), 5)
    found.take("resume after hibernation (s)", resumed)
    found.take("resume after hibernation ÷ the same run awake", resumed / awake)
    session.stop()


def table(results: dict[str, Figures]) -> str:
    """Markdown: a row a figure, a column a driver, the target, and how the drivers compare."""
    drivers = list(results)
    first = results[drivers[0]]
    head = ["figure", "target", *drivers, *([f"{drivers[1]} ÷ {drivers[0]}"] if len(drivers) > 1 else [])]
    order = [*TARGETS, *(name for name in first if name not in TARGETS)]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name in order:
        values = [results[driver][name] for driver in drivers]
        goal = f"≤ {TARGETS[name]:g}" if name in TARGETS else ""
        cells = [f"{value:.3g}{'' if value <= TARGETS.get(name, value) else ' ✕'}" for value in values]
        ratio = [f"{values[1] / values[0]:.2f}"] if len(values) > 1 and values[0] else []
        lines.append(f"| {' | '.join([name, goal, *cells, *ratio])} |")
    hits = [
        results[driver]["verdict beyond the student's time, pool hit (s)"] / results[driver][RAW] for driver in drivers
    ]
    lines.append(f"| verdict, pool hit ÷ that | | {' | '.join(f'{hit:.2f}' for hit in hits)} |")
    return "\n".join(lines)


def main() -> int:
    catalog = load(settings().content_dir)
    forced = settings().driver
    drivers = available_drivers() if forced == "auto" else [forced]
    results = {driver: figures(driver, catalog) for driver in drivers}
    when = datetime.datetime.now(tz=datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    load_now = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    note = (
        f"{when}, {os.cpu_count()} cores, Linux {platform.release()}, load {load_now} at the end. ✕: over its target."
    )
    text = f"{table(results)}\n\n{note}\n"
    (ROOT / "var" / "bench.md").write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
