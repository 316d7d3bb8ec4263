"""Sandboxes by Docker: one container each, from an image named by its digest.

The only module of the portal that talks to the engine, with a time limit on every call: an engine that hangs is a
SandboxError, so a platform fault, never the student's.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import docker
import docker.errors
import docker.types
import docker.utils
import requests

from workers.config import LabsSettings
from workers.jobs import Limits, SandboxSpec
from workers.sandboxes import engine, gpus, profile, seccomp
from workers.sandboxes.base import ExitRecord, Handle, PreflightError, Protection, SandboxError
from workers.sandboxes.rundir import Meta, RunDir

IMAGE = re.compile(r"sha256:[0-9a-f]{64}")
CALL_SECONDS = 30
PROBE_SECONDS = 3
PORTAL, SANDBOX, DEADLINE = "labs.portal", "labs.sandbox", "labs.deadline"
_OWN = "labs.label."
# The wall clock inside, for when no worker is left to look: the deadline, which may be moved, is held by poll().
# Killing `timeout` ends the sandbox too: init follows it.
ENTRY = 'umask 007; mkdir -p {work} && cd {work} && exec timeout -s KILL {seconds:.1f} "$@"'
OVER = 0.2  # seconds before its deadline at which an end already counts as caused by it


@contextmanager
def _calls(doing: str) -> Iterator[None]:
    """Turns what the engine and its transport raise into SandboxError; NotFound passes, as an answer."""
    try:
        yield
    except docker.errors.NotFound:
        raise
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
        raise SandboxError(f"{doing}: {error}") from error


def _to_its_end(call: Callable[[], None]) -> None:
    """Calls, and waits for the call's end also when a signal's handler raises meanwhile: of a request that is
    cut short the engine would do its part later, and nobody would know of the container.
    """
    with ThreadPoolExecutor(1) as thread:
        thread.submit(call).result()


def _connect(seconds: int) -> docker.APIClient:
    address = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:  # the SDK leaves its socket open when it can't connect
            probe.settimeout(seconds)
            probe.connect(address.removeprefix("unix://"))
    return docker.APIClient(version="auto", timeout=seconds, **docker.utils.kwargs_from_env())


def answers() -> bool:
    """Whether a Docker engine answers here, soon."""
    try:
        client = _connect(PROBE_SECONDS)
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError):
        return False
    client.close()
    return True


class DockerDriver:
    """See :class:`workers.sandboxes.base.SandboxDriver`."""

    name = "docker"

    def __init__(self, settings: LabsSettings) -> None:
        self.dir = RunDir(settings.run_dir)
        self.gpus = settings.gpus
        self._client: tuple[int, docker.APIClient] | None = None

    @property
    def client(self) -> docker.APIClient:
        """This process's connection: a socket pool must not be shared across a fork."""
        if self._client is None or self._client[0] != os.getpid():
            with _calls("no Docker engine answers"):
                self._client = (os.getpid(), _connect(CALL_SECONDS))
        return self._client[1]

    def close(self) -> None:
        """Closes the connection to the engine; the next call opens another."""
        if self._client is not None and self._client[0] == os.getpid():
            self._client[1].close()
        self._client = None

    def preflight(self) -> list[Protection]:
        with _calls("the Docker engine does not answer"):
            found = engine.protections(self.client.info(), self.client.version())
        root = os.geteuid() == 0
        found.append(
            Protection("unique uid", root, False, "" if root else f"not root: sandboxes run as uid {os.geteuid()}")
        )
        found += [*profile.run_directory(self.dir.path), *gpus.protections(self.gpus)]
        if lacking := [p for p in found if p.required and not p.ok]:
            raise PreflightError("; ".join(f"{p.name}: {p.detail}" for p in lacking))
        return found

    def start(self, spec: SandboxSpec) -> Handle:
        if not IMAGE.fullmatch(spec.image):
            raise SandboxError(f"not an image digest: {spec.image!r}")
        meta = self.dir.create(spec, self.name)
        try:
            how = " with a GPU (it takes the NVIDIA Container Toolkit)" if spec.gpu else ""
            with _calls(f"sandbox {spec.id} did not start{how}"):
                _to_its_end(lambda: self._launch(spec, meta))
        except docker.errors.NotFound as error:
            self.stop(self.dir.handle(meta))
            raise SandboxError(
                f"the image of environment {spec.environment} is not here: {error.explanation}"
            ) from error
        except BaseException:  # SandboxError, or somebody ends this process or task
            self.stop(self.dir.handle(meta))
            raise
        return self.dir.handle(meta)

    def _launch(self, spec: SandboxSpec, meta: Meta) -> None:
        container = self.client.create_container(**self._options(spec, meta))
        self.client.start(container["Id"])

    def _options(self, spec: SandboxSpec, meta: Meta) -> dict[str, Any]:
        left = meta.latest - time.time()
        return {
            "image": spec.image,
            "name": _name(spec.id),
            "hostname": "lab",
            "user": f"{meta.uid}:{meta.uid}",
            "entrypoint": ["/bin/sh", "-c", ENTRY.format(work=profile.WORK, seconds=max(left, 0.1)), "sh"],
            "command": list(spec.command),
            "working_dir": "/",
            "environment": profile.environment(spec),
            "labels": {
                PORTAL: self.dir.tag,
                SANDBOX: spec.id,
                DEADLINE: repr(spec.deadline),
                **{_OWN + name: value for name, value in spec.labels.items()},
            },
            "host_config": self._host_config(spec, meta),
        }

    def _host_config(self, spec: SandboxSpec, meta: Meta) -> dict[str, Any]:
        limits = spec.limits
        memory = limits.memory_mb * 1024 * 1024
        identity = f"uid={meta.uid},gid={meta.uid},mode=0700,nosuid,nodev,exec"
        return self.client.create_host_config(
            network_mode="none",
            extra_hosts={"lab": "127.0.0.1"},  # its own name: Java asks for it at start
            cap_drop=["ALL"],
            security_opt=["no-new-privileges", f"seccomp={seccomp.profile()}"],
            read_only=True,
            tmpfs={target: f"{size},{identity}" for target, size in profile.tmpfs(limits).values()},
            mounts=self._mounts(spec, meta),
            init=True,
            pids_limit=limits.pids,
            mem_limit=memory,
            memswap_limit=memory,
            nano_cpus=int(limits.cpus * 1e9),
            ulimits=_ulimits(limits),
            ipc_mode="private",
            cgroupns="private",
            log_config=docker.types.LogConfig(type="none"),
            group_add=[str(group) for group in profile.peer_groups(self.dir, spec)],
            oom_score_adj=500,  # a host short of memory kills sandboxes first
            device_requests=[gpus.request(gpus.lent(self.gpus))] if spec.gpu else None,
        )

    def _mounts(self, spec: SandboxSpec, meta: Meta) -> list[docker.types.Mount]:
        folder = self.dir.folder(spec.id)
        profile.write_etc(folder / "etc", meta.uid)
        trees: list[tuple[Path, str, bool]] = [
            (folder / "lab", "/run/lab", False),
            *((folder / "etc" / name, f"/etc/{name}", True) for name in ("passwd", "group")),
        ]
        if spec.peer is not None:
            trees.append((profile.peer_folder(self.dir, spec.peer), "/run/peer", True))
        return [
            docker.types.Mount(target, str(source), type="bind", read_only=read_only, propagation="private")
            for source, target, read_only in trees
        ]

    def poll(self, handle: Handle) -> ExitRecord | None:
        meta = self.dir.read(handle.id)
        end = meta.end if meta else handle.deadline
        state = self._state(handle.id)
        if state and state["Running"] and time.time() > end:
            self._kill(handle.id)
            state = self._state(handle.id)
        if state is None:
            return ExitRecord(None, detail="no such container")
        if state["Running"]:
            return None
        finished = datetime.fromisoformat(state["FinishedAt"]).timestamp()
        return ExitRecord(state["ExitCode"], bool(state["OOMKilled"]), finished > end - OVER, state["Error"])

    def _state(self, sandbox: str) -> dict[str, Any] | None:
        try:
            with _calls(f"cannot look at sandbox {sandbox}"):
                found: dict[str, Any] = self.client.inspect_container(_name(sandbox))["State"]
        except docker.errors.NotFound:
            return None
        return found

    def _kill(self, sandbox: str) -> None:
        """Ends it and waits until the engine has seen it, so that the next look gives an exit record."""
        try:
            self.client.kill(_name(sandbox), "SIGKILL")
            self.client.wait(_name(sandbox), timeout=CALL_SECONDS)
        except docker.errors.APIError as error:
            if error.status_code not in (404, 409):  # gone, or ended meanwhile
                raise SandboxError(f"cannot end sandbox {sandbox}: {error}") from error
        except requests.exceptions.RequestException as error:
            raise SandboxError(f"cannot end sandbox {sandbox}: {error}") from error

    def oom(self, handle: Handle) -> bool:
        state = self._state(handle.id)
        if state is None or state["OOMKilled"]:
            return state is not None
        # The state says so only after the end; of a living container the engine keeps the event.
        began = int(datetime.fromisoformat(state["StartedAt"]).timestamp())
        wanted = {"container": _name(handle.id), "event": "oom"}
        with _calls(f"cannot read the events of sandbox {handle.id}"):
            # The engine takes fractions of a second; whole ones would lose what happened in this one.
            until = f"{time.time():.6f}"
            return any(True for _ in self.client.events(since=began, until=until, filters=wanted))  # type: ignore[call-overload]

    def peak_memory(self, handle: Handle) -> int:
        with _calls(f"cannot read the figures of sandbox {handle.id}"):
            try:
                figures = self.client.stats(_name(handle.id), stream=False, one_shot=True)
            except docker.errors.NotFound:
                return 0
        # With version 2 of control groups the engine doesn't pass the kernel's peak on.
        return int(figures.get("memory_stats", {}).get("max_usage", 0))

    def stop(self, handle: Handle) -> None:
        end = time.monotonic() + CALL_SECONDS
        while True:
            try:
                self.client.remove_container(_name(handle.id), force=True, v=True)
            except docker.errors.NotFound:
                break
            except docker.errors.APIError as error:
                if error.status_code != 409 or time.monotonic() > end:  # 409: another stop() is at it
                    raise SandboxError(f"cannot remove sandbox {handle.id}: {error}") from error
                time.sleep(0.05)
            except requests.exceptions.RequestException as error:
                raise SandboxError(f"cannot remove sandbox {handle.id}: {error}") from error
        self.dir.remove(handle.id)

    def list(self) -> list[Handle]:
        found = {meta.id: self.dir.handle(meta) for meta in self.dir.all(self.name)}
        with _calls("cannot list the sandboxes"):
            containers = self.client.containers(all=True, filters={"label": f"{PORTAL}={self.dir.tag}"})
        for container in containers:
            handle = self._handle(container["Labels"])
            found.setdefault(handle.id, handle)
        return list(found.values())

    def _handle(self, labels: dict[str, str]) -> Handle:
        """From a container whose folder is lost (the run directory is memory: a reboot empties it)."""
        sandbox = labels[SANDBOX]
        own = {name.removeprefix(_OWN): value for name, value in labels.items() if name.startswith(_OWN)}
        return Handle(sandbox, self.dir.folder(sandbox) / "lab", own, float(labels[DEADLINE]))


def _name(sandbox: str) -> str:
    return f"labs-{sandbox}"


def _ulimits(limits: Limits) -> list[docker.types.Ulimit]:
    """The limits of each process, as setrlimit has them."""
    values = {
        "core": 0,
        "cpu": limits.cpu_seconds,
        "fsize": limits.file_mb * 1024 * 1024,
        "nofile": limits.open_files,
        "msgqueue": 0,
    }
    return [docker.types.Ulimit(name=name, soft=value, hard=value) for name, value in values.items()]
