"""The processes of one portal and their supervisor's configuration."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from portal.launcher.options import ADDRESS, Options, gateway_environment, labs_environment, portal_environment
from workers.config import ROOT, LabsSettings

BIN = Path(sys.executable).parent
MARK = "LABS_STACK"
"""Set in every process of a running portal to its folder, so that none can be left behind unnoticed."""


@dataclass(frozen=True)
class Program:
    """One supervised process. ``setting`` is its environment beyond the shared one."""

    name: str
    command: tuple[str, ...]
    setting: dict[str, str] = field(default_factory=dict)
    stop_seconds: int = 10


def redis_configuration(options: Options, folder: Path, password: str) -> str:
    """Redis on loopback behind a password, kept on disk, and refusing writes rather than forgetting when it is full."""
    return (
        f"bind {ADDRESS}\nport {options.redis_port}\nrequirepass {password}\ndir {folder}\n"
        'set-proc-title no\nappendonly yes\nsave ""\nmaxmemory 256mb\nmaxmemory-policy noeviction\n'
    )


def programs(options: Options, labs: LabsSettings, secret: dict[str, str]) -> list[Program]:
    """Every process but Redis, which must outlive them."""
    common = labs_environment(options, labs, secret)
    portal = {**common, **portal_environment(labs, secret)}
    web = ("uvicorn", "portal.asgi:application", "--host", ADDRESS, "--port", str(options.port))
    quiet = ("--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "3", "--lifespan", "off")
    return [
        Program("web", _command(*web, *quiet), portal),
        Program("gateway", _command("python", "-m", "workers.gateway"), {**common, **gateway_environment(secret)}),
        Program("sessions", _node("sessions", 3, *_shared("sessions", labs), f"host.{labs.host}", "upkeep"), common),
        Program("grading", _node("grading", labs.grading_slots, *_shared("grading", labs)), common),
        Program("builds", _node("builds", 1, f"builds.{labs.host}"), common, 3),
        Program("portal", _celery("portal.celery", "portal", "-B", "-Q", "portal", "-c", "1"), portal),
    ]


def _command(name: str, *arguments: str) -> tuple[str, ...]:
    # Should the supervisor itself be killed, its children get a SIGTERM instead of living on.
    return ("/usr/bin/setpriv", "--pdeathsig", "TERM", str(BIN / name), *arguments)


def _celery(app: str, name: str, *arguments: str) -> tuple[str, ...]:
    always = ("--loglevel", "INFO", "--without-gossip", "--without-mingle")
    return _command("celery", "-A", app, "worker", "-n", f"{name}@%h", *arguments, *always)


def _node(name: str, slots: int, *queues: str) -> tuple[str, ...]:
    return _celery("workers.app", name, "-Q", ",".join(queues), "-c", str(slots))


def _shared(queue: str, labs: LabsSettings) -> tuple[str, ...]:
    """The queues of that kind that this host serves: labs that want a GPU go to hosts that lend one."""
    return (queue, f"{queue}.gpu") if labs.gpus else (queue,)


def supervisor_configuration(options: Options, labs: LabsSettings, secret: dict[str, str]) -> str:
    """supervisord.conf: Redis starts first and stops last; the others are one group, so that they stop side by side."""
    var, logs = labs.var_dir, labs.var_dir / "logs"
    everything = programs(options, labs, secret)
    server = [
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        f"logfile={logs / 'supervisord.log'}",
        "logfile_maxbytes=2MB",
        "logfile_backups=2",
        f"pidfile={var / 'supervisord.pid'}",
        f"directory={ROOT}",
        *(["user=root"] if os.geteuid() == 0 else []),
        "[unix_http_server]",
        f"file={labs.run_dir / 'supervisor.sock'}",
        "chmod=0600",
        "[supervisorctl]",
        f"serverurl=unix://{labs.run_dir / 'supervisor.sock'}",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "[group:labs]",
        f"programs={','.join(program.name for program in everything)}",
        "priority=20",
    ]
    redis = Program("redis", _command("redis-server", str(var / "redis.conf")))
    sections = [_section(redis, logs, 10), *(_section(program, logs, 20) for program in everything)]
    return "\n".join([*server, *sections]) + "\n"


def _section(program: Program, logs: Path, priority: int) -> str:
    environment = ",".join(f'{name}="{value}"' for name, value in sorted(program.setting.items()))
    lines = [
        f"[program:{program.name}]",
        f"command={' '.join(program.command)}".replace("%", "%%"),
        f"environment={environment}".replace("%", "%%"),
        f"priority={priority}",
        "autorestart=true",
        "startsecs=2",
        "startretries=30",
        # TERM goes to the main process alone: a signal for the group would take Celery its pool before it drained.
        "killasgroup=true",
        f"stopwaitsecs={program.stop_seconds}",
        "redirect_stderr=true",
        f"stdout_logfile={logs / program.name}.log",
        "stdout_logfile_maxbytes=5MB",
        "stdout_logfile_backups=3",
    ]
    return "\n".join(lines)
