"""Where a request is answered: on the event loop or in one thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.core.signals import request_finished
from django.db import close_old_connections, connections
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import resolve

THREADS = 16
"""Requests answered at once, each with a database connection; others wait. Live streams need none of them."""


class PortalHandler(ASGIHandler):
    """Answers async views, which wait for news, on the event loop; all others whole in a thread of a pool.

    Django's own handler gives each request a new thread, with a new database connection, and goes back to the loop and
    into the thread again for every middleware: twice the processor time of a page of the course. As there, a body is
    read and an answer sent by the loop, so that a slow browser holds no thread.
    """

    def __init__(self) -> None:
        super().__init__()
        self._whole = BaseHandler()
        self._whole.load_middleware()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        request_finished.connect(_close_own_connection, sender=type(self))

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """See BaseHandler."""
        if _is_async(request.path_info):
            return await super().get_response_async(request)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, request)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        close_old_connections()
        return self._whole.get_response(request)


def _is_async(path: str) -> bool:
    try:
        return iscoroutinefunction(resolve(path).func)
    except Http404:
        return False


def _close_own_connection(**_: Any) -> None:
    """An async view's database connection belongs to a thread that ends with the request: nobody would use it again."""
    connections.close_all()
