"""Environment images for the Docker driver: a layer is what labs/environments/image.sh changes in a container.

All stand on one image with the common packages, and add a layer with what they have beside them: a package that all
share is stored, installed and compiled once. The kit comes last, since it changes more often than any environment.

In containers, not by a Dockerfile: the builder behind the engine's API copies each file of a stage by itself, which
took longer than making them, and BuildKit is a plugin that not every host has.
"""

from __future__ import annotations

import functools
import io
import re
import shlex
import tarfile
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import docker
import docker.errors
import docker.utils
import requests
from docker.utils.config import load_general_config
from docker.utils.proxy import ProxyConfig
from docker.utils.socket import frames_iter
from uv import find_uv_bin

from labs.catalog import Environment
from workers.config import settings
from workers.environments.base import BuildError, Progress, digest_of, locked, scaled
from workers.environments.commands import KEPT_LOG, CommandFailed, last_line, run
from workers.environments.failures import explain
from workers.environments.npm import npm_packages, remove_stale_npm
from workers.environments.wheelhouse import remove_stale_wheels, wheelhouse

DEBIAN = "debian:bookworm-slim"
PYTHON = "3.11"
"""Of that Debian: wheels must fit it, whatever runs the portal."""
COMMON = "base"
"""The environment whose packages all images share."""
SOURCE = "opt/lab/source"
"""Where image.sh finds what a layer is made from."""
VARIABLES = {"LANG": "C.UTF-8", "PATH": "/opt/lab/env/bin:/usr/bin:/bin"}
WITH_NETWORK = ("python", "system")
"""The layers with Debian's packages. In the others code of the packages runs."""
BUILD_LINES, DONE = ":: build lines", ":: done"
"""What image.sh prints when it begins with the environment's own lines, and what follows when it has ended well."""
# A container's first process. It waits to be committed, and its input ends with the connection of who builds: killed or
# not, nothing of a build is left. (3: what runs in a shell's background reads from nowhere unless told.)
GUARD = f"""
exec 3<&0
sh /{SOURCE}/image.sh "$0" </dev/null & work=$!
{{ cat <&3 >/dev/null; kill -KILL "$work" 2>/dev/null; }} &
wait "$work" && echo "{DONE}" && wait
"""
ENGINE_SECONDS = 1800
Client = docker.APIClient


class Layer(NamedTuple):
    """One layer of an image: ``tag`` names what it makes out of the image ``below``, and changes with all of both."""

    name: str
    tag: str
    below: str


class Packages(NamedTuple):
    """What was fetched for an environment: its wheels, its npm packages, and the wheels that all images share."""

    wheels: Path
    npm: Path | None
    shared: Path


class DockerBuilder:
    """See workers.environments.base.Builder. An image is the engine's ``sha256:…`` id."""

    driver = "docker"

    def find(self, env: Environment) -> str | None:
        with _engine() as client:
            found = _inspect(client, _layers(env)[-1].tag)
        return str(found["Id"]) if found else None

    def build(self, env: Environment, progress: Progress) -> str:
        *_, last = layers = _layers(env)
        with _engine() as client:
            if not _inspect(client, last.tag):
                packages = _fetch(env, scaled(progress, 0.0, 0.4))
                for number, layer in enumerate(layers):
                    part = scaled(progress, 0.4 + 0.6 * number / len(layers), 0.4 + 0.6 * (number + 1) / len(layers))
                    with locked(_lock(layer), part):
                        if not _inspect(client, layer.tag):
                            words = f"image {number + 1}/{len(layers)}"
                            part(0.0, words)
                            _make(client, layer, env, packages, functools.partial(_tell, part, words))
            image = _inspect(client, last.tag)
        if image is None:
            raise BuildError(f"{env.name}: the engine says it is built and doesn't have it", reason="engine")
        progress(1.0, "ready")
        return str(image["Id"])

    def size(self, env: Environment) -> int:
        with _engine() as client:
            found = _inspect(client, _layers(env)[-1].tag)
        return int(found["Size"]) if found else 0

    def remove_stale(self, keep: Collection[Environment]) -> list[str]:
        """The engine itself refuses to remove an image that a container uses: that one goes next time.

        What all begin with stays, whatever is to be kept.
        """
        kept = {_tag("python", DEBIAN), *(layer.tag for env in keep for layer in _layers(env))}
        mine = f"labs.builder={_builder()}"
        with _engine() as client:
            newest_first = sorted(client.images(filters={"label": mine}), key=lambda image: -int(image["Created"]))
            tags = [tag for image in newest_first for tag in image["RepoTags"] or () if tag not in kept]
            removed = [tag for tag in tags if _remove(client, tag)]
            unstarted = {"name": _container(), "status": "created"}
            for container in client.containers(all=True, filters=unstarted):
                if time.time() - int(container["Created"]) > ENGINE_SECONDS:
                    _remove_container(client, container["Id"])
        return [*removed, *(str(path) for path in (*remove_stale_wheels(keep), *remove_stale_npm(keep)))]


def _layers(env: Environment) -> list[Layer]:
    """From Debian up to the environment's own image, the last."""
    finish = (_environments() / "finish.py").read_bytes()
    made_from: dict[str, tuple[bytes | str, ...]] = {
        "python": (),
        "common": (_common(env).requirements, finish),
        "system": tuple(env.spec.debian_packages),
        "environment": (env.digest, finish),
        "kit": tuple(part for path in _kit() for part in (path.name, path.read_bytes())),
    }
    if not env.spec.debian_packages:
        del made_from["system"]
    repositories = {"environment": f"{env.name}-packages", "kit": env.name}
    layers: list[Layer] = []
    for name, parts in made_from.items():
        below = layers[-1].tag if layers else DEBIAN
        layers.append(Layer(name, _tag(repositories.get(name, name), below, *parts), below))
    return layers


def _tag(repository: str, below: str, *made_from: bytes | str) -> str:
    return f"labs-{repository}:{digest_of(below, (_environments() / 'image.sh').read_bytes(), *made_from)}"


def _tell(progress: Progress, words: str, fraction: float) -> None:
    progress(fraction, words)


def _fetch(env: Environment, progress: Progress) -> Packages:
    wheels = wheelhouse(env, _python(), scaled(progress, 0.0, 0.7))
    npm = npm_packages(env, _python(), wheels, scaled(progress, 0.7, 0.8))
    return Packages(wheels, npm, wheelhouse(_common(env), _python(), scaled(progress, 0.8, 1.0)))


def _make(client: Client, layer: Layer, env: Environment, packages: Packages, tell: Callable[[float], None]) -> None:
    """What a container with image.sh and what it works on has changed becomes the layer."""
    if layer.below == DEBIAN and not _inspect(client, DEBIAN):
        client.pull(DEBIAN)
    repository, _, tag = layer.tag.partition(":")
    name = f"{_container()}{tag}"
    _remove_container(client, name)  # of a builder that was killed before it began
    container = client.create_container(
        layer.below, ["sh", "-c", GUARD, layer.name], name=name, environment=VARIABLES, stdin_open=True,
        use_config_proxy=False,  # an image would keep the proxy: image.sh reads it for apt alone
        host_config=client.create_host_config(
            network_mode="default" if layer.name in WITH_NETWORK else "none", auto_remove=True
        ),
    )["Id"]  # fmt: skip
    try:
        with _packed(lambda archive: _pack(archive, layer.name, env, packages)) as archive:
            client.put_archive(container, "/", archive)
        channel = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        stream = client.attach_socket(container, params=channel)
        with closing(stream._response):  # the stream's own close() leaves the connection open
            client.start(container)
            _follow((chunk for _, chunk in frames_iter(stream, tty=False)), env.name, tell)
            changes = ['CMD ["bash"]', "WORKDIR /", f"LABEL labs.builder={_builder()}"]
            client.commit(container, repository, tag, changes=changes)
    finally:
        _remove_container(client, container)


def _pack(archive: tarfile.TarFile, layer: str, env: Environment, packages: Packages) -> None:
    """What image.sh needs for a layer."""
    _add(archive, _environments() / "image.sh", "image.sh")
    if layer in WITH_NETWORK:
        _add_text(archive, "proxy.sh", _exports(_proxy()))
        _add_text(archive, "debian.txt", " ".join(env.spec.debian_packages))
    if layer == "kit":
        for path in _kit():
            _add(archive, path, f"kit/{path.name}")
    if layer in ("common", "environment"):
        _add(archive, _environments() / "finish.py", "finish.py")
        _add(archive, Path(find_uv_bin()), "uv")
    if layer == "common":
        _add_wheels(archive, packages.shared.iterdir())
    if layer == "environment":
        there = {wheel.name for wheel in packages.shared.iterdir()}
        _add_wheels(archive, (wheel for wheel in packages.wheels.iterdir() if wheel.name not in there))
        extraneous = _names(packages.shared) - _names(packages.wheels)
        _add_text(archive, "extraneous.txt", "".join(f"{name}\n" for name in sorted(extraneous)))
        if packages.npm:  # tens of thousands of files: where they belong at once
            archive.add(packages.npm, "opt/lab/env", filter=_as_root)
        _add(archive, env.path, "environment")
        _add_text(archive, "build.sh", _exports(env.spec.env) + "\n".join([*env.spec.build, ""]))


def _environments() -> Path:
    return settings().content_dir / "environments"


def _common(env: Environment) -> Environment:
    """The environment whose packages env's image stands on; an environment of another folder has its own beside it."""
    path = env.path.parent / COMMON
    return Environment(name=COMMON, path=path, spec=env.spec) if path.is_dir() else env


def _lock(layer: Layer) -> Path:
    return settings().var_dir / "environments" / f".docker-{layer.tag.replace(':', '-')}.lock"


def _container() -> str:
    """How the names of the containers begin in which this checkout makes layers. Labels a sandbox would inherit."""
    return f"labs-build-{_builder()}-"


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


def _remove_container(client: Client, container: str) -> None:
    try:
        client.remove_container(container, force=True)
    except docker.errors.APIError as error:
        if error.status_code not in (404, 409):  # it ended by itself, and the engine removes it or has done so
            raise


@contextmanager
def _packed(fill: Callable[[tarfile.TarFile], None]) -> Iterator[IO[bytes]]:
    """An archive on disk, as half a gigabyte of wheels has no place in memory."""
    with tempfile.TemporaryFile(dir=settings().var_dir) as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            fill(archive)
        file.seek(0)
        yield file


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    archive.add(path, f"{SOURCE}/{name}", filter=_as_root)


def _as_root(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return None if "__pycache__" in member.name else member


def _add_wheels(archive: tarfile.TarFile, wheels: Iterable[Path]) -> None:
    for wheel in wheels:
        _add(archive, wheel, f"wheelhouse/{wheel.name}")


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    member = tarfile.TarInfo(f"{SOURCE}/{name}")
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _names(wheels: Path) -> set[str]:
    """The packages', as the wheels' file names have them."""
    return {wheel.name.partition("-")[0].lower() for wheel in wheels.glob("*.whl")}


def _exports(variables: Mapping[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _proxy() -> dict[str, str]:
    """As the engine's clients are told to give it to containers."""
    config: dict[str, Any] = load_general_config()
    told = ProxyConfig.from_dict(config.get("proxies", {}).get("default", {})).get_environment()
    return {name: str(address) for name, address in told.items()}


def _follow(chunks: Iterable[bytes], name: str, tell: Callable[[float], None]) -> None:
    """Reads what image.sh prints until the layer is made. Raises BuildError, with what it said, when it ends before."""
    log, rest, in_build_lines = "", b"", False
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in (raw.decode(errors="replace") for raw in lines):
            if line == DONE:
                return
            if line == BUILD_LINES:
                log, in_build_lines = "", True
            elif found := re.fullmatch(r":: (0\.\d+)", line):
                tell(float(found[1]))
            else:
                log = f"{log}{line}\n"[-KEPT_LOG:]
    log += rest.decode(errors="replace")
    if in_build_lines:
        message = f"{name}: build line failed: {last_line(log) or 'it said nothing'}"
        raise BuildError(message, reason="build_line", log=log)
    raise explain(log)
