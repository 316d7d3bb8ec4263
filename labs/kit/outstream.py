"""What a kernel's ``print`` writes to: ipykernel's stream, with a bound on what waits to be sent."""

from __future__ import annotations

from ipykernel.iostream import OutStream

MAX_WAITING = 256 << 10
"""Characters. One message holds no more, whoever prints and however busy the machine is."""


class BoundedStream(OutStream):
    """A program that prints faster than its output leaves waits here, as it would on a full pipe.

    ipykernel's own gathers without end until its thread gets a turn: then one message may be longer than
    the other side takes, and output that should end as ``output_limit`` would be lost instead.
    """

    flush_interval = 0.02  # ipykernel waits 200 ms: longer than our whole budget for a first output
    _waiting = 0

    def write(self, string: str) -> int | None:
        """As any text stream's; the count of characters written."""
        for start in range(0, len(string), MAX_WAITING):
            part = string[start : start + MAX_WAITING]
            super().write(part)
            self._waiting += len(part)
            if self._waiting >= MAX_WAITING:
                self.flush()
                self._waiting = 0
        return len(string)
