"""``/lab/tree``, ``/lab/zip``, ``/lab/preview``: the workspace as the page shows it; ``/lab/snapshot``: to be kept."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from tornado import web
from tornado.iostream import StreamClosedError

from . import places, snapshot, strict, tree, workspace
from .session_handlers import Handler

MAX_BODY = 16 << 10
PREVIEW_SECONDS = 60.0
AT_ONCE = 2


class TreeHandler(Handler):
    """What these share; they need no kernel."""

    def initialize(self) -> None:  # type: ignore[override]
        pass


class Tree(TreeHandler):
    async def get(self) -> None:
        """``tree.listing``."""
        self.finish(await asyncio.to_thread(tree.listing, places.WORK))

    async def post(self) -> None:
        """``{"folder": path}`` makes one; ``{"move": path, "to": path}`` renames a file or folder."""
        try:
            body = strict.loads(self.request.body, MAX_BODY)
        except strict.BadJSON as error:
            self.fail(400, "bad_json", str(error))
            return
        body = body if isinstance(body, dict) else {}
        folder, path, to = (body.get(name) for name in ("folder", "move", "to"))
        try:
            if isinstance(folder, str):
                tree.make_folder(places.WORK, folder)
            elif isinstance(path, str) and isinstance(to, str):
                tree.move(places.WORK, path, to)
            else:
                self.fail(400, "bad_json", "neither a folder nor a move")
                return
        except workspace.Refused as refused:
            self.refuse(refused)
            return
        self.set_status(204)


class TreeEntry(TreeHandler):
    async def delete(self, path: str) -> None:
        """Delete a file, or a folder with all in it."""
        try:
            await asyncio.to_thread(tree.remove, places.WORK, path)
        except workspace.Refused as refused:
            self.refuse(refused)
            return
        self.set_status(204)


class Zip(TreeHandler):
    async def get(self) -> None:
        try:
            archive = await asyncio.to_thread(tree.pack_zip, places.WORK)
        except workspace.Refused as refused:
            self.refuse(refused)
            return
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Disposition", "attachment")
        self.finish(archive)


class Snapshot(TreeHandler):
    async def get(self) -> None:
        """A tar of what fits; the header says what doesn't, as ``snapshot.choose`` tells it."""
        chosen, left_out = await asyncio.to_thread(snapshot.choose, places.WORK)
        self.set_header("Content-Type", "application/x-tar")
        self.set_header("X-Lab-Left-Out", json.dumps(left_out))
        try:
            for path in chosen:
                self.write(await asyncio.to_thread(snapshot.member, places.WORK, path))
                await self.flush()
            self.finish(snapshot.END)
        except StreamClosedError:
            return  # the asker left, and takes an unfinished answer for none


class Preview(TreeHandler):
    turns = asyncio.Semaphore(AT_ONCE)

    async def get(self, path: str) -> None:
        """``preview.preview``; the file is read by a process of its own."""
        try:
            with workspace.opened(places.WORK, path) as file:
                async with self.turns:
                    answer = await _read(path.rpartition("/")[2], file)
        except workspace.Refused as refused:
            self.refuse(refused)
            return
        if answer is None:
            self.fail(413, "too_large", "the preview took too much time or memory")
            return
        found = json.loads(answer)
        if code := found.get("error"):
            self.fail(413 if code == "too_large" else 422, code, found["detail"])
            return
        self.set_header("Content-Type", "application/json")
        self.finish(answer)


async def _read(name: str, file: int) -> bytes | None:
    """What the reader prints; None when its limits ended it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", f"{__package__}.preview", name),
        cwd="/",  # nothing of the student's is imported
        env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"},
        stdin=file,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        answer, _ = await asyncio.wait_for(process.communicate(), PREVIEW_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    return answer if process.returncode == 0 else None


def handlers() -> list[tuple[str, type[web.RequestHandler], dict[str, Any]]]:
    """The routes."""
    return [
        (r"/lab/tree", Tree, {}),
        (r"/lab/tree/(.+)", TreeEntry, {}),
        (r"/lab/zip", Zip, {}),
        (r"/lab/snapshot", Snapshot, {}),
        (r"/lab/preview/(.+)", Preview, {}),
    ]
