"""Bodies and messages pass the gateway as they come: it never holds a whole one."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp

from tests.workers.gateway.world import KERNEL, PACE, PIECE, SANDBOX, SESSION, World, world
from workers import tickets

PIECES = 50
PATIENCE = 120
HELD_AT_MOST = 16 * PIECE  # what sockets and buffers on the way may hold; a body that is kept would be three times that


def run(run_dir: Path, test: Callable[[World], Awaitable[None]]) -> None:
    async def main() -> None:
        async with world(run_dir) as w:
            await asyncio.wait_for(test(w), PATIENCE)

    asyncio.run(main())


async def settled(count: Callable[[], int]) -> int:
    """Where it stops growing."""
    before = -1
    while before != count() or before == 0:
        before = count()
        await asyncio.sleep(0.5)
    return before


def test_a_file_of_fifty_megabytes_is_uploaded_piece_by_piece(run_dir: Path) -> None:
    """The next piece leaves only when the sandbox has the one before: nobody on the way may wait for the whole."""
    digest = hashlib.sha256()

    async def test(w: World) -> None:
        async def file() -> AsyncIterator[bytes]:
            for number in range(PIECES):
                piece = bytes([number]) * PIECE
                digest.update(piece)
                yield piece
                await w.program[PACE].reaches(number * PIECE)

        form = aiohttp.FormData()
        form.add_field("file", file(), filename="vuelos.parquet", content_type="application/octet-stream")
        async with w.client.post(w.url("/upload"), headers=w.headers(), data=form) as answer:
            seen = await answer.json()
        assert seen == {"name": "file", "filename": "vuelos.parquet", "sha256": digest.hexdigest()}
        assert w.program[PACE].bytes == PIECES * PIECE

    run(run_dir, test)


def test_the_pieces_of_an_answer_arrive_as_they_are_sent(run_dir: Path) -> None:
    async def test(w: World) -> None:
        async with w.client.get(w.url(f"/download?count={PIECES}"), headers=w.headers()) as answer:
            for number in range(PIECES):
                w.program[PACE].pieces.release()
                assert await answer.content.readexactly(PIECE) == bytes([number]) * PIECE
            assert await answer.content.read() == b""

    run(run_dir, test)


def test_who_does_not_read_holds_the_sender_back(run_dir: Path) -> None:
    async def test(w: World) -> None:
        sent = 0

        async def file() -> AsyncIterator[bytes]:
            nonlocal sent
            for _ in range(PIECES):
                yield b"x" * PIECE
                sent += PIECE

        upload = asyncio.ensure_future(w.client.post(w.url("/deaf"), headers=w.headers(), data=file()))
        assert 0 < await settled(lambda: sent) < HELD_AT_MOST
        upload.cancel()
        pace = w.program[PACE]
        pace.pieces.release()  # to the one who didn't listen, who goes

        for _ in range(PIECES):
            pace.pieces.release()
        async with w.client.get(w.url(f"/download?count={PIECES}"), headers=w.headers()) as answer:
            assert 0 < await settled(lambda: pace.bytes) < HELD_AT_MOST
            answer.close()

    run(run_dir, test)


def test_a_notebooks_kernel_speaks_its_own_protocol_in_binary_frames(run_dir: Path) -> None:
    """As JupyterLab's page does from its frame: by cookie, with a protocol of Jupyter's that the sandbox must see."""
    frames = [b"", b"\0", bytes(range(256)), b"\xff\xfe" * 2_000_000, "ñandú".encode(), b"last"]

    async def test(w: World) -> None:
        cookie = tickets.issue(SESSION, "ana", "port-8888", kind="cookie")
        lab = w.run_dir / SANDBOX / "lab"
        (lab / "ui-8888.sock").hardlink_to(lab / "jupyter.sock")
        ui = w.host("port-8888")
        headers = {"Host": ui, "Origin": f"http://{ui}", "Cookie": f"__Host-lab={cookie}"}
        async with w.client.ws_connect(w.url("/ws"), headers=headers, protocols=(KERNEL,), max_msg_size=0) as kernel:
            assert kernel.protocol == KERNEL
            await kernel.receive_json()
            for frame in frames:
                await kernel.send_bytes(frame)
            assert [await kernel.receive_bytes() for _ in frames] == [frame[::-1] for frame in frames]

    run(run_dir, test)
