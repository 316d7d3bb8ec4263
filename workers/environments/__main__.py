"""``python -m workers.environments build spark --driver bubblewrap``: builds with progress on the terminal."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import yaml
from pydantic import ValidationError

from labs.catalog import Environment, EnvironmentFile
from workers.config import settings
from workers.environments import Builder, BuildError, builder_for


def load(name: str) -> Environment:
    """One environment without the rest of the course, so that a build needs no valid course. Raises BuildError."""
    folder = settings().content_dir / "environments" / name
    try:
        data: Any = yaml.safe_load((folder / "environment.yaml").read_text())
        return Environment(name=name, path=folder, spec=EnvironmentFile.model_validate(data))
    except FileNotFoundError as error:
        raise BuildError(f"{name}: no such environment ({error.filename})") from error
    except (ValidationError, yaml.YAMLError) as error:
        raise BuildError(f"{folder / 'environment.yaml'}: {error}") from error


def names() -> list[str]:
    """All that are defined."""
    return sorted(p.parent.name for p in (settings().content_dir / "environments").glob("*/environment.yaml"))


def served() -> list[str]:
    """Those that this host serves: one for a GPU only if it lends one."""
    return [name for name in names() if settings().gpus or not load(name).spec.gpu]


def _list(builder: Builder) -> None:
    for name in names():
        env = load(name)
        image = builder.find(env)
        print(f"{name:20} {builder.size(env) / 1e6:8.0f} MB  {image or 'not built'}")


def _print_progress(fraction: float, text: str) -> None:
    print(f"{fraction:5.0%} {text}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m workers.environments", description=__doc__)
    parser.add_argument("verb", choices=["build", "list"])
    parser.add_argument("names", nargs="*", help="environments to build; all that this host serves when none is named")
    parser.add_argument("--driver", choices=["docker", "bubblewrap"], default="bubblewrap")
    options = parser.parse_args(arguments)
    builder = builder_for(options.driver)
    try:
        if options.verb == "list":
            _list(builder)
            return 0
        for name in options.names or served():
            print(f"{name}: {builder.build(load(name), _print_progress)}")
    except BuildError as error:
        if error.log:
            print(*error.log.splitlines()[-30:], sep="\n", file=sys.stderr)
        print(f"{options.driver}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
