"""The whole portal, really running: ``portal.serve`` with ports, database and run directory of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from supervisor.xmlrpc import SupervisorTransport

from tests.redis_server import free_port
from workers.config import ROOT, settings

START_SECONDS = 120
BUILD_SECONDS = 1200


@dataclass
class LivePortal:
    """One running portal. It shares this checkout's built environments, and nothing else."""

    driver: str
    var_dir: Path
    run_dir: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        setting = {
            "PORT": str(self.port),
            "GATEWAY_PORT": str(free_port()),
            "REDIS_PORT": str(free_port()),
            "LABS_DRIVER": self.driver,
            "LABS_VAR_DIR": str(self.var_dir),
            "LABS_RUN_DIR": str(self.run_dir),
            # One account walks through every lab here.
            "PORTAL_SESSIONS_PER_STUDENT": "100",
            "LABS_ENVIRONMENTS_DIR": str(settings().environments_dir or settings().var_dir / "environments"),
        }
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                # A test run that is killed takes its portal with it.
                ["/usr/bin/setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "portal.serve"],
                cwd=ROOT,
                env={**os.environ, **setting, **self.extra},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        wait_for(self._answers, START_SECONDS, lambda: f"the portal isn't up:\n{self.told()}")
        wait_for(self._environments_ready, BUILD_SECONDS, lambda: f"the environments aren't ready: {self.health()}")

    def stop(self) -> None:
        """As Ctrl-C does; fails when anything stays behind."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(90)
        assert code == 0, self.told()
        assert "No process is left" in self.told()
        assert not self.run_dir.exists()

    @property
    def log(self) -> Path:
        return self.var_dir / "serve.log"

    def told(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]

    def health(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(f"{self.url}/salud/", timeout=10).json()
        return answer

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            pytest.fail(f"the portal ended by itself:\n{self.told()}")
        return "The portal is at" in self.told()

    def _environments_ready(self) -> bool:
        return set(self.health()["environments"].values()) == {"ready"}

    def password(self, name: str) -> str:
        accounts = json.loads((self.var_dir / "accounts.json").read_text())
        return next(entry["password"] for entry in accounts if entry["username"] == name)

    def pid(self, program: str) -> int:
        """The process that the supervisor runs under this name now."""
        transport = SupervisorTransport(None, None, f"unix://{self.run_dir / 'supervisor.sock'}")
        with xmlrpc.client.ServerProxy("http://supervisor", transport=transport) as server:
            info: Any = server.supervisor.getProcessInfo(f"labs:{program}")
        return int(info["pid"])


def wait_for(done: Callable[[], bool], seconds: float, complaint: Callable[[], str]) -> None:
    """Poll until it is so; fails with the complaint when it isn't in time."""
    ends = time.monotonic() + seconds
    while not done():
        if time.monotonic() > ends:
            pytest.fail(complaint())
        time.sleep(0.2)


@pytest.fixture(scope="session")
def live_portal(driver_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePortal]:
    run_dir = Path(f"/dev/shm/labs-live-{driver_name}-{os.getpid()}")
    portal = LivePortal(driver_name, tmp_path_factory.mktemp(f"portal-{driver_name}"), run_dir, free_port())
    try:
        portal.start()
        yield portal
        portal.stop()
    finally:
        if portal.process is not None and portal.process.poll() is None:
            portal.process.terminate()
            portal.process.wait(90)
        kept = ROOT / "var" / "logs" / f"live-{driver_name}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(portal.var_dir / "logs", kept)
