"""Records dask-log.jsonl: with the Python of the environment `dask`, ``make_dask_log.py dask-log.jsonl``.

A delayed graph with shared work, a scattered array used by four tasks, a task that recovers and one that doesn't.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from dask import delayed
from distributed import Client

MODULE = [sys.executable, "-m"]
SCHEDULER = ["--host", "127.0.0.1", "--port", "18799", "--no-dashboard", "--preload", "lab_dask"]
WORKER = ["tcp://127.0.0.1:18799", "--no-nanny", "--no-dashboard", "--nthreads", "1", "--memory-limit", "550MiB"]


def load(number: int) -> np.ndarray:
    time.sleep(0.05)
    return np.full(1000, float(number))


def scaled(values: np.ndarray, factor: int) -> float:
    return float(values.sum()) * factor


def fails(times: int, path: str) -> int:
    with Path(path).open("a") as file:
        file.write(".")
    if Path(path).stat().st_size <= times:
        raise OSError("again")
    return times


def record(client: Client, scratch: Path) -> None:
    client.wait_for_workers(2)
    loaded = [delayed(load)(number) for number in range(4)]
    delayed(sum)([delayed(scaled)(values, factor) for values in loaded for factor in (2, 3)]).compute()
    (given,) = client.scatter([np.zeros(50_000)])
    client.gather([client.submit(scaled, given, factor) for factor in range(4)])
    client.submit(scaled, np.ones(50_000), 9).result()
    client.submit(fails, 1, str(scratch / "one"), retries=1).result()
    client.submit(fails, 9, str(scratch / "nine"), retries=1).exception()
    time.sleep(1)


def main(target: Path, scratch: Path) -> None:
    environment = {**os.environ, "LAB_DASK_LOG": str(target)}
    commands = [["distributed.cli.dask_scheduler", *SCHEDULER], *[["distributed.cli.dask_worker", *WORKER]] * 2]
    processes = [subprocess.Popen([*MODULE, *command], env=environment, cwd=scratch) for command in commands]
    try:
        with Client("tcp://127.0.0.1:18799", timeout=60) as client:
            record(client, scratch)
    finally:
        for process in processes:
            process.kill()


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        main(Path(sys.argv[1]).absolute(), Path(folder))
