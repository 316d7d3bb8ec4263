"""A session's terminals: a shell that works, a scrollback for who comes back, programs that wait for a slow page."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from labs.kit.kernel import HIDDEN
from tests.labs.kit.roles import READY_SECONDS, Session

READY_FOR_INPUT = "\x1b]133;B"
BEGUN = "\x1b]133;C"
MUCH = """
for _ in range(400):
    print("y" * 9999)
    print("x", end="", file=open("cuenta", "a"))
"""


@pytest.fixture
def session_() -> Iterator[Session]:
    """One of its own: what a test opens stays open."""
    role = Session("session")
    role.wait_ready()
    yield role
    role.stop()


class Screen:
    """A page's connection to one terminal."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.text = ""
        self._seen = 0

    async def say(self, *order: Any) -> None:
        await self.socket.send_str(json.dumps(order))

    async def type(self, command: str) -> None:
        await self.say("stdin", command + "\r")

    async def message(self) -> list[Any]:
        got: list[Any] = await self.socket.receive_json(timeout=READY_SECONDS)
        if got[0] == "stdout":
            self.text += got[1]
        return got

    async def until(self, text: str) -> str:
        """All that came, once this has come after what was waited for before."""
        start = self._seen
        while (at := self.text.find(text, start)) < 0:
            start = max(self._seen, len(self.text) - len(text))
            await self.message()
        self._seen = at + len(text)
        return self.text


class Terminals:
    def __init__(self, session: Session) -> None:
        self.session = session

    def open(self) -> tuple[int, dict[str, Any]]:
        status, content = self.session.request("POST", "/api/terminals")
        return status, json.loads(content)

    def names(self) -> list[str]:
        return [one["name"] for one in json.loads(self.session.request("GET", "/api/terminals")[1])]

    def use(self, test: Callable[[Callable[[str], Awaitable[Screen]]], Awaitable[None]]) -> None:
        """Run a test that is given a way to connect."""

        async def main() -> None:
            connector = aiohttp.UnixConnector(path=str(self.session.run / "jupyter.sock"))
            async with aiohttp.ClientSession(connector=connector) as client:

                async def connect(name: str) -> Screen:
                    url = f"http://localhost/terminals/websocket/{name}"
                    return Screen(await client.ws_connect(url, max_msg_size=0))

                await test(connect)

        asyncio.run(main())


@pytest.fixture
def terminals(session_: Session) -> Terminals:
    return Terminals(session_)


def test_a_shell_in_the_workspace_with_the_lab_s_python_and_nothing_of_the_sandbox_s_own(terminals: Terminals) -> None:
    name = terminals.open()[1]["name"]

    async def test(connect: Callable[[str], Awaitable[Screen]]) -> None:
        screen = await connect(name)
        await screen.say("set_size", 33, 101)
        await screen.until(READY_FOR_INPUT)
        await screen.type("pwd; stty size; command -v python; env; echo fi''n")
        text = await screen.until("\nfin\r\n")
        assert str(terminals.session.work) in text
        assert "\n33 101\r\n" in text
        assert "/bin/python\r\n" in text
        assert "TERM=xterm-256color" in text
        assert [variable for variable in HIDDEN if f"\n{variable}=" in text] == []
        assert text.index(BEGUN) < text.index(str(terminals.session.work)), "the page is told when a command begins"

    terminals.use(test)


def test_who_comes_back_sees_the_end_of_what_was_printed(terminals: Terminals) -> None:
    name = terminals.open()[1]["name"]

    async def test(connect: Callable[[str], Awaitable[Screen]]) -> None:
        screen = await connect(name)
        await screen.until(READY_FOR_INPUT)
        await screen.type("for i in $(seq 30000); do echo renglón $i de muchos; done; echo fi''n")
        await screen.until("\nfin\r\n")
        await screen.until(READY_FOR_INPUT)
        whole = screen.text
        await screen.socket.close()
        again = await connect(name)
        await again.until(READY_FOR_INPUT)
        assert again.text == whole, "many small reads are all kept"
        await again.type("head -c 3000000 /dev/zero | tr '\\0' x | fold -w 99; echo; echo ot''ro")
        await again.until("\notro\r\n")
        await again.socket.close()
        last = await connect(name)
        await last.until("\notro\r\n")
        assert 1_000_000 < len(last.text) < 1_100_000
        assert last.text.startswith("x" * 99 + "\r\n"), "from the start of a line"

    terminals.use(test)


def test_a_program_waits_for_a_page_that_says_what_it_has_drawn(terminals: Terminals) -> None:
    name = terminals.open()[1]["name"]
    counter = Path(terminals.session.work) / "cuenta"
    (terminals.session.work / "mucho.py").write_text(MUCH)

    async def test(connect: Callable[[str], Awaitable[Screen]]) -> None:
        screen, other = await connect(name), await connect(name)
        await screen.until(READY_FOR_INPUT)
        await screen.say("ack", 0)
        await screen.type("python mucho.py; echo fi''n")
        while len(screen.text) < 100_000:
            await screen.message()
        reached = await settled(lambda: counter.stat().st_size)
        assert reached < 200, "it stopped long before its end"
        await screen.say("ack", 10_000_000)
        await other.until("\nfin\r\n")
        assert len(other.text) > 4_000_000, "who says nothing got all of it, too"

    terminals.use(test)


def test_a_waiting_program_goes_on_when_its_page_leaves_and_ends_when_it_is_closed(terminals: Terminals) -> None:
    name = terminals.open()[1]["name"]

    async def test(connect: Callable[[str], Awaitable[Screen]]) -> None:
        screen = await connect(name)
        await screen.until(READY_FOR_INPUT)
        await screen.say("ack", 0)
        await screen.type("head -c 2000000 /dev/zero | tr '\\0' y; touch hecho; yes")
        while len(screen.text) < 100_000:
            await screen.message()
        await screen.socket.close()
        await eventually(lambda: (terminals.session.work / "hecho").exists())
        again = await connect(name)
        await again.say("ack", 0)
        while len(again.text) < 100_000:
            await again.message()
        request = asyncio.to_thread(terminals.session.request, "DELETE", f"/api/terminals/{name}")
        deleting = asyncio.create_task(request)
        # Read meanwhile, as a page does: a server waits seconds, no more, for a reader to see that it closes.
        while (await again.message())[0] != "disconnect":
            pass
        assert (await deleting)[0] == 204

    terminals.use(test)
    assert terminals.names() == []


def test_what_a_shell_leaves_behind_does_not_keep_its_terminal_open(terminals: Terminals) -> None:
    name = terminals.open()[1]["name"]

    async def test(connect: Callable[[str], Awaitable[Screen]]) -> None:
        screen = await connect(name)
        await screen.until(READY_FOR_INPUT)
        await screen.type("(trap '' HUP INT TERM; sleep 120) & echo li''sto")
        await screen.until("listo")
        request = asyncio.to_thread(terminals.session.request, "DELETE", f"/api/terminals/{name}")
        deleting = asyncio.create_task(request)
        while (await screen.message())[0] != "disconnect":
            pass
        assert (await deleting)[0] == 204

    terminals.use(test)
    assert terminals.names() == []


def test_a_page_that_comes_back_has_time_to_say_that_it_counts_what_it_draws(terminals: Terminals) -> None:
    name = terminals.open()[1]["name"]

    async def test(connect: Callable[[str], Awaitable[Screen]]) -> None:
        screen = await connect(name)
        await screen.until(READY_FOR_INPUT)
        await screen.type("yes")
        await screen.socket.close()
        again = await connect(name)
        await asyncio.sleep(5)  # as over a slow network: `yes` prints far more than may ever wait for a page
        drawn = 0
        while len(again.text) < 6_000_000:
            await again.say("ack", len(again.text) - drawn)
            drawn = len(again.text)
            await again.message()

    terminals.use(test)


async def settled(ask: Callable[[], int]) -> int:
    """The value that no longer changes."""
    before, now = -1, ask()
    while now != before:
        await asyncio.sleep(1)
        before, now = now, ask()
    return now


async def eventually(ask: Callable[[], bool]) -> None:
    end = time.monotonic() + READY_SECONDS
    while not ask():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


def test_a_paste_that_nobody_reads_holds_up_no_other_terminal(terminals: Terminals) -> None:
    stuck, free = (terminals.open()[1]["name"] for _ in range(2))

    async def test(connect: Callable[[str], Awaitable[Screen]]) -> None:
        first, second = await connect(stuck), await connect(free)
        await first.until(READY_FOR_INPUT)
        await first.type("stty raw -echo; sleep 600")
        await first.until(BEGUN)
        await first.say("stdin", "x" * 200_000)
        await second.until(READY_FOR_INPUT)
        await second.type("echo li''bre")
        await second.until("libre\r\n")

    terminals.use(test)


def test_a_shell_that_ends_says_so_and_is_no_longer_listed(terminals: Terminals) -> None:
    name = terminals.open()[1]["name"]

    async def test(connect: Callable[[str], Awaitable[Screen]]) -> None:
        screen = await connect(name)
        await screen.until(READY_FOR_INPUT)
        await screen.type("exit")
        while (await screen.message())[0] != "disconnect":
            pass

    terminals.use(test)
    assert terminals.names() == []


def test_one_terminal_too_many_is_refused_until_another_is_closed(terminals: Terminals) -> None:
    answers = [terminals.open() for _ in range(9)]
    assert [status for status, _ in answers] == [200] * 8 + [409]
    assert answers[-1][1]["error"]["code"] == "too_many_terminals"
    assert terminals.session.request("DELETE", "/api/terminals/3")[0] == 204
    assert terminals.open()[1]["name"] == "3"
    assert terminals.session.request("GET", "/terminals/websocket/77")[0] in (400, 404), "a socket opens none"
    assert len(terminals.names()) == 8
