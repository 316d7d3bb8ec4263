"""What a lab serves beside its kernel: its environment's services and web pages, then its own; and checks on both."""

from __future__ import annotations

from collections.abc import Iterator

from labs.models import EnvironmentFile, LabFile, Problem, Service, WebUI
from labs.yamlfile import Loc, YamlFile

Declaring = EnvironmentFile | LabFile


def services_of(environment: EnvironmentFile, lab: LabFile) -> tuple[Service, ...]:
    """In the order they start."""
    return (*environment.services, *lab.services)


def uis_of(environment: EnvironmentFile, lab: LabFile) -> tuple[WebUI, ...]:
    return (*environment.uis, *lab.uis)


def check_environment(spec: EnvironmentFile, source: YamlFile) -> Iterator[Problem]:
    """Every id and port once, and every page's service there."""
    yield from _check(spec, None, source)


def check_lab(spec: LabFile, environment: EnvironmentFile, source: YamlFile) -> Iterator[Problem]:
    """The same, counting what the lab's environment declares."""
    yield from _check(spec, environment, source)


def _check(spec: Declaring, under: EnvironmentFile | None, source: YamlFile) -> Iterator[Problem]:
    shared_services, shared_uis = (under.services, under.uis) if under else ((), ())
    services = (*shared_services, *spec.services)
    uis = (*shared_uis, *spec.uis)
    own = (len(shared_services), len(shared_uis))
    yield from _repeated("services", "id", [s.id for s in services], own[0], source)
    yield from _repeated(
        "services", "ready.port", [s.ready.port if s.ready else None for s in services], own[0], source
    )
    yield from _repeated("uis", "id", [ui.id for ui in uis], own[1], source)
    yield from _repeated("uis", "port", [ui.port for ui in uis], own[1], source)
    known = [service.id for service in services]
    for index, ui in enumerate(spec.uis):
        if ui.service is not None and ui.service not in known:
            line = source.line(("uis", index, "service"))
            names = ", ".join(known) or "none"
            yield Problem(source.path, line, f"unknown service `{ui.service}` (there is: {names})")


def _repeated(
    part: str, name: str, values: list[str] | list[int] | list[int | None], shared: int, source: YamlFile
) -> Iterator[Problem]:
    """What this file says a second time; the first ``shared`` values are the environment's."""
    for index, value in enumerate(values[shared:], shared):
        if value is not None and value in values[:index]:
            whose = " (the other is the environment's)" if value in values[:shared] else ""
            loc: Loc = (part, index - shared, *name.split("."))
            kind = "port" if name.endswith("port") else "id"
            yield Problem(source.path, source.line(loc), f"two {part} have the {kind} `{value}`{whose}")
