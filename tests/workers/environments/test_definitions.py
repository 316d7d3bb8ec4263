"""The environments of the course, as files."""

from __future__ import annotations

import json
import re

import pytest

from tests.workers.environments.conftest import SIX, Define
from workers.environments import BuildError
from workers.environments.__main__ import load, names

PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+) \\$((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)", re.MULTILINE)
_LAKEHOUSE = ("graphql-core", "importlib-metadata", "protobuf", "pydantic", "pydantic-core", "python-dateutil")
_STORAGE = ("graphql-core", "pydantic", "pydantic-core", "python-dateutil")
HELD_BACK = {
    ("mlops", "pyarrow"),
    ("torch-gpu", "torch"),
    ("torch-gpu", "triton"),
    *(("lakehouse", package) for package in _LAKEHOUSE),
    *(("storage-cloud", package) for package in _STORAGE),
}
"""What another package keeps older than the other environments have it: mlflow asks for pyarrow below 26; botocore, dbt
and moto ask for older ones of what the lakehouse holds back; they and ministack of storage-cloud's. PyTorch for
CUDA has another name than PyTorch for CPUs, and its own Triton."""


@pytest.mark.parametrize("name", names())
def test_every_requirement_is_pinned_with_a_hash(name: str) -> None:
    text = load(name).requirements
    pinned = {match[1]: match[2] for match in PIN.finditer(text)}
    assert len(pinned) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE))


@pytest.mark.parametrize("name", names())
def test_what_was_asked_for_is_what_was_pinned(name: str) -> None:
    env = load(name)
    pinned = {match[1]: match[2] for match in PIN.finditer(env.requirements)}
    asked = [line for line in (env.path / "requirements.in").read_text().splitlines() if re.match("[a-z]", line)]
    for line in asked:
        package, _, version = line.partition("==")
        assert version in ("", pinned[package.partition("[")[0]])


def test_environments_that_share_a_package_share_its_version() -> None:
    pins = [
        {match[1]: match[2] for match in PIN.finditer(load(name).requirements) if (name, match[1]) not in HELD_BACK}
        for name in names()
    ]
    for one in pins:
        for other in pins:
            assert {p: one[p] for p in one.keys() & other.keys()} == {p: other[p] for p in one.keys() & other.keys()}


@pytest.mark.parametrize("name", [name for name in names() if (load(name).path / "package.json").is_file()])
def test_every_npm_package_is_pinned_with_a_hash_and_names_no_registry(name: str) -> None:
    folder = load(name).path
    lock = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert lock.pop("")["dependencies"] == json.loads((folder / "package.json").read_text())["dependencies"]
    assert lock
    for package, entry in lock.items():
        assert entry["integrity"].startswith("sha512-"), package
        assert "resolved" not in entry, package


def test_no_file_names_a_machine_or_an_index() -> None:
    for name in names():
        lines = [line for line in load(name).requirements.splitlines() if not line.lstrip().startswith("#")]
        assert not re.search(r"(?i)index-url|find-links|://", "\n".join(lines))


def test_the_digest_changes_with_what_is_installed_and_not_with_limits(define: Define) -> None:
    before = define().digest
    assert define(limits={"memory_mb": 512}, pool={"session": 3}, warmup="import six").digest == before
    changed = [
        define(requirements=SIX + "# other\n").digest,
        define(build=["true"]).digest,
        define(env={"SOME": "thing"}).digest,
        define(debian_packages=["graphviz"]).digest,
        define(files={"helper.py": "x = 1\n"}).digest,
    ]
    assert len({before, *changed}) == 6


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ({"limits": {"memory_mb": 1}}, "memory_mb"),
        ({"memory": 1024}, "memory"),
        ({"debian_packages": ["graphviz; rm -rf /"]}, "debian_packages"),
        ({"env": {"lower case": "x"}}, "env"),
        ({"uis": [{"id": "ui", "title": {"es": "a", "en": "a"}, "port": 80}]}, "port"),
    ],
)
def test_a_wrong_definition_is_refused_by_the_name_of_its_field(
    define: Define, spec: dict[str, object], complaint: str
) -> None:
    with pytest.raises(BuildError, match=complaint):
        define(**spec)


def test_an_unknown_environment_is_refused(define: Define) -> None:
    with pytest.raises(BuildError, match=r"nowhere: no such environment"):
        load("nowhere")
