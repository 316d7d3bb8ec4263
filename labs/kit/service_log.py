"""What a service wrote: its last MiB, by offset, so that a reader resumes with no gap and no duplicate."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterator
from dataclasses import dataclass

KEPT_BYTES = 1 << 20
PART_BYTES = 64 << 10
COALESCE_SECONDS = 0.05
QUIET_SECONDS = 15


@dataclass(frozen=True)
class Part:
    """Text of a log. ``end`` is the offset after it; ``lost`` counts the bytes before it that are no longer kept."""

    text: str
    end: int
    lost: int = 0


class Log:
    """A ring of bytes. Offsets count from the first byte ever written. Only the event loop's thread touches it."""

    def __init__(self) -> None:
        self.end = 0
        self._kept = bytearray()
        self._changed = asyncio.Event()

    def write(self, data: bytes) -> None:
        self._kept += data
        self.end += len(data)
        if len(self._kept) > KEPT_BYTES:
            del self._kept[: len(self._kept) - KEPT_BYTES]
        self._changed.set()
        self._changed = asyncio.Event()

    def read(self, after: int, limit: int = PART_BYTES) -> Part:
        """What follows an offset, in whole characters. An offset this log never reached means from the start."""
        first = self.end - len(self._kept)
        begin = max(after, first) if 0 <= after <= self.end else first
        data = bytes(self._kept[begin - first : begin - first + limit])
        lost = begin - after if 0 <= after < begin else 0
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(data.lstrip(_CONTINUATION) if lost else data)
        return Part(text, begin + len(data) - len(decoder.getstate()[0]), lost)

    def tail(self, limit: int) -> str:
        """The end of it, at most that many bytes."""
        return self.read(max(self.end - limit, 0), limit).text

    async def follow(self, after: int) -> AsyncIterator[Part | None]:
        """All that follows an offset, without end; None every quiet 15 seconds."""
        while True:
            changed = self._changed
            part = self.read(after)
            if part.end != after or part.lost:
                after = part.end
                yield part
                await asyncio.sleep(COALESCE_SECONDS)
                continue
            try:
                await asyncio.wait_for(changed.wait(), QUIET_SECONDS)
            except TimeoutError:
                yield None


_CONTINUATION = bytes(range(0x80, 0xC0))
"""Bytes that no character starts with: what is left of one that the ring cut in two."""
