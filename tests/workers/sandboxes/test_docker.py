"""What is Docker's own: the container it makes, engines too old to trust, engines that are gone or hang."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandboxes import Bench, available_drivers, bench, make_image, new_id
from workers.config import LabsSettings
from workers.sandboxes import choose, docker, engine, open_run_dir
from workers.sandboxes.base import Handle, PreflightError, SandboxError
from workers.sandboxes.bubblewrap import BubblewrapDriver
from workers.sandboxes.docker import DockerDriver

pytestmark = [pytest.mark.sandbox, pytest.mark.docker]
needs_engine = pytest.mark.skipif("docker" not in available_drivers(), reason="no Docker engine answers")
PATCHED = "1.1.5+ds1 1.1.5+ds1-1+deb12u1"


@pytest.fixture
def run_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="labs-test-", dir="/dev/shm"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Bench]:
    with bench("docker", make_image("docker", tmp_path)) as made:
        yield made


def inspect(box: Bench, handle: Handle) -> dict[str, Any]:
    assert isinstance(box.driver, DockerDriver)
    found: dict[str, Any] = box.driver.client.inspect_container(f"labs-{handle.id}")
    return found


@needs_engine
def test_the_container_has_the_whole_profile(box: Bench) -> None:
    made = inspect(box, box.start("import time; time.sleep(30)", labels={"session": "k"}))
    config = made["HostConfig"]
    assert (config["NetworkMode"], config["IpcMode"], config["LogConfig"]["Type"]) == ("none", "private", "none")
    assert (config["CapDrop"], config["CapAdd"], config["Privileged"]) == (["ALL"], None, False)
    assert (config["ReadonlyRootfs"], config["Init"], config["PidMode"]) == (True, True, "")
    assert (config["Memory"], config["MemorySwap"], config["PidsLimit"]) == (128 << 20, 128 << 20, 32)
    assert config["NanoCpus"] == 1_000_000_000
    assert config["SecurityOpt"][0] == "no-new-privileges"
    assert '"defaultAction": "SCMP_ACT_ERRNO"' in config["SecurityOpt"][1]
    assert {u["Name"]: u["Hard"] for u in config["Ulimits"]}["core"] == 0
    assert all("nr_inodes=200" in options and "nosuid,nodev" in options for options in config["Tmpfs"].values())
    assert made["Image"].startswith("sha256:")
    assert int(made["Config"]["User"].split(":")[0]) >= 1000
    assert made["Config"]["Labels"]["labs.label.session"] == "k"
    assert {m["Destination"] for m in config["Mounts"] or [] if "Destination" in m} == set()
    assert {m["Destination"] for m in made["Mounts"]} == {"/run/lab", "/etc/passwd", "/etc/group"}


@needs_engine
def test_a_container_whose_folder_is_lost_is_still_found_and_ended(box: Bench) -> None:
    handle = box.start("import time; time.sleep(30)", labels={"job": "9"})
    shutil.rmtree(box.settings.run_dir / handle.id)
    (found,) = [h for h in box.driver.list() if h.id == handle.id]
    assert (found.labels, found.deadline) == ({"job": "9"}, handle.deadline)
    box.driver.stop(found)
    assert box.driver.list() == []


@needs_engine
def test_sandboxes_of_another_portal_are_not_listed(box: Bench) -> None:
    box.start("import time; time.sleep(30)")
    other = DockerDriver(LabsSettings(run_dir=box.settings.run_dir / "other"))
    (box.settings.run_dir / "other").mkdir()
    assert other.list() == []
    other.close()


def versions(**changed: str) -> dict[str, Any]:
    texts = {"Engine": "27.1.1", "containerd": "1.7.20", "runc": "1.2.8", **changed}
    parts = {name: [*text.split(), "", ""] for name, text in texts.items()}
    return {"Components": [{"Name": n, "Version": v[0], "Details": {"GitCommit": v[1]}} for n, v in parts.items()]}


GOOD_INFO = {
    "SecurityOptions": ["name=seccomp,profile=default"], "MemoryLimit": True, "SwapLimit": True, "PidsLimit": True,
    "CpuCfsQuota": True, "InitBinary": "docker-init",
}  # fmt: skip


def lacking(info: dict[str, Any], version: dict[str, Any]) -> list[str]:
    return [p.name for p in engine.protections(info, version) if p.required and not p.ok]


def test_a_current_engine_lacks_nothing() -> None:
    assert lacking(GOOD_INFO, versions()) == []
    assert lacking(GOOD_INFO, versions(runc=PATCHED)) == []


@pytest.mark.parametrize(
    ("changed", "name", "why"),
    [
        ({"runc": "1.1.5"}, "runc version", "CVE-2024-21626"),
        ({"runc": "1.0.0-rc6"}, "runc version", "CVE-2024-21626"),
        ({"runc": ""}, "runc version", "unknown"),
        ({"containerd": "1.5.9"}, "containerd version", "CVE-2022-23648"),
        ({"Engine": "19.03.15"}, "Engine version", "CVE-2021-41091"),
    ],
)
def test_row_11_a_runtime_with_a_known_escape_is_refused_by_name(changed: dict[str, str], name: str, why: str) -> None:
    found = {p.name: p for p in engine.protections(GOOD_INFO, versions(**changed))}
    assert not found[name].ok
    assert found[name].required
    assert why in found[name].detail


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("SecurityOptions", ["name=apparmor"], "seccomp"),
        ("MemoryLimit", False, "memory limit"),
        ("PidsLimit", False, "pids limit"),
        ("CpuCfsQuota", False, "cpu limit"),
        ("InitBinary", "", "init process"),
    ],
)
def test_a_protection_the_engine_lacks_is_named(key: str, value: object, name: str) -> None:
    assert lacking({**GOOD_INFO, key: value}, versions()) == [name]


@needs_engine
def test_preflight_refuses_an_engine_without_a_protection(box: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(box.driver, DockerDriver)
    monkeypatch.setattr(box.driver.client, "info", lambda: {**GOOD_INFO, "MemoryLimit": False})
    with pytest.raises(PreflightError, match="memory limit"):
        box.driver.preflight()


@pytest.fixture
def hanging_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Takes connections and says nothing."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "engine.sock"))
        server.listen(16)
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/engine.sock")
        monkeypatch.setattr(docker, "CALL_SECONDS", 1)
        monkeypatch.setattr(docker, "PROBE_SECONDS", 1)
        yield


def assert_every_verb_fails(run_dir: Path) -> None:
    settings = LabsSettings(run_dir=run_dir)
    open_run_dir(settings)
    driver = DockerDriver(settings)
    handle = Handle(new_id(), run_dir)
    spec = Bench(driver, settings, "sha256:" + "0" * 64).spec()
    for verb in (
        driver.preflight,
        lambda: driver.start(spec),
        lambda: driver.poll(handle),
        lambda: driver.stop(handle),
        driver.list,
    ):
        with pytest.raises(SandboxError):
            verb()


@pytest.mark.usefixtures("hanging_engine")
def test_an_engine_that_hangs_is_the_platforms_fault(run_dir: Path) -> None:
    assert_every_verb_fails(run_dir)


def test_an_engine_that_is_gone_is_the_platforms_fault(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert_every_verb_fails(run_dir)


def test_bubblewrap_serves_where_no_engine_answers(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert isinstance(choose(LabsSettings(run_dir=run_dir, driver="auto")), BubblewrapDriver)
    assert isinstance(choose(LabsSettings(run_dir=run_dir, driver="docker")), DockerDriver)


@needs_engine
def test_docker_serves_where_an_engine_answers(run_dir: Path) -> None:
    assert isinstance(choose(LabsSettings(run_dir=run_dir, driver="auto")), DockerDriver)
    assert isinstance(choose(LabsSettings(run_dir=run_dir, driver="bubblewrap")), BubblewrapDriver)


def test_a_run_directory_of_another_account_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/tmp")
    with pytest.raises(PreflightError, match="LABS_RUN_DIR"):
        open_run_dir(LabsSettings(run_dir=tmp_path / "link"))
