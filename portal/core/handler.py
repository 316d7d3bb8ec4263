"""Where a request is answered: on the event loop or in one thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_finished, request_started
from django.db import connections
from django.http import Http404
from django.http.response import HttpResponseBase
from django.urls import resolve, set_script_prefix

THREADS = 16
"""Requests answered at once, each with a database connection; others wait. Live streams need none of them."""

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class PortalHandler(ASGIHandler):
    """Answers async views, which wait for news, on the event loop; all others whole in a thread of a pool.

    Django's own handler gives each request a new thread, with a new database connection, and goes back to the loop and
    into the thread again for every middleware and signal. As there, a body is read and an answer sent by the loop, so
    that a slow browser holds no thread.
    """

    def __init__(self) -> None:
        super().__init__()
        self._whole = _Whole()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        request_finished.connect(_close_own_connection, sender=type(self))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGIHandler."""
        if _is_async(scope["path"].removeprefix(get_script_prefix(scope))):
            await super().handle(scope, receive, send)
            return
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            loop = asyncio.get_running_loop()
            response = await loop.run_in_executor(self._threads, self._answer, scope, body)
            if not response.streaming:
                await self.send_response(response, send)
                return
            try:
                await self._stream(response, receive, send)
            finally:
                await loop.run_in_executor(self._threads, response.close)
        finally:
            body.close()

    def _answer(self, scope: Scope, body: Any) -> HttpResponseBase:
        """In a thread: all that the answer costs. Nothing is left open but what it streams."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=_Whole, scope=scope)
        request, refusal = self.create_request(scope, body)
        response = self._whole.get_response(request) if request else cast(HttpResponseBase, refusal)
        response._handler_class = _Whole  # type: ignore[attr-defined]  # who sends request_finished
        if not response.streaming:
            response.close()
        return response

    async def _stream(self, response: HttpResponseBase, receive: Receive, send: Send) -> None:
        """Until all is sent, or nobody listens any more."""
        sending = asyncio.create_task(self.send_response(response, send))
        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        for task in (sending, leaving):
            task.cancel()
        outcome, _left = await asyncio.gather(sending, leaving, return_exceptions=True)
        if isinstance(outcome, Exception):
            raise outcome


class _Whole(BaseHandler):
    """Middleware and view as one call, without a loop."""

    def __init__(self) -> None:
        self.load_middleware()


def _is_async(path: str) -> bool:
    try:
        return iscoroutinefunction(resolve(path).func)
    except Http404:
        return False


def _close_own_connection(**_: Any) -> None:
    """An async view's database connection belongs to a thread that ends with the request: nobody would use it again."""
    connections.close_all()
