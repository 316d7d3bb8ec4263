"""The lab's own HTTP API, under ``/lab/``. Errors are ``{"error": {"code", "message"}}``; the page words them."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from tornado import web
from tornado.iostream import StreamClosedError

from . import notebook, places, strict, workspace
from .delivered import Delivered
from .session_kernel import Busy, SessionKernel

MAX_ORDER = 2 << 20
"""Bytes of a request to run: a cell's source travels in it, and JSON may double its length."""
_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
STATUS = {"missing": 404, "exists": 409, "too_large": 413, "too_many_files": 413, "no_space": 507}


class Handler(web.RequestHandler):
    """What all of them share. ``check_xsrf_cookie`` is off; ``session`` says why."""

    kernel: SessionKernel
    sql: bool
    delivered: Delivered

    def initialize(self, kernel: SessionKernel, sql: bool, delivered: Delivered) -> None:
        self.kernel = kernel
        self.sql = sql
        self.delivered = delivered

    def check_xsrf_cookie(self) -> None:
        """The ticket is the authentication."""

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")

    def fail(self, status: int, code: str, message: str = "") -> None:
        self.set_status(status)
        self.finish({"error": {"code": code, "message": message or code}})

    def refuse(self, refused: workspace.Refused) -> None:
        self.fail(STATUS.get(refused.code, 422), refused.code, str(refused))

    def write_error(self, status_code: int, **_: Any) -> None:
        self.finish({"error": {"code": f"http_{status_code}", "message": self._reason}})


class Health(Handler):
    def get(self) -> None:
        run = self.kernel.run
        self.finish({"kernel": self.kernel.state, "run": run.id if run and run.state == "running" else None})


class Workspace(Handler):
    async def get(self) -> None:
        try:
            archive = await asyncio.to_thread(workspace.pack, places.WORK)
        except workspace.Refused as refused:
            self.refuse(refused)
            return
        self.set_header("Content-Type", "application/x-tar")
        self.finish(archive)

    async def put(self) -> None:
        try:
            await asyncio.to_thread(workspace.unpack, self.request.body, places.WORK, each=self.delivered.note)
        except workspace.Refused as refused:
            self.refuse(refused)
            return
        self.set_status(204)


class Files(Handler):
    def get(self, path: str) -> None:
        try:
            content = workspace.read(places.WORK, path)
        except workspace.Refused as refused:
            self.refuse(refused)
            return
        # Never a type that a browser would run: this hostname holds the lab's cookie.
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", "attachment")
        self.finish(content)

    def put(self, path: str) -> None:
        try:
            workspace.write(places.WORK, path, self.request.body)
        except workspace.Refused as refused:
            self.refuse(refused)
            return
        self.delivered.note(path, self.request.body)
        self.set_status(204)

    def delete(self, path: str) -> None:
        try:
            workspace.remove(places.WORK, path)
        except workspace.Refused as refused:
            self.refuse(refused)
            return
        self.set_status(204)


class Changed(Handler):
    """What a shell or a program changed of the files that came in: ``{"files": {path: SHA-256 of what came in}}``."""

    async def get(self) -> None:
        self.finish({"files": await asyncio.to_thread(self.delivered.changed)})


class RunList(Handler):
    def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(self.kernel.runs.list()))

    async def post(self) -> None:
        order = self._order()
        if order is None:
            return
        path, cell, source = order
        try:
            if cell is None:
                workspace.read(places.WORK, path)
                run = await self.kernel.execute(path)
            else:
                workspace.check_path(path)
                run = await self.kernel.execute_cell(path, cell, _source(path, cell) if source is None else source)
        except workspace.Refused as refused:
            self.refuse(refused)
        except Busy as busy:
            self.fail(409, str(busy), f"the kernel is {busy}")
        except (notebook.BadNotebook, KeyError) as wrong:
            self.fail(404, "no_cell", str(wrong))
        else:
            self.set_status(201)
            self.finish(run.describe())

    def _order(self) -> tuple[str, str | None, str | None] | None:
        """``{"path"}`` or ``{"path", "cell", "source"}``: a file, or a notebook's cell with the source to run."""
        try:
            body = strict.loads(self.request.body, MAX_ORDER)
        except strict.BadJSON as error:
            self.fail(400, "bad_json", str(error))
            return None
        body = body if isinstance(body, dict) else {}
        path, cell, source = (body.get(name) for name in ("path", "cell", "source"))
        if not isinstance(path, str):
            self.fail(400, "bad_json", "path is missing")
        elif cell is not None:
            if path.endswith(".ipynb") and _is_cell(cell) and isinstance(source, str | None):
                return path, cell, source
            self.fail(400, "bad_json", "not a cell of a notebook")
        else:
            path = self._runnable(path)
            return None if path is None else (path, None, None)
        return None

    def _runnable(self, path: str) -> str | None:
        if path.endswith(".py") or (path.endswith(".sql") and self.sql):
            return path
        if path.endswith(".sql"):
            self.fail(415, "no_sql", "this environment has no Spark to run SQL with")
        else:
            self.fail(415, "not_runnable", "only .py and .sql files run")
        return None


def _is_cell(cell: object) -> bool:
    return isinstance(cell, str) and _CELL_ID.fullmatch(cell) is not None


def _source(path: str, cell: str) -> str:
    """A cell's text as the workspace's notebook has it. Raises Refused, BadNotebook, KeyError."""
    return notebook.parse(workspace.read(places.WORK, path, notebook.MAX_BYTES))[cell].source


class RunEvents(Handler):
    async def get(self, ident: str) -> None:
        run = self.kernel.runs.get(ident)
        after = self.request.headers.get("Last-Event-ID") or self.get_argument("after", "0")
        if run is None or not after.isdecimal() or len(after) > 12:
            self.fail(404, "missing", "no such run, or it is too old")
            return
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("X-Accel-Buffering", "no")
        try:
            await self.flush()
            async for event in run.follow(int(after)):
                self.write(": quiet\n\n" if event is None else f"id: {event[0]}\ndata: {event[1]}\n\n")
                await self.flush()
        except StreamClosedError:
            return  # the reader left; it comes back with the last id it saw


class Interrupt(Handler):
    async def post(self, ident: str) -> None:
        run = self.kernel.run
        if self.kernel.runs.get(ident) is None:
            self.fail(404, "missing", "no such run")
            return
        if run is not None and run.id == ident:
            await self.kernel.interrupt()
        self.set_status(202)


class Restart(Handler):
    async def post(self) -> None:
        if self.kernel.state == "starting":
            self.fail(409, "starting", "the kernel is starting already")
            return
        self.kernel.restart_soon()
        self.set_status(202)


def handlers(kernel: SessionKernel, sql: bool) -> list[tuple[str, type[Handler], dict[str, Any]]]:
    """The routes. ``sql`` says whether .sql files run here."""
    known = {"kernel": kernel, "sql": sql, "delivered": Delivered(places.WORK)}
    return [
        (r"/lab/health", Health, known),
        (r"/lab/workspace", Workspace, known),
        (r"/lab/files/(.+)", Files, known),
        (r"/lab/changed", Changed, known),
        (r"/lab/runs", RunList, known),
        (r"/lab/runs/(r[0-9]+)/events", RunEvents, known),
        (r"/lab/runs/(r[0-9]+)/interrupt", Interrupt, known),
        (r"/lab/kernel/restart", Restart, known),
    ]
