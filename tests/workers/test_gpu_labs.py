"""A lab with an environment for a GPU: which sandbox gets the card, and what its checks are told."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers import course
from tests.workers.cards import cards, needs_root
from tests.workers.lab_host import lab_host
from workers import sessions, specs, verify
from workers.config import ROOT
from workers.grading import grade
from workers.host import Host
from workers.jobs import GradeJob, SessionJob
from workers.sandboxes import choose
from workers.sandboxes.base import SandboxError

__all__ = ["cards", "lab_host"]
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]
CHECKS = """
import os
from labkit import Failed, Lab

def suma(lab: Lab) -> None:
    in_s = "nvidia0" in lab.shell("ls /dev").stdout.split()
    told = f"gpu={lab.gpu} in S={in_s} in G={os.path.exists('/dev/nvidia0')}"
    raise Failed(es=told, en=told)

def salida(lab: Lab) -> None:
    return None
"""


@pytest.fixture
def host(lab_host: Host, cards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A host that lends a card; its lab has ``base`` twice, once for it."""
    if lab_host.driver.name == "docker":
        pytest.skip("an engine takes cards from NVIDIA's toolkit, not from /dev")
    content = course.write(tmp_path)
    (content / "environments").unlink()
    for name in ("base", "base-gpu"):
        shutil.copytree(ROOT / "labs/environments/base", content / "environments" / name)
    definition = content / "environments/base-gpu/environment.yaml"
    definition.write_text(f"gpu: true\n{definition.read_text()}")
    lab = content / "courses/prueba/01-uno/labs/suma"
    (lab / "lab.yaml").write_text(f"{course.LAB}gpu_environment: base-gpu\n")
    (lab / "checks.py").write_text(CHECKS)
    config = lab_host.config.model_copy(update={"content_dir": content, "gpus": "0"})
    made = Host(config, choose(config), lab_host.builder, lab_host.storage)
    assert made.catalog.problems == []
    monkeypatch.setattr(made, "image", lambda _: lab_host.image(lab_host.catalog.environments["base"]))
    yield made
    for handle in made.driver.list():
        made.driver.stop(handle)


@needs_root
@pytest.mark.parametrize(
    ("asked", "told"), [(True, "gpu=True in S=True in G=False"), (False, "gpu=False in S=False in G=False")]
)
def test_the_students_sandbox_gets_the_card_and_the_grader_knows(host: Host, asked: bool, told: str) -> None:
    lab = host.catalog.labs["suma"]
    files = {"main.py": host.storage.put(course.SOLUTION.encode())}
    job = GradeJob(specs.new_id(), 1, lab.id, lab.digest, files, secrets.randbelow(1000), ["suma"], gpu=asked)
    result = grade(job, host)
    assert result.outcome == "graded"
    assert result.checks[0]["message"]["en"] == told


@needs_root
def test_a_session_gets_it_when_the_portal_says_so(host: Host) -> None:
    lab = host.catalog.labs["suma"]
    for asked in (True, False):
        job = SessionJob(specs.new_id(), lab.id, lab.digest, {}, time.time() + 600, gpu=asked)
        started = sessions.start(host, job)
        argv = (host.run_dir / started.sandbox / "shim.json").read_text()
        assert ("/dev/nvidia0" in argv) is asked
        sessions.stop(host, job.session)


@needs_root
def test_a_host_that_lends_none_any_more_starts_none(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its card was taken out while the job was in line."""
    monkeypatch.setattr(host.driver, "gpus", "")
    lab = host.catalog.labs["suma"]
    job = SessionJob(specs.new_id(), lab.id, lab.digest, {}, time.time() + 600, gpu=True)
    with pytest.raises(SandboxError, match="lends no GPU"):
        sessions.start(host, job)
    assert host.driver.list() == []


@needs_root
def test_a_lab_is_proven_with_the_card_where_one_is_lent(host: Host) -> None:
    (run,) = verify.verify(host, host.catalog.labs["suma"], only=lambda name: name == "solution")
    assert "gpu=True" in run.result.checks[0]["message"]["en"]
