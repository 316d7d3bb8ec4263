"""The launcher: ports, secrets, who is given which setting, and that nothing of a stopped or killed portal stays."""

from __future__ import annotations

import configparser
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from portal.core import queue
from portal.launcher.options import ADDRESS, LaunchError, Options, load_secrets
from portal.launcher.prepare import ask_for_report
from portal.launcher.programs import supervisor_configuration
from portal.launcher.stack import Stack
from workers.config import LabsSettings, settings

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {"PORTAL_SECRET_KEY": "p" * 40, "LABS_GATEWAY_KEY": "g" * 40, "REDIS_PASSWORD": "r" * 40}


@pytest.fixture
def labs(tmp_path: Path) -> LabsSettings:
    return LabsSettings(var_dir=tmp_path, run_dir=tmp_path / "run", host="testhost")


@pytest.fixture
def options() -> Options:
    return Options(port=free_port(), gateway_port=free_port(), redis_port=free_port())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def sections(options: Options, labs: LabsSettings) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(supervisor_configuration(options, labs, SECRETS))
    return parser


def test_the_other_ports_follow_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8100")
    options = Options()
    assert (options.port, options.gateway_port, options.redis_port) == (8100, 8101, 8102)


@pytest.mark.parametrize(("name", "value"), [("PORT", "0"), ("GATEWAY_PORT", "70000"), ("REDIS_PORT", "x")])
def test_a_wrong_port_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name):
        Options()


def test_one_port_for_two_things_is_refused() -> None:
    with pytest.raises(ValidationError, match="must differ"):
        Options(port=8000, gateway_port=8000)


def test_a_taken_port_is_named_with_a_way_out(options: Options) -> None:
    with socket.create_server((ADDRESS, options.gateway_port)), pytest.raises(LaunchError, match="GATEWAY_PORT="):
        options.refuse_taken_ports()


def test_secrets_are_made_once_and_are_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    first = load_secrets(path)
    assert load_secrets(path) == first
    assert len(set(first.values())) == 3
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_labs_process_is_given_what_is_the_portals(sections: configparser.RawConfigParser) -> None:
    for name in ("gateway", "sessions", "grading", "builds"):
        environment = sections[f"program:{name}"]["environment"]
        assert "PORTAL_SECRET_KEY" not in environment
        assert "DATABASE" not in environment


def test_only_who_issues_or_verifies_tickets_has_their_key(sections: configparser.RawConfigParser) -> None:
    programs = [s for s in sections.sections() if s.startswith("program:")]
    holders = {s.removeprefix("program:") for s in programs if "LABS_GATEWAY_KEY" in sections[s].get("environment", "")}
    assert holders == {"web", "portal", "gateway"}


def test_redis_stops_after_everything_that_uses_it(sections: configparser.RawConfigParser) -> None:
    grouped = set(sections["group:labs"]["programs"].split(","))
    assert grouped == {"web", "gateway", "sessions", "grading", "builds", "portal"}
    assert int(sections["program:redis"]["priority"]) < int(sections["group:labs"]["priority"])


@pytest.mark.parametrize(("lent", "serves"), [("", False), ("all", True)])
def test_a_host_serves_labs_with_a_gpu_when_it_lends_one(
    options: Options, labs: LabsSettings, lent: str, serves: bool
) -> None:
    parser = configparser.RawConfigParser()
    parser.read_string(supervisor_configuration(options, labs.model_copy(update={"gpus": lent}), SECRETS))
    for kind in ("sessions", "grading"):
        queues = parser[f"program:{kind}"]["command"].split(" -Q ")[1].split()[0].split(",")
        assert (f"{kind}.gpu" in queues) is serves
        assert kind in queues
    assert "-Q builds.testhost " in parser["program:builds"]["command"]


def test_a_started_portal_asks_its_own_host_what_it_has() -> None:
    ask_for_report()
    assert queue.length(f"host.{settings().host}") == 1


def test_a_second_launcher_of_the_same_folder_is_refused(options: Options, labs: LabsSettings) -> None:
    first = Stack(options, labs)
    first.claim()
    with pytest.raises(LaunchError, match="already runs"):
        Stack(options, labs).claim()
    first.release()


LAUNCH = """
import os, signal, sys, time
from portal.launcher.options import Options
from portal.launcher.stack import Stack
from workers.config import settings
stack = Stack(Options(), settings())
stack.claim()
stack.start()
while len(stack.processes()) < 8:
    stack.check()
    time.sleep(0.1)
print("up", flush=True)
if "stop" in sys.argv:
    stack.stop()
else:
    time.sleep(120)
"""


def launch(options: Options, labs: LabsSettings, *arguments: str) -> subprocess.Popen[str]:
    """The real supervisor with the real processes; without a database, which this is not about."""
    setting = {
        "PORT": str(options.port),
        "GATEWAY_PORT": str(options.gateway_port),
        "REDIS_PORT": str(options.redis_port),
        "LABS_VAR_DIR": str(labs.var_dir),
        "LABS_RUN_DIR": str(labs.run_dir),
    }
    labs.run_dir.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", LAUNCH, *arguments],
        cwd=ROOT,
        env={**os.environ, **setting},
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for_none(stack: Stack, seconds: float) -> list[int]:
    ends = time.monotonic() + seconds
    while stack.processes() and time.monotonic() < ends:
        time.sleep(0.1)
    return stack.processes()


def test_a_stopped_portal_leaves_no_process_and_no_configuration(options: Options, labs: LabsSettings) -> None:
    with launch(options, labs, "stop") as launcher:
        assert launcher.wait(60) == 0
    assert wait_for_none(Stack(options, labs), 0) == []
    assert not (labs.var_dir / "supervisord.conf").exists()


def test_a_killed_launcher_takes_everything_with_it(options: Options, labs: LabsSettings) -> None:
    with launch(options, labs) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdout.readline() == "up\n"
        launcher.send_signal(signal.SIGKILL)
    assert wait_for_none(Stack(options, labs), 30) == []


def test_what_a_killed_supervisor_leaves_is_cleared_by_the_next_start(options: Options, labs: LabsSettings) -> None:
    stack = Stack(options, labs)
    with launch(options, labs) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdout.readline() == "up\n"
        supervisor = int((labs.var_dir / "supervisord.pid").read_text())
        os.kill(supervisor, signal.SIGKILL)
        launcher.kill()
    stack.claim()
    assert stack.processes() == []
    stack.release()
