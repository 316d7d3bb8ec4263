"""Where requests are answered, seen from the server's side of the handler."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

from portal.accounts.models import User
from portal.core.handler import PortalHandler

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


def private(_request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


CLOSED: list[str] = []
urlpatterns = [
    path("whole/", whole),
    path("waiting/", waiting),
    path("echo/", echo),
    path("private/", private),
    path("", include("portal.urls")),
]


@pytest.fixture
def ask() -> Asked:
    """Runs requests against one handler on an event loop."""
    return lambda requests: asyncio.run(requests(PortalHandler()))


async def get(handler: PortalHandler, target: str, body: bytes = b"", method: str = "GET") -> tuple[int, bytes]:
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": target,
        "headers": [(b"host", b"localhost")],
    }
    server = ApplicationCommunicator(handler, {**scope, "query_string": b"", "client": ("127.0.0.1", 9)})
    await server.send_input({"type": "http.request", "body": body})
    start = await server.receive_output(10)
    content = await server.receive_output(10)
    await server.wait(10)
    return start["status"], content["body"]


def test_pages_share_the_threads_of_a_pool_and_their_connections(ask: Asked) -> None:
    async def three(handler: PortalHandler) -> list[Any]:
        return [json.loads((await get(handler, "/whole/"))[1]) for _ in range(3)]

    first, *others = ask(three)
    assert first["thread"].startswith("request")
    assert others == [first, first], "one after the other, they need one thread and one connection"


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
        return await asyncio.gather(*(get(handler, "/echo/", str(n).encode(), "GET") for n in range(50)))

    assert ask(burst) == [(200, str(n).encode()) for n in range(50)]


@pytest.mark.parametrize(("target", "status"), [("/nowhere/", 404), ("/private/", 302)])
def test_what_is_not_there_or_not_theirs_is_answered_as_elsewhere(ask: Asked, target: str, status: int) -> None:
    assert ask(lambda handler: get(handler, target))[0] == status
