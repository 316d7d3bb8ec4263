"""Becomes Spark's History Server at port 18080, over the event logs that the sandbox's sessions write.

The JVM is as lean as the session's and starts on the same class archive (prepare.py); its log is the service's.
"""

from __future__ import annotations

import json
import os

import lab_spark

CONFIGURATION = {
    "spark.history.fs.logDirectory": lab_spark.EVENT_LOG.as_uri(),
    "spark.history.fs.update.interval": "2s",
    "spark.history.ui.port": "18080",
}
NOT_OURS = ("-Xms", "-Xmx", "-Dlog4j2.configurationFile")


def command() -> list[str]:
    """The JVM's command line."""
    told = json.loads(lab_spark.COMMAND.read_text())
    flags = [flag for flag in told["flags"] if not flag.startswith(NOT_OURS)]
    settings = [f"-D{name}={value}" for name, value in {"user.home": os.environ["HOME"], **CONFIGURATION}.items()]
    archive = f"-XX:SharedArchiveFile={lab_spark.ARCHIVE}"
    return [told["java"], archive, "-Xmx256m", *settings, *flags, "org.apache.spark.deploy.history.HistoryServer"]


if __name__ == "__main__":
    lab_spark.EVENT_LOG.mkdir(exist_ok=True)
    line = command()
    os.execv(line[0], line)  # noqa: S606 -- the JVM takes this process's place: its end is the service's
