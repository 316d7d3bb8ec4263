"""Joins ``/run/lab/ui-<port>.sock`` to ``127.0.0.1:<port>``: the only way to a lab's web page from outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

CHUNK = 64 << 10
MAX_CONNECTIONS = 128
_BODY = b'{"error":{"code":"not_listening","message":"nothing listens there yet"}}'
_NOBODY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


Heard = Callable[[bytes, bool], None]
"""Told of every chunk that comes from outside, before it is passed on, and whether it is its connection's first."""


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: Heard | None = None) -> None:
    first = True
    try:
        while chunk := await reader.read(CHUNK):
            if heard is not None:
                heard(chunk, first)
                first = False
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except ConnectionError:
        writer.close()  # one side is gone: nothing more to carry this way


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say that nobody listens, once the request is here: who is still writing would only see a broken pipe."""
    with suppress(TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        writer.write(_NOBODY)
        await writer.drain()


class Bridge:
    """One served port."""

    def __init__(self, port: int, heard: Heard) -> None:
        self.port = port
        self._heard = heard
        self._open = 0

    async def serve(self, path: Path) -> asyncio.Server:
        """Listen on a unix socket until the returned server is closed."""
        return await asyncio.start_unix_server(self._connect, path=str(path), limit=CHUNK)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MAX_CONNECTIONS:
            writer.close()
            return
        self._open += 1
        try:
            await self._join(reader, writer)
        finally:
            self._open -= 1
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.port, limit=CHUNK)
        except OSError:
            await _refuse(reader, writer)
            return
        try:
            await asyncio.gather(_copy(reader, inner_writer, self._heard), _copy(inner_reader, writer))
        finally:
            inner_writer.close()
