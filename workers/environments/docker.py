"""Environment images for the Docker driver, built by the engine's classic builder from labs/environments/Dockerfile."""

from __future__ import annotations

import functools
import io
import re
import shlex
import tarfile
import tempfile
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

import docker
import docker.errors
import docker.utils
import requests
from uv import find_uv_bin

from labs.catalog import Environment
from workers.config import settings
from workers.environments.base import BuildError, Progress, digest_of, locked, scaled
from workers.environments.commands import KEPT_LOG, CommandFailed, last_line, run
from workers.environments.failures import explain
from workers.environments.npm import npm_packages, remove_stale_npm
from workers.environments.wheelhouse import remove_stale_wheels, wheelhouse

PYTHON = "3.11"
"""Of debian:bookworm-slim, which the Dockerfile starts from: wheels must fit it, whatever runs the portal."""
ENGINE_SECONDS = 1800
Client = docker.APIClient


class DockerBuilder:
    """See workers.environments.base.Builder. An image is the engine's ``sha256:…`` id."""

    driver = "docker"

    def find(self, env: Environment) -> str | None:
        with _engine() as client:
            found = _inspect(client, _tag(env))
        return str(found["Id"]) if found else None

    def build(self, env: Environment, progress: Progress) -> str:
        lock = settings().var_dir / "environments" / f".docker-{env.name}.lock"
        with locked(lock, progress), _engine() as client:
            if not _inspect(client, _tag(env)):
                wheels = wheelhouse(env, _python(), scaled(progress, 0.0, 0.4))
                npm = npm_packages(env, _python(), wheels, scaled(progress, 0.4, 0.5))
                self._build(client, env, (wheels, npm), scaled(progress, 0.5, 1.0))
            image = _inspect(client, _tag(env))
        if image is None:
            raise BuildError(f"{env.name}: the engine says it is built and doesn't have it", reason="engine")
        progress(1.0, "ready")
        return str(image["Id"])

    def size(self, env: Environment) -> int:
        with _engine() as client:
            found = _inspect(client, _tag(env))
        return int(found["Size"]) if found else 0

    def remove_stale(self, keep: Collection[Environment]) -> list[str]:
        """The engine itself refuses to remove an image that a container uses: that one goes next time."""
        kept = {_tag(env) for env in keep}
        with _engine() as client:
            images = client.images(filters={"label": f"labs.builder={_builder()}"})
            tags = {tag for image in images for tag in image["RepoTags"] or ()} - kept
            removed = [tag for tag in sorted(tags) if _remove(client, tag)]
            # A new kit is cheap only while the layers of the wheels are there; they go with their environment.
            if {_definition(tag) for tag in removed} - {_definition(tag) for tag in kept}:
                client.prune_images(filters={"dangling": True, "label": f"labs.stage={_builder()}"})
        return [*removed, *(str(path) for path in (*remove_stale_wheels(keep), *remove_stale_npm(keep)))]

    def _build(self, client: Client, env: Environment, packages: tuple[Path, Path | None], progress: Progress) -> None:
        with tempfile.TemporaryFile(dir=settings().var_dir) as context:
            _pack(context, env, *packages)
            arguments = {"DEBIAN_PACKAGES": " ".join(env.spec.debian_packages), "BUILDER": _builder()}
            # Twice: Debian's packages need a network, and what runs code of the packages gets none.
            for target, network, tag, part in (("system", None, None, (0.1, 0.4)), (None, "none", _tag(env), (0.4, 1))):
                context.seek(0)
                answers = client.build(
                    fileobj=context, custom_context=True, tag=tag, buildargs=arguments, target=target,
                    labels={"labs.builder": _builder()} if tag else None,
                    network_mode=network, rm=True, forcerm=True, decode=True,
                )  # fmt: skip
                _follow(answers, env.name, scaled(progress, *part))


def _tag(env: Environment) -> str:
    """``labs-<name>:<environment>-<kit>``: either changing gives a new image."""
    content = settings().content_dir
    kit = [part for path in _kit() for part in (path.name, path.read_bytes())]
    recipe = [(content / "environments" / name).read_bytes() for name in ("Dockerfile", "finish.py")]
    return f"labs-{env.name}:{env.digest[:12]}-{digest_of(*kit, *recipe)}"


def _definition(tag: str) -> str:
    """The part of a tag that changes with the environment, not with the kit."""
    return tag.rpartition("-")[0]


def _builder() -> str:
    """Two checkouts may share an engine: each removes only what it built."""
    return digest_of(str(settings().var_dir.resolve()))


def _kit() -> list[Path]:
    """Every file of it: the modules, and what a terminal's shell reads."""
    return sorted(path for path in (settings().content_dir / "kit").iterdir() if path.is_file())


@functools.cache
def _python() -> str:
    """A Python of the image's version on this host: pip picks wheels for the interpreter it runs on."""
    try:
        return run([find_uv_bin(), "python", "find", "--no-project", "--no-python-downloads", PYTHON]).strip()
    except CommandFailed as failure:
        message = f"python{PYTHON}: none on this host, and images need wheels for it"
        raise BuildError(
            message, reason="missing_host_package", package=f"python{PYTHON}", log=failure.log
        ) from failure


@contextmanager
def _engine() -> Iterator[Client]:
    """The engine, with what it and its transport raise told as BuildError."""
    try:
        with closing(
            docker.APIClient(version="auto", timeout=ENGINE_SECONDS, **docker.utils.kwargs_from_env())
        ) as client:
            yield client
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        raise BuildError(f"the Docker engine failed: {error}", reason="engine") from error


def _inspect(client: Client, tag: str) -> dict[str, Any] | None:
    try:
        return dict(client.inspect_image(tag))
    except docker.errors.ImageNotFound:
        return None


def _remove(client: Client, tag: str) -> bool:
    try:
        client.remove_image(tag)
    except docker.errors.ImageNotFound:
        return True
    except docker.errors.APIError as error:
        if error.status_code != 409:
            raise
        return False
    return True


def _pack(target: IO[bytes], env: Environment, wheels: Path, npm: Path | None) -> None:
    """The build context: on disk, as half a gigabyte of wheels has no place in memory."""
    environments = settings().content_dir / "environments"
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.add(environments / "Dockerfile", "Dockerfile")
        archive.add(environments / "finish.py", "finish.py")
        archive.add(find_uv_bin(), "uv")
        archive.add(wheels, "wheelhouse")
        # Without npm packages an empty folder: the Dockerfile's COPY must find one.
        archive.add(npm, "npm") if npm else archive.addfile(_folder("npm"))
        archive.add(env.path, "environment", filter=_without_caches)
        for path in _kit():
            archive.add(path, f"kit/{path.name}")
        script = _script(env).encode()
        member = tarfile.TarInfo("build.sh")
        member.size = len(script)
        archive.addfile(member, io.BytesIO(script))


def _folder(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = tarfile.DIRTYPE
    member.mode = 0o755
    return member


def _without_caches(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in member.name else member


def _script(env: Environment) -> str:
    variables = [f"export {name}={shlex.quote(value)}" for name, value in env.spec.env.items()]
    return "\n".join([*variables, *env.spec.build, ""])


def _follow(answers: Iterator[dict[str, Any]], name: str, progress: Progress) -> None:
    """Read the build to its end: "Step 3/21" is progress; an error comes last, and is told with the step it ended."""
    log, step, error = "", "", ""
    for answer in answers:
        error = str(answer.get("error", error))
        text = str(answer.get("stream", ""))
        if found := re.match(r"Step (\d+)/(\d+) : (.*)", text):
            log, step = "", found[3]
            progress((int(found[1]) - 1) / int(found[2]), f"image {found[1]}/{found[2]}")
        elif not text.startswith(("Removing intermediate container", " ---> ")):
            log = (log + text)[-KEPT_LOG:]
    if error:
        raise _failure(name, step, log, error)


def _failure(name: str, step: str, log: str, error: str) -> BuildError:
    if "build.sh" in step:
        message = f"{name}: build line failed: {last_line(log) or error}"
        return BuildError(message, reason="build_line", log=f"{log}\n{error}")
    return explain(f"{log}\n{error}")
