"""A session's terminals, beyond what Jupyter Server's do: a bounded number, a scrollback counted in characters, and a
program that prints faster than its reader reads is made to wait, as in any terminal.

The protocol is terminado's JSON lists (``stdin``, ``set_size`` one way; ``setup``, ``stdout``, ``disconnect`` the
other) with one more, ``["ack", n]``: the page has drawn n more characters (https://xtermjs.org/docs/guides/flowcontrol/).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jupyter_server_terminals.api_handlers import TerminalRootHandler
from jupyter_server_terminals.handlers import TermSocket
from jupyter_server_terminals.terminalmanager import TerminalManager
from terminado.management import MaxTerminalsReached, PtyWithClients
from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from .kernel import HIDDEN, clean_environment

SHELL = ["/bin/bash", "--rcfile", str(Path(__file__).with_name("bashrc"))]
MAX_TERMINALS = 8
KEPT = 1 << 20
"""Characters of output that a reader who comes back gets again."""
PIECE = 4096
BEHIND = 128 << 10
"""Characters that a page may be behind before its terminal's program waits."""
CAUGHT_UP = 48 << 10
LOST = 4 << 20
"""Characters that may wait for a reader who never says what they have drawn, before the connection is closed."""
FIRST_WORD = 30.0
"""Seconds that a page has, once connected, to say that it tells what it draws. Until then what isn't sent counts."""
HELD_OPEN = 3.0
"""Seconds that a terminal which is closed has for its own end, before it is given up with what holds it open."""
TRY_AGAIN = 1013


class Scrollback(deque[str]):
    """The end of what a terminal printed, KEPT characters of it, from the start of a line."""

    def __init__(self) -> None:
        super().__init__()
        self._size = 0
        self._cut = False

    def append(self, text: str) -> None:
        if self and len(self[-1]) < PIECE:
            self[-1] += text
        else:
            super().append(text)
        self._size += len(text)
        while self._size > KEPT and len(self) > 1:
            self._size -= len(self.popleft())
            self._cut = True

    def copy(self) -> deque[str]:  # type: ignore[override]
        """What is kept, in one piece, as terminado drains it."""
        text = "".join(self)
        if self._cut:  # not from the middle of an escape sequence
            text = text[text.find("\n") + 1 :]
        return deque([text] if text else [])


class Terminals(TerminalManager):
    """Terminals by name. Raises MaxTerminalsReached where one more would be too many."""

    def new_terminal(self, **options: Any) -> PtyWithClients:
        if len(self.terminals) >= MAX_TERMINALS:
            raise MaxTerminalsReached(MAX_TERMINALS)
        made = super().new_terminal(**options)
        made.read_buffer = Scrollback()
        # Each its own: a program that doesn't read what is pasted must not hold up the keys of the others.
        made.writer = ThreadPoolExecutor(1)
        made.waits = made.closing = False
        return made

    def make_term_env(self, **options: Any) -> dict[str, str]:
        made = {**clean_environment(), **super().make_term_env(**options)}
        return {name: value for name, value in made.items() if name not in HIDDEN}

    def pty_read(self, fd: int, events: Any = None) -> None:
        super().pty_read(fd, events)
        terminal = self.ptys_by_fd.get(fd)
        if terminal is None or terminal.waits or terminal.closing:
            return
        if any(client.behind > BEHIND for client in terminal.clients):
            terminal.waits = True
            IOLoop.current().remove_handler(fd)

    def go_on(self, terminal: PtyWithClients) -> None:
        """Read on when every page has caught up, or the terminal is being closed."""
        caught_up = all(client.behind < CAUGHT_UP for client in terminal.clients)
        if terminal.waits and (caught_up or terminal.closing):
            terminal.waits = False
            IOLoop.current().add_handler(terminal.ptyproc.fd, self.pty_read, IOLoop.READ)

    async def terminate(self, name: str, force: bool = False) -> None:
        self._check_terminal(name)
        terminal = self.terminals[name]
        terminal.closing = True  # its end is found where its output is read
        self.go_on(terminal)
        await super().terminate(name, force=force)
        ends = time.monotonic() + HELD_OPEN
        while self.terminals.get(name) is terminal and time.monotonic() < ends:
            await asyncio.sleep(0.05)
        if self.terminals.get(name) is terminal:  # something that its shell left behind holds it open
            self.on_eof(terminal)
            for client in list(terminal.clients):
                client.on_pty_died()

    def on_eof(self, terminal: PtyWithClients) -> None:
        process = terminal.ptyproc
        if not process.terminated:
            # A shell whose terminal is gone is done, and ptyprocess would hold up the whole session until it has ended.
            os.kill(process.pid, signal.SIGKILL)
        super().on_eof(terminal)
        terminal.writer.shutdown(wait=False)


class TerminalSocket(TermSocket):
    """A browser's way to a terminal."""

    _sent = 0
    _acked: int | None = None
    _flushing = 0
    _silent_from = 0.0

    @property
    def behind(self) -> int:
        """Characters that the page has not drawn; of one that hasn't said so in time, 0."""
        if self._acked is not None:
            return self._sent - self._acked
        return self._flushing if time.monotonic() < self._silent_from else 0

    def open(self, name: Any = None) -> None:
        self._silent_from = time.monotonic() + FIRST_WORD
        super().open(name)
        self._blocking_io_executor = self.terminal.writer
        IOLoop.current().call_later(FIRST_WORD, self._go_on)

    def _go_on(self) -> None:
        if self.terminal is not None:
            self.term_manager.go_on(self.terminal)

    async def on_message(self, message: Any) -> None:
        order = json.loads(message)
        self.settings["lab_activity"].wake()
        if order[0] == "ack":
            self._acked = (self._acked or 0) + max(int(order[1]), 0)
            self._go_on()
        else:
            await super().on_message(message)

    def on_pty_read(self, text: str) -> None:
        if self.terminal.closing and self.behind > BEHIND:
            return  # nobody will read it, and what is queued before the end delays the news of it
        self._sent += len(text)
        if self._acked is None and self._flushing > LOST and time.monotonic() > self._silent_from:
            self.close(TRY_AGAIN)
            return
        try:
            # Jupyter's own write_message doesn't say when the text is out.
            written = WebSocketHandler.write_message(self, json.dumps(["stdout", text]))
        except WebSocketClosedError:
            return
        self._flushing += len(text)
        IOLoop.current().add_future(written, lambda done: self._flushed(len(text), done))
        self._update_activity()

    def _flushed(self, size: int, done: Any) -> None:
        self._flushing -= size
        if not done.cancelled():
            done.exception()  # a reader that left; what it missed it gets when it comes back
        self._go_on()

    def on_close(self) -> None:
        terminal = self.terminal
        super().on_close()
        if terminal is not None:
            self.term_manager.go_on(terminal)


class TerminalList(TerminalRootHandler):
    """``/api/terminals`` as Jupyter's, refusing one too many in the lab's own words."""

    async def post(self) -> None:
        try:
            await super().post()
        except MaxTerminalsReached:
            self.set_status(409)
            self.finish({"error": {"code": "too_many_terminals", "message": f"{MAX_TERMINALS} terminals are open"}})


def configure(config: Any) -> None:
    """Have Jupyter Server use them."""
    config.ServerApp.terminals_enabled = True
    config.ServerApp.jpserver_extensions = {"jupyter_server_terminals": True}
    config.ServerApp.terminado_settings = {"shell_command": SHELL}
    config.TerminalsExtensionApp.terminal_manager_class = Terminals
