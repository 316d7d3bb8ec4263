"""Environment images for the Docker driver, built by the engine's classic builder from labs/environments/.

All stand on one image with the common packages (Dockerfile.common), and add one layer with what they have beside them
(Dockerfile): a package that all share is stored, installed and compiled once.
"""

from __future__ import annotations

import functools
import io
import re
import shlex
import tarfile
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
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
"""Of debian:bookworm-slim, which the images start from: wheels must fit it, whatever runs the portal."""
COMMON = "base"
"""The environment whose packages all images share."""
BUILD_LINES = "build lines of the environment:"
"""What the Dockerfile prints before it runs them."""
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
        locks = settings().var_dir / "environments"
        with locked(locks / f".docker-{env.name}.lock", progress), _engine() as client:
            if not _inspect(client, _tag(env)):
                wheels = wheelhouse(env, _python(), scaled(progress, 0.0, 0.4))
                npm = npm_packages(env, _python(), wheels, scaled(progress, 0.4, 0.45))
                common = _common(env)
                with locked(locks / ".docker-common.lock", scaled(progress, 0.45, 0.45)):
                    shared = self._share(client, common, scaled(progress, 0.45, 0.6))
                self._build(client, env, (wheels, npm, shared), scaled(progress, 0.6, 1.0))
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
        kept = {tag for env in keep for tag in (_tag(env), _common_tag(_common(env)))}
        with _engine() as client:
            images = client.images(filters={"label": f"labs.builder={_builder()}", "dangling": False})
            tags = {tag for image in images for tag in image["RepoTags"] or ()} - kept
            removed = [tag for tag in sorted(tags) if _remove(client, tag)]
            # A new kit is cheap only while the layers of the packages are there; they go with their environment.
            if {_definition(tag) for tag in removed} - {_definition(tag) for tag in kept}:
                client.prune_images(filters={"dangling": True, "label": f"labs.stage={_builder()}"})
        return [*removed, *(str(path) for path in (*remove_stale_wheels(keep), *remove_stale_npm(keep)))]

    def _share(self, client: Client, common: Environment, progress: Progress) -> Path:
        """Make the common image unless it is there; returns the wheels that are in it."""
        wheels = wheelhouse(common, _python(), scaled(progress, 0.0, 0.3))
        tag = _common_tag(common)
        if not _inspect(client, tag):
            recipe, arguments = _environments() / "Dockerfile.common", {"BUILDER": _builder()}
            with _context(lambda archive: _pack_common(archive, recipe, wheels)) as context:
                _engine_build(client, context, common, arguments, scaled(progress, 0.3, 0.6), target="python")
                _engine_build(client, context, common, arguments, scaled(progress, 0.6, 1.0), tag=tag)
        return wheels

    def _build(
        self, client: Client, env: Environment, packages: tuple[Path, Path | None, Path], progress: Progress
    ) -> None:
        recipe, debian = _environments() / "Dockerfile", " ".join(env.spec.debian_packages)
        arguments = {"COMMON": _common_tag(_common(env)), "DEBIAN_PACKAGES": debian, "BUILDER": _builder()}
        if debian:
            with _context(lambda archive: archive.add(recipe, "Dockerfile")) as context:
                _engine_build(client, context, env, arguments, scaled(progress, 0.0, 0.4), target="system")
        with _context(lambda archive: _pack(archive, recipe, env, *packages)) as context:
            _engine_build(client, context, env, arguments, scaled(progress, 0.4, 1.0), tag=_tag(env))


def _engine_build(
    client: Client,
    context: IO[bytes],
    env: Environment,
    arguments: dict[str, str],
    progress: Progress,
    *,
    tag: str | None = None,
    target: str | None = None,
) -> None:
    """Build a stage, with a network for Debian's packages; or all, without one, as there code of the packages runs."""
    context.seek(0)
    answers = client.build(
        fileobj=context, custom_context=True, tag=tag, buildargs=arguments, target=target,
        labels={"labs.builder": _builder()} if tag else None,
        network_mode=None if target else "none", rm=True, forcerm=True, decode=True,
    )  # fmt: skip
    _follow(answers, env.name, progress)


def _environments() -> Path:
    return settings().content_dir / "environments"


def _common(env: Environment) -> Environment:
    """The environment whose packages env's image stands on; an environment of another folder has its own beside it."""
    path = env.path.parent / COMMON
    return Environment(name=COMMON, path=path, spec=env.spec) if path.is_dir() else env


def _common_tag(common: Environment) -> str:
    recipe = [(_environments() / name).read_bytes() for name in ("Dockerfile.common", "finish.py")]
    return f"labs-common:{digest_of(common.requirements, *recipe)}"


def _tag(env: Environment) -> str:
    """``labs-<name>:<packages>-<kit>``: either changing gives a new image."""
    kit = [part for path in _kit() for part in (path.name, path.read_bytes())]
    recipe = [(_environments() / name).read_bytes() for name in ("Dockerfile", "finish.py", "layer.py")]
    return f"labs-{env.name}:{digest_of(env.digest, _common_tag(_common(env)))}-{digest_of(*kit, *recipe)}"


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


@contextmanager
def _context(fill: Callable[[tarfile.TarFile], None]) -> Iterator[IO[bytes]]:
    """A build context: on disk, as half a gigabyte of wheels has no place in memory."""
    with tempfile.TemporaryFile(dir=settings().var_dir) as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            fill(archive)
        yield file


def _pack_common(archive: tarfile.TarFile, recipe: Path, wheels: Path) -> None:
    archive.add(recipe, "Dockerfile")
    _add_tools(archive, wheels.iterdir())


def _pack(
    archive: tarfile.TarFile, recipe: Path, env: Environment, wheels: Path, npm: Path | None, shared: Path
) -> None:
    archive.add(recipe, "Dockerfile")
    archive.add(_environments() / "layer.py", "layer.py")
    there = {wheel.name for wheel in shared.iterdir()}
    _add_tools(archive, (wheel for wheel in wheels.iterdir() if wheel.name not in there))
    extraneous = _packages(shared) - _packages(wheels)
    _add_text(archive, "extraneous.txt", "".join(f"{name}\n" for name in sorted(extraneous)))
    # COPY must find the folder, even with nothing in it; so with the wheels.
    archive.add(npm, "npm") if npm else archive.addfile(_folder("npm"))
    archive.add(env.path, "environment", filter=_without_caches)
    for path in _kit():
        archive.add(path, f"kit/{path.name}")
    _add_text(archive, "build.sh", _script(env))


def _add_tools(archive: tarfile.TarFile, wheels: Iterable[Path]) -> None:
    archive.add(_environments() / "finish.py", "finish.py")
    archive.add(find_uv_bin(), "uv")
    archive.addfile(_folder("wheelhouse"))
    for wheel in wheels:
        archive.add(wheel, f"wheelhouse/{wheel.name}")


def _packages(wheels: Path) -> set[str]:
    """Their names, as the wheels' file names have them."""
    return {wheel.name.partition("-")[0].lower() for wheel in wheels.glob("*.whl")}


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


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
    log, error, in_build_lines = "", "", False
    for answer in answers:
        error = str(answer.get("error", error))
        text = str(answer.get("stream", ""))
        if found := re.match(r"Step (\d+)/(\d+) : ", text):
            log, in_build_lines = "", False
            progress((int(found[1]) - 1) / int(found[2]), f"image {found[1]}/{found[2]}")
        elif text.startswith(BUILD_LINES):
            log, in_build_lines = "", True
        elif not text.startswith(("Removing intermediate container", " ---> ")):
            log = (log + text)[-KEPT_LOG:]
    if error:
        raise _failure(name, log, error, in_build_lines=in_build_lines)


def _failure(name: str, log: str, error: str, *, in_build_lines: bool) -> BuildError:
    if in_build_lines:
        message = f"{name}: build line failed: {last_line(log) or error}"
        return BuildError(message, reason="build_line", log=f"{log}\n{error}")
    return explain(f"{log}\n{error}")
