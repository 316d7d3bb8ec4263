"""``/lab/activity``, and what lets a paused sandbox go on before anything reaches it."""

from __future__ import annotations

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado import web
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule

from .activity import Activity
from .terminals import TerminalList, TerminalSocket


class ActivityHandler(web.RequestHandler):
    """GET: what is busy and for how long nothing happened. POST: somebody is here, though they do nothing."""

    def initialize(self, activity: Activity) -> None:
        self.activity = activity

    def check_xsrf_cookie(self) -> None:
        """The ticket is the authentication, as for all of ``/lab/``."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.finish(self.activity.report())

    def post(self) -> None:
        self.set_status(204)  # the request itself counts


class KernelSocket(ZMQChannelsWebsocketConnection):
    """A browser's way to a kernel of ``/api/kernels``."""

    def handle_incoming_message(self, incoming_msg: str) -> None:
        self.websocket_handler.settings["lab_activity"].wake()
        super().handle_incoming_message(incoming_msg)


class _Seen(Matcher):
    """Matches nothing, and so sees every request before it is served."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity

    def match(self, request: HTTPServerRequest) -> None:
        self._activity.request(request.method or "", request.path)


def install(application: web.Application, activity: Activity) -> None:
    """Before any other route: tornado takes the first that matches."""
    application.settings["lab_activity"] = activity
    application.settings["kernel_websocket_connection_class"] = KernelSocket
    named = {"name": "jupyter_server_terminals"}
    terminals = {**named, "term_manager": application.settings["terminal_manager"]}
    application.add_handlers(
        ".*$",
        [
            (r"/lab/activity", ActivityHandler, {"activity": activity}),
            (r"/terminals/websocket/(\w+)", TerminalSocket, terminals),
            (r"/api/terminals", TerminalList, named),
        ],
    )
    rules = application.default_router.rules
    rules.insert(0, rules.pop(-2))  # add_handlers puts ours after Jupyter's own, which would win
    rules.insert(0, Rule(_Seen(activity), None))
