"""Which ports of the sandbox something listens on, and the sockets that lead to them from outside."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from . import places
from .bridge import Bridge, Heard

LOWEST, HIGHEST = 1024, 65535
MAX_OPEN = 64
_LISTEN = "0A"
_REACHABLE = frozenset(
    {  # the addresses that a connection to 127.0.0.1 reaches, as /proc/net writes them
        "00000000",
        "0100007F",
        "0" * 32,
        "0000000000000000FFFF000000000000",
        "0000000000000000FFFF00000100007F",
    }
)


class BadPort(ValueError):
    """Not a port that a bridge may lead to."""


def listening() -> dict[int, str]:
    """The ports of 127.0.0.1 that something listens on, each with its socket's inode (proc(5), /proc/net/tcp)."""
    found: dict[int, str] = {}
    for table in ("tcp", "tcp6"):
        with suppress(FileNotFoundError):  # a host without IPv6
            for line in Path("/proc/net", table).read_text().splitlines()[1:]:
                fields = line.split()
                address, _, port = fields[1].partition(":")
                if fields[3] == _LISTEN and address in _REACHABLE:
                    found[int(port, 16)] = fields[9]
    return found


def _holders() -> dict[str, tuple[int, str]]:
    """Process id and name by socket inode, for the processes we may look into."""
    found: dict[str, tuple[int, str]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is not ours
            name = (process / "comm").read_text().strip()
            for descriptor in (process / "fd").iterdir():
                with suppress(OSError):
                    target = str(descriptor.readlink())
                    if target.startswith("socket:["):
                        found[target[8:-1]] = (int(process.name), name)
    return found


def servers() -> list[dict[str, object]]:
    """``{"port", "process"}`` of every server that a bridge could lead to, the kit's own left out."""
    holders = _holders()
    found: list[dict[str, object]] = []
    for port, inode in sorted(listening().items()):
        pid, name = holders.get(inode, (0, ""))
        if port >= LOWEST and pid != os.getpid():
            found.append({"port": port, "process": name})
    return found


class Ports:
    """The bridges of one session: ``/run/lab/ui-<port>.sock`` each."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._open: dict[int, asyncio.Server] = {}

    async def open(self, port: object) -> int:
        """See that the bridge to this port is there; the port. Raises BadPort."""
        if type(port) is not int or not LOWEST <= port <= HIGHEST:
            raise BadPort(f"a port is a number from {LOWEST} to {HIGHEST}")
        if port not in self._open:
            if len(self._open) >= MAX_OPEN:
                raise BadPort(f"{MAX_OPEN} ports are open already")
            self._open[port] = await Bridge(port, self._heard).serve(places.RUN / f"ui-{port}.sock")
        return port
