"""Records what a run sends, by sequence number, so that any reader resumes with no gap and no duplicate.

Text is joined for up to 50 ms before it becomes an event: a million one-byte writes are a few events.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any, Literal

from .wire import Message

State = Literal["running", "ok", "error", "interrupted", "killed", "output_limit"]

KEPT_RUNS = 20
KEPT_BYTES = 16 << 20
OUTPUT_BYTES = 4 << 20
COALESCE_SECONDS = 0.05
EVENT_OVERHEAD = 200
"""What an event costs beside its text: a flood of tiny ones must reach the cap too."""
MIMES = (
    "text/plain",
    "text/html",
    "text/markdown",
    "image/png",
    "image/svg+xml",
    "application/json",
    "application/vnd.plotly.v1+json",
)


class Run:
    """One run and its events. Only the event loop's thread touches it."""

    def __init__(self, ident: str, path: str, cell: str | None = None) -> None:
        self.id = ident
        self.path = path
        self.cell = cell
        """The notebook's cell that runs, by id; None when a whole file does."""
        self.state: State = "running"
        self.started = time.time()
        self.size = 0
        self.failed = False
        self.over = False
        """Past the output cap: what comes after is dropped."""
        self._began = time.monotonic()
        self._events: list[str] = []
        self._waiting: tuple[str, str] | None = None
        self._flushed = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._add({"t": "state", "state": "running", "seconds": 0.0})

    def describe(self) -> dict[str, Any]:
        told = {"id": self.id, "path": self.path, "state": self.state, "started": self.started}
        return told if self.cell is None else {**told, "cell": self.cell}

    def record(self, message: Message) -> None:
        """Take one message of the kernel."""
        if self.state != "running" or self.over:
            return
        content = message.content
        if message.type == "stream":
            self._text("stderr" if content.get("name") == "stderr" else "stdout", str(content.get("text", "")))
        elif message.type in ("display_data", "execute_result"):
            bundle = content.get("data")
            if isinstance(bundle, dict):
                self._now({"t": "display", "data": {mime: bundle[mime] for mime in MIMES if mime in bundle}})
        elif message.type == "execute_input" and self.cell is not None:
            count = content.get("execution_count")
            self._now({"t": "count", "count": count if isinstance(count, int) else None})
        elif message.type == "error":
            self.failed = True
            lines = content.get("traceback")
            told = "\n".join(map(str, lines)) if isinstance(lines, list) else ""
            error = {"ename": str(content.get("ename")), "evalue": str(content.get("evalue")), "traceback": told}
            self._now({"t": "error", **error})

    def finish(self, state: State) -> None:
        """End it, once."""
        if self.state == "running":
            self._flush()
            self.state = state
            self._add({"t": "state", "state": state, "seconds": round(time.monotonic() - self._began, 3)})

    async def follow(self, after: int) -> AsyncIterator[tuple[int, str] | None]:
        """Each event past ``after`` as (sequence, JSON); None every 15 quiet seconds. Ends after the final state."""
        position = max(after, 0)
        while True:
            while position < len(self._events):
                position += 1
                yield position, self._events[position - 1]
            if self.state != "running":
                return
            changed = self._changed
            try:
                await asyncio.wait_for(changed.wait(), 15)
            except TimeoutError:
                yield None

    def _text(self, name: str, text: str) -> None:
        if len(text) > OUTPUT_BYTES - self.size:
            text, self.over = text[: max(OUTPUT_BYTES - self.size, 0)], True
        self.size += len(text)
        if self._waiting and self._waiting[0] != name:
            self._flush()
        self._waiting = (name, (self._waiting[1] if self._waiting else "") + text)
        quiet = time.monotonic() - self._flushed
        if quiet >= COALESCE_SECONDS:
            self._flush()  # the first text after a pause is not kept waiting
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(COALESCE_SECONDS - quiet, self._flush)

    def _now(self, event: dict[str, Any]) -> None:
        self._flush()
        text = json.dumps(event, ensure_ascii=False)
        if len(text) > OUTPUT_BYTES - self.size:
            self.over = True
        else:
            self._append(text)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting is not None:
            name, text = self._waiting
            self._waiting = None
            self._flushed = time.monotonic()
            self.size -= len(text)  # _append counts it
            self._add({"t": "stream", "name": name, "text": text})

    def _add(self, event: dict[str, Any]) -> None:
        self._append(json.dumps(event, ensure_ascii=False))

    def _append(self, text: str) -> None:
        self._events.append(text.encode(errors="replace").decode())  # lone surrogates can't be sent
        self.size += len(text) + EVENT_OVERHEAD
        if self.size > OUTPUT_BYTES:
            self.over = True
        self._changed.set()
        self._changed = asyncio.Event()


class Runs:
    """The last runs of this session."""

    def __init__(self) -> None:
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._count = 0

    def start(self, path: str, cell: str | None = None) -> Run:
        self._count += 1
        run = Run(f"r{self._count}", path, cell)
        self._runs[run.id] = run
        while len(self._runs) > KEPT_RUNS or self._bytes() > KEPT_BYTES:
            self._runs.popitem(last=False)
        return run

    def get(self, ident: str) -> Run | None:
        return self._runs.get(ident)

    def list(self) -> list[dict[str, Any]]:
        return [run.describe() for run in self._runs.values()]

    def _bytes(self) -> int:
        return sum(run.size for run in self._runs.values())
