"""What the person at the terminal is told."""

from __future__ import annotations

import time

from portal.launcher.options import LaunchError, Options
from portal.launcher.stack import Stack
from workers.config import settings
from workers.sandboxes import choose
from workers.sandboxes.base import PreflightError, Protection

FINISHED = {"ready", "failed"}


def say(text: str) -> None:
    print(text, flush=True)


def preflight() -> str:
    """The driver this host runs labs with and the protections that it can't give; refuses to serve unsafely."""
    try:
        chosen = choose(settings())
        protections = chosen.preflight()
    except PreflightError as error:
        raise LaunchError(f"Labs can't run safely on this machine: {error}") from error
    return "\n".join([f"Labs run in: {chosen.name}", *_missing(protections)])


def _missing(protections: list[Protection]) -> list[str]:
    return [f"  not enforced here: {p.name}{f' ({p.detail})' if p.detail else ''}" for p in protections if not p.ok]


def serving(options: Options, seconds: float, *paragraphs: str) -> None:
    """Where the portal is, and each paragraph that has something to say."""
    head = f"The portal is at {options.url} (up in {seconds:.0f} s). Ctrl-C stops everything."
    say("\n" + "\n\n".join(filter(None, [head, *paragraphs])) + "\n")


def follow(stack: Stack) -> None:
    """Tell how the lab environments come along, for as long as the portal runs."""
    told: dict[str, tuple[str, int]] = {}
    while True:
        stack.check()
        for name, state, progress, detail in environments():
            news = (state, int(progress * 10))
            if told.get(name) != news:
                told[name] = news
                say(_environment_line(name, state, progress, detail))
        time.sleep(1)


def environments() -> list[tuple[str, str, float, str]]:
    """(name, state, progress 0..1, detail) of this host's environment builds."""
    from django.db.models import F

    from portal.labsessions.models import EnvironmentBuild  # needs django.setup() first

    builds = EnvironmentBuild.objects.filter(digest=F("environment__digest"), host=settings().host)
    return list(builds.order_by("environment__name").values_list("environment__name", "state", "progress", "detail"))


def _environment_line(name: str, state: str, progress: float, detail: str) -> str:
    sign = {"ready": "✓", "failed": "✕"}.get(state, "·")
    done = "" if state in FINISHED else f" {progress:.0%}"
    return f"{sign} environment {name}: {state}{done}{f' – {detail}' if detail else ''}"
