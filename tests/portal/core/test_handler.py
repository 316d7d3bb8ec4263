"""Where requests are answered, seen from the server's side of the handler."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import include, path

from portal.accounts.models import User
from portal.core.handler import THREADS, PortalHandler

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db(transaction=True)]
Asked = Callable[[Callable[[PortalHandler], Coroutine[Any, Any, Any]]], Any]


def _where() -> dict[str, Any]:
    User.objects.count()
    return {"thread": threading.current_thread().name, "connection": id(connection.connection)}


@login_not_required
def whole(_request: HttpRequest) -> JsonResponse:
    return JsonResponse(_where())


def _note_its_end() -> None:
    """A database in memory outlives the close of its connection, so the call is what can be seen."""
    own, close = connections["default"], connections["default"].close

    def closing() -> None:
        CLOSED.append(threading.current_thread().name)
        close()

    own.close = closing  # type: ignore[method-assign]


@login_not_required
async def waiting(_request: HttpRequest) -> JsonResponse:
    view = threading.current_thread().name
    inside = await sync_to_async(_where)()
    await sync_to_async(_note_its_end)()
    return JsonResponse({**inside, "view": view})


@login_not_required
def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


@login_not_required
def streamed(_request: HttpRequest) -> StreamingHttpResponse:
    async def numbers() -> AsyncIterator[bytes]:
        try:
            for number in range(3):
                yield str(number).encode()
            await asyncio.sleep(60)
        finally:
            ENDED.append(threading.current_thread().name)

    return StreamingHttpResponse(numbers())


def private(_request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


CLOSED: list[str] = []
ENDED: list[str] = []
urlpatterns = [
    path("whole/", whole),
    path("waiting/", waiting),
    path("echo/", echo),
    path("private/", private),
    path("streamed/", streamed),
    path("", include("portal.urls")),
]


@pytest.fixture
def ask() -> Asked:
    """Runs requests against one handler on an event loop."""

    def run(requests: Callable[[PortalHandler], Coroutine[Any, Any, Any]]) -> Any:
        handler = PortalHandler()
        try:
            return asyncio.run(requests(handler))
        finally:
            end_threads(handler)

    return run


def end_threads(handler: PortalHandler) -> None:
    """With the connections that they keep for the next request, or the test's database couldn't be dropped."""
    at_once = threading.Barrier(THREADS)

    def leave() -> None:
        at_once.wait(10)
        connections.close_all()

    for ended in [handler._threads.submit(leave) for _ in range(THREADS)]:
        ended.result()
    handler._threads.shutdown()


def scope_of(target: str) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": target,
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 9),
    }


async def get(handler: PortalHandler, target: str, body: bytes = b"") -> tuple[int, bytes]:
    server = ApplicationCommunicator(handler, scope_of(target))
    await server.send_input({"type": "http.request", "body": body})
    start = await server.receive_output(10)
    content = await server.receive_output(10)
    await server.wait(10)
    return start["status"], content["body"]


def test_pages_share_the_threads_of_a_pool_and_their_connections(ask: Asked) -> None:
    async def many(handler: PortalHandler) -> list[Any]:
        return [json.loads((await get(handler, "/whole/"))[1]) for _ in range(2 * THREADS)]

    connections_of: dict[str, set[int]] = defaultdict(set)
    for answer in ask(many):
        connections_of[answer["thread"]].add(answer["connection"])
    assert all(thread.startswith("request") for thread in connections_of)
    assert len(connections_of) <= THREADS
    assert {len(used) for used in connections_of.values()} == {1}


def test_a_view_that_waits_stays_on_the_loop_and_leaves_no_connection(ask: Asked) -> None:
    CLOSED.clear()

    async def two(handler: PortalHandler) -> list[Any]:
        return [json.loads((await get(handler, "/waiting/"))[1]) for _ in range(2)]

    answers = ask(two)
    for answer in answers:
        assert answer["view"] == threading.current_thread().name
        assert answer["thread"] != answer["view"]
    assert [answer["thread"] for answer in answers] == CLOSED


def test_many_at_once_are_all_answered(ask: Asked) -> None:
    async def burst(handler: PortalHandler) -> list[tuple[int, bytes]]:
        return await asyncio.gather(*(get(handler, "/echo/", str(n).encode()) for n in range(50)))

    assert ask(burst) == [(200, str(n).encode()) for n in range(50)]


def test_what_is_streamed_ends_when_its_reader_leaves(ask: Asked) -> None:
    ENDED.clear()

    async def leave(handler: PortalHandler) -> list[bytes]:
        server = ApplicationCommunicator(handler, scope_of("/streamed/"))
        await server.send_input({"type": "http.request", "body": b""})
        await server.receive_output(10)
        parts = [(await server.receive_output(10))["body"] for _ in range(3)]
        await server.send_input({"type": "http.disconnect"})
        await server.wait(10)
        return parts

    assert ask(leave) == [b"0", b"1", b"2"]
    assert [threading.current_thread().name] == ENDED, "it ran on the loop, and was ended"


def test_a_form_arrives_whole(ask: Asked) -> None:
    async def post(handler: PortalHandler) -> bytes:
        server = ApplicationCommunicator(handler, scope_of("/echo/"))
        await server.send_input({"type": "http.request", "body": b"uno ", "more_body": True})
        await server.send_input({"type": "http.request", "body": b"dos"})
        await server.receive_output(10)
        body: bytes = (await server.receive_output(10))["body"]
        return body

    assert ask(post) == b"uno dos"


@pytest.mark.parametrize(("target", "status"), [("/nowhere/", 404), ("/private/", 302)])
def test_what_is_not_there_or_not_theirs_is_answered_as_elsewhere(ask: Asked, target: str, status: int) -> None:
    assert ask(lambda handler: get(handler, target))[0] == status
