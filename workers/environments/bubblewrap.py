"""Unpacked environments for the bubblewrap driver: a venv on the host's /usr/bin/python3, bound at /opt/lab/env."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from uv import find_uv_bin

from labs.catalog import Environment
from workers.config import settings
from workers.environments import sharing
from workers.environments.base import BuildError, Progress, clear_abandoned, digest_of, locked, scaled
from workers.environments.commands import CommandFailed, last_line, run
from workers.environments.failures import explain
from workers.environments.npm import npm_packages, remove_stale_npm
from workers.environments.wheelhouse import remove_stale_wheels, wheelhouse

PYTHON = "/usr/bin/python3"
"""Inside a sandbox /usr is the host's, so this is the only interpreter both sides have at one path."""
INSIDE = "/opt/lab/env"
SOURCE = "/opt/lab/build"
SANDBOX_SECONDS = 12 * 3600  # a session lasts eight hours at most
_ETC = (
    "alternatives",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "passwd",
    "group",
    "nsswitch.conf",
    "hosts",
    "ssl",
    "java-17-openjdk",
)


def environments_dir() -> Path:
    """Where built environments live. The driver mounts them before it gives up its rights: a closed folder will do."""
    return settings().environments_dir or settings().var_dir / "environments"


class BubblewrapBuilder:
    """See workers.environments.base.Builder. An image is the absolute path of a finished tree."""

    driver = "bubblewrap"

    def find(self, env: Environment) -> str | None:
        path = self._path(env)
        return str(path) if (path / "ready.json").is_file() else None

    def build(self, env: Environment, progress: Progress) -> str:
        _require_host_packages(env.spec.debian_packages)
        path = self._path(env)
        with locked(path.parent / f".{path.name}.lock", progress):
            if not self.find(env):
                self._build(env, path, progress)
        progress(1.0, "ready")
        return str(path)

    def size(self, env: Environment) -> int:
        try:
            return int(json.loads((self._path(env) / "ready.json").read_text())["size_bytes"])
        except FileNotFoundError:
            return 0

    def remove_stale(self, keep: Collection[Environment]) -> list[str]:
        """A tree goes once it has been unwanted for longer than any sandbox lives: one may still run on it."""
        kept = {self._path(env) for env in keep}
        removed = [str(path) for path in (*remove_stale_wheels(keep), *remove_stale_npm(keep))]
        for ready in environments_dir().glob("[!.]*/[!.]*/ready.json"):
            tree, mark = ready.parent, ready.with_name("unwanted")
            if tree in kept:
                mark.unlink(missing_ok=True)
            elif not mark.exists():
                mark.touch()
            elif time.time() - mark.stat().st_mtime > SANDBOX_SECONDS:
                _remove(tree)
                removed.append(str(tree))
        for folder in environments_dir().glob("[!.]*"):
            clear_abandoned(folder)
        sharing.remove_unused(_store())
        return removed

    def _path(self, env: Environment) -> Path:
        """Named by all that shapes it: a new Java or Python on the host means a new build, as its archives are void."""
        versions = _host_versions(("python3", *env.spec.debian_packages), _dpkg_stamp())
        return environments_dir() / env.name / digest_of(env.digest, versions, _finish_script().read_bytes())

    def _build(self, env: Environment, path: Path, progress: Progress) -> None:
        started = time.monotonic()
        wheels = wheelhouse(env, PYTHON, scaled(progress, 0.0, 0.5))
        npm = npm_packages(env, PYTHON, wheels, scaled(progress, 0.5, 0.6))
        tree = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        try:
            progress(0.6, "installing")
            _install(tree, wheels)
            sharing.lend_compiled(tree, [ready.parent for ready in environments_dir().glob("[!.]*/[!.]*/ready.json")])
            if npm:
                shutil.copytree(npm, tree, symlinks=True, dirs_exist_ok=True)
            self._finish(env, tree, scaled(progress, 0.75, 1.0))
            seconds = round(time.monotonic() - started, 1)
            facts = {"name": env.name, "digest": env.digest, "size_bytes": _size(tree), "seconds": seconds}
            sharing.share(tree, _store())
            (tree / "ready.json").write_text(json.dumps(facts))
            (tree / "ready.json").chmod(0o644)
            tree.rename(path)
        finally:
            shutil.rmtree(tree, ignore_errors=True)

    def _finish(self, env: Environment, tree: Path, progress: Progress) -> None:
        python = f"{INSIDE}/bin/python"
        steps: list[list[str]] = [[python, "/opt/lab/finish.py"]]
        steps += [["/bin/bash", "-euc", line] for line in env.spec.build]
        steps += [[python, "/opt/lab/finish.py", "--seal"]]
        for number, command in enumerate(steps):
            progress(number / len(steps), f"finishing {number + 1}/{len(steps)}")
            try:
                run([*_sandbox(env, tree), *command], env={})
            except CommandFailed as failure:
                message = f"{env.name}: build line failed: {command[-1]}: {last_line(failure.log)}"
                raise BuildError(message, reason="build_line", log=failure.log) from failure


def _store() -> Path:
    return environments_dir() / ".store"


def _remove(tree: Path) -> None:
    """Renamed first: a tree half removed must never be found."""
    doomed = tree.with_name(f".{tree.name}-stale")
    tree.rename(doomed)
    shutil.rmtree(doomed)


def _install(tree: Path, wheels: Path) -> None:
    """uv makes the venv without ensurepip, which bare Debian lacks. Its cache lies beside the tree, so it links."""
    uv = find_uv_bin()
    cache = tree.with_name(f"{tree.name}.cache")
    environment = {"PATH": "/usr/bin:/bin", "UV_CACHE_DIR": str(cache), "UV_NO_CONFIG": "1", "UV_OFFLINE": "1"}
    site = [f"--python={tree}", "--quiet"]
    try:
        run(
            [uv, "venv", "--quiet", "--clear", "--relocatable", "--no-project", "--python", PYTHON, tree],
            env=environment,
        )
        run([uv, "pip", "install", *site, "--no-deps", "--no-index", *sorted(wheels.glob("*.whl"))], env=environment)
        run([uv, "pip", "check", *site], env=environment)
    except CommandFailed as failure:
        raise explain(failure.log) from failure
    finally:
        shutil.rmtree(cache, ignore_errors=True)


def _sandbox(env: Environment, tree: Path) -> list[str]:
    """Build lines run where the environment will run, without a network; the tree is the only thing they can change."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        _require_host_packages(("bubblewrap",))
        raise BuildError("bwrap is not on PATH", reason="missing_host_package", package="bubblewrap")
    # Spark and py4j look "localhost" up; without a hosts file that needs a network.
    binds = [part for name in _ETC for part in ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")]
    variables = {"HOME": "/tmp", "LANG": "C.UTF-8", **env.spec.env, "PATH": f"{INSIDE}/bin:/usr/bin:/bin"}  # noqa: S108
    return [
        # No --new-session: `run` gives it one already, and ends all that is in it.
        *(bwrap, "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--clearenv"),
        *("--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib"),
        *("--symlink", "usr/lib64", "/lib64", "--symlink", "usr/sbin", "/sbin", *binds),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind", str(tree), INSIDE),  # noqa: S108
        *("--ro-bind", str(env.path), SOURCE, "--ro-bind", str(_finish_script()), "/opt/lab/finish.py"),
        *[part for name, value in variables.items() for part in ("--setenv", name, value)],
        *("--chdir", INSIDE),
    ]


def _finish_script() -> Path:
    return settings().content_dir / "environments" / "finish.py"


def _size(tree: Path) -> int:
    return sum(p.lstat().st_blocks * 512 for p in tree.rglob("*"))


def _require_host_packages(packages: Sequence[str]) -> None:
    missing = [name for name in packages if not _installed(name)]
    if missing:
        names = " ".join(missing)
        message = f"{names}: not installed on this host; as root: apt-get install --no-install-recommends {names}"
        raise BuildError(message, reason="missing_host_package", package=missing[0])


def _installed(package: str) -> bool:
    """A host without dpkg is taken at its word: its packages have other names."""
    stamp = _dpkg_stamp()
    return stamp == 0 or bool(_host_versions((package,), stamp))


def _dpkg_stamp() -> int:
    """Changes whenever Debian packages are installed or removed; 0 on a host that isn't Debian."""
    try:
        return Path("/var/lib/dpkg/status").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@functools.lru_cache(maxsize=64)
def _host_versions(packages: tuple[str, ...], stamp: int) -> str:
    """``name=version`` of the installed ones; cached until dpkg's own list (``stamp``) changes."""
    if not stamp:
        return ""
    shape = "${db:Status-Status} ${Package}=${Version}\n"
    found = subprocess.run(["dpkg-query", "-W", f"-f={shape}", *packages], capture_output=True, text=True, check=False)
    rows = [line.split(" ", 1) for line in found.stdout.splitlines()]
    return " ".join(sorted(name for status, name in rows if status == "installed"))
