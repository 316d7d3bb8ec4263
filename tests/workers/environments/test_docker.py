"""Environment images, built and run by the real engine."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import docker
import pytest

from tests.sandboxes import available_drivers
from tests.workers.environments.conftest import IDNA, OLDER_SIX, SIX, Define, Steps
from tests.workers.environments.test_npm import NODE, manifests
from workers.config import settings
from workers.environments import BuildError, builder_for
from workers.environments import docker as docker_builder

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.docker,
    pytest.mark.skipif("docker" not in available_drivers(), reason="no Docker engine answers"),
]
BUILDER = builder_for("docker")


@pytest.fixture(autouse=True)
def _clean(define: Define) -> Iterator[None]:
    """The images of a test go with it, by the very verb that removes old ones."""
    yield
    BUILDER.remove_stale([])


def run(image: str, *command: str) -> str:
    with closing(docker.from_env()) as client:
        options = {"network_mode": "none", "user": "12345:12345", "read_only": True, "remove": True}
        return client.containers.run(image, list(command), **options).decode().strip()


def output(*command: str) -> list[str]:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.split()


def wait_until(done: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_it_builds_an_image_with_the_environment_and_the_kit(define: Define, steps: Steps) -> None:
    lines = ["cp /opt/lab/build/note.txt .", 'echo "$COLOUR" > colour', "! getent hosts deb.debian.org"]
    env = define(build=lines, env={"COLOUR": "verde"}, files={"note.txt": "hola"})
    assert BUILDER.find(env) is None
    image = BUILDER.build(env, steps)
    assert image.startswith("sha256:")
    code = "import six, sys, labkit; print(six.__version__, sys.prefix, labkit.__cached__ is not None)"
    assert (
        run(image, "env", "PYTHONPATH=/opt/lab/kit", "/opt/lab/env/bin/python", "-c", code)
        == "1.17.0 /opt/lab/env True"
    )
    assert run(image, "cat", "/opt/lab/env/note.txt", "/opt/lab/env/colour") == "holaverde"
    assert run(image, "sh", "-c", "ls -d /opt/lab/wheelhouse /usr/local/bin/uv 2>/dev/null || true") == ""
    assert BUILDER.size(env) > 1_000_000
    assert (steps[0], steps[-1]) == ("downloading", "ready")

    again = Steps()
    assert BUILDER.build(env, again) == image
    assert list(again) == ["ready"]

    (settings().content_dir / "kit/more.py").write_text("x = 1\n")
    assert BUILDER.find(env) is None, "another kit is another image"
    newer = BUILDER.build(env, Steps())
    assert run(newer, "ls", "/opt/lab/kit/labkit/more.py") == "/opt/lab/kit/labkit/more.py"
    assert len(BUILDER.remove_stale([env])) == 1
    assert BUILDER.find(env) == newer


def test_images_share_a_layer_with_the_packages_that_are_common_and_differ_where_they_must(
    define: Define, steps: Steps
) -> None:
    define(SIX + IDNA, name="base")
    same = define(SIX + IDNA, name="same")
    other = define(OLDER_SIX, name="other", build=["echo hola > note.txt"])
    with closing(docker.from_env()) as client:
        layers = [client.images.get(BUILDER.build(env, Steps())).attrs["RootFS"]["Layers"] for env in (same, other)]
    common = [first for first, second in zip(*layers, strict=False) if first == second]
    assert len(common) == 3, "Debian, its Python, the packages"
    code = "import six; from importlib.util import find_spec; print(six.__version__, find_spec('idna') is not None)"
    images = [BUILDER.find(env) for env in (same, other)]
    assert [run(str(image), "python", "-c", code) for image in images] == ["1.17.0 True", "1.16.0 False"]
    assert run(str(images[1]), "cat", "/opt/lab/env/note.txt") == "hola"


def test_an_image_has_the_npm_packages_and_their_commands(define: Define, steps: Steps) -> None:
    image = BUILDER.build(define(NODE, files=manifests()), steps)
    assert run(image, "semver", "-i", "minor", "1.2.3") == "1.3.0"


def test_a_build_line_that_fails_says_what_it_printed(define: Define, steps: Steps) -> None:
    env = define(build=["echo no hay datos; exit 3"])
    with pytest.raises(BuildError, match="tiny: build line failed: no hay datos") as caught:
        BUILDER.build(env, steps)
    assert caught.value.reason == "build_line"
    assert BUILDER.find(env) is None


def test_a_debian_package_nobody_knows_is_named(define: Define, steps: Steps) -> None:
    with pytest.raises(BuildError, match="no-such-package: Debian has no such package") as caught:
        BUILDER.build(define(SIX, debian_packages=["no-such-package"]), steps)
    assert (caught.value.reason, caught.value.package) == ("missing_host_package", "no-such-package")


def test_a_base_image_that_no_registry_has_is_named(define: Define, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.environments.docker.DEBIAN", "127.0.0.1:9/no-such-debian:slim")
    with pytest.raises(BuildError, match=r"the Docker engine failed: .*no-such-debian") as caught:
        BUILDER.build(define(), Steps())
    assert caught.value.reason == "engine"


def test_a_killed_build_leaves_no_container_and_the_next_one_works(define: Define) -> None:
    env = define(SIX + "# killed\n", build=["sleep 4243.5"])
    command = [sys.executable, "-m", "workers.environments", "build", "tiny", "--driver", "docker"]
    building = ["docker", "ps", "--all", "--quiet", "--filter", f"name={docker_builder._container()}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: output("pgrep", "-f", "sleep 4243[.]5"))
            containers = output(*building)
        finally:
            process.kill()
    assert containers
    wait_until(lambda: not set(containers) & set(output("docker", "ps", "--all", "--quiet")))
    assert output("pgrep", "-f", "sleep 4243[.]5") == []
    assert BUILDER.find(env) is None
    assert BUILDER.build(define(SIX + "# killed\n", build=["true"]), Steps())


def test_an_engine_that_does_not_answer_is_told_as_such(define: Define, monkeypatch: pytest.MonkeyPatch) -> None:
    env = define()
    with monkeypatch.context() as patch:
        patch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
        with pytest.raises(BuildError, match="Docker engine") as caught:
            BUILDER.find(env)
    assert caught.value.reason == "engine"
