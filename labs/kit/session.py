"""Role ``session``: Jupyter Server on ``/run/lab/jupyter.sock`` with the lab's own API under ``/lab/``.

Who reaches the socket is the owner: the gateway, after it checked the ticket. So there is no token, and no XSRF check:
XSRF defends cookie logins, and the gateway strips cookies; another site's page has no ticket to send.
CORS and the Origin of WebSockets are the gateway's, too.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import sys
from typing import Any

from . import places
from .kernel import KernelProcess
from .main import give_up, stop
from .ports import Ports
from .services import Supervisor

logger = logging.getLogger(__name__)


def _configuration() -> Any:
    from traitlets.config import Config

    from . import terminals

    config = Config()
    terminals.configure(config)
    config.ServerApp.sock = str(places.RUN / "jupyter.sock")
    config.ServerApp.sock_mode = "0600"
    config.ServerApp.root_dir = str(places.WORK)
    config.ServerApp.open_browser = False
    config.ServerApp.allow_root = True  # nobody is root here; Jupyter takes an unknown uid for trouble
    config.ServerApp.disable_check_xsrf = True
    config.ServerApp.allow_origin = "*"
    config.ServerApp.log_level = logging.WARNING
    config.IdentityProvider.token = ""
    config.KernelManager.transport = "ipc"
    config.KernelManager.ip = str(places.RUN / "extra")
    return config


class Application:
    """The server and what starts with it."""

    def __init__(self, process: KernelProcess) -> None:
        # jsonschema takes 1.7 s to build a grammar for IRIs when this module is there, which nothing here needs.
        sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
        from jupyter_server.serverapp import ServerApp

        from .session_kernel import SessionKernel

        self.kernel = SessionKernel(process)
        supervisor = Supervisor()
        self.server = ServerApp.instance(config=_configuration())
        self.server.initialize(argv=[], find_extensions=False, new_httpserver=False)
        from . import activity_handlers, services_handlers, session_handlers, tree_handlers
        from .activity import Activity

        web_app = self.server.web_app
        terminals = web_app.settings["terminal_manager"]
        self.activity = Activity(self.kernel, self.server.kernel_manager, terminals, _hibernate_seconds())
        self.ports = Ports(self.activity.traffic)
        routes = session_handlers.handlers(self.kernel, _can_run_sql())
        routes += services_handlers.handlers(supervisor, self.ports)
        routes += tree_handlers.handlers()
        web_app.add_handlers(".*$", routes)
        activity_handlers.install(web_app, self.activity)
        self.server.init_httpserver()

    async def run(self) -> None:
        """Until told to stop. The sandbox counts as ready when both the kernel and the server are."""
        for port in filter(None, os.environ.get("LAB_UI_PORTS", "").split(",")):
            await self.ports.open(int(port))
        await self.kernel.start()
        (places.RUN / "ready").touch()
        await self.activity.run()


def _hibernate_seconds() -> float | None:
    """After how long without activity the sandbox is paused; never where its starter doesn't say."""
    seconds = float(os.environ.get("LAB_HIBERNATE_SECONDS") or 0)
    return seconds if seconds > 0 else None


def _can_run_sql() -> bool:
    return importlib.util.find_spec("pyspark") is not None


def main() -> None:
    """Start the kernel first: it boots while the server is imported, which is most of the waiting."""
    process = KernelProcess()
    application = Application(process)
    signal.signal(signal.SIGTERM, stop)  # the server has put its own, slower one there

    async def begin() -> None:
        try:
            await application.run()
        except BaseException as error:
            give_up(error)

    application.server.io_loop.add_callback(begin)
    application.server.start()
