"""The pages of a module: what module.yaml says of them, held against the files that are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labs.models import ModuleFile, Page, Problem
from labs.yamlfile import Loc, YamlFile


def pages(folder: Path, spec: ModuleFile) -> tuple[Page, ...]:
    """Every page in reading order, with its number."""
    return tuple(
        Page(page, topic, f"{topic.number}.{position}", folder / topic.id)
        for topic in spec.topics
        for position, page in enumerate(topic.pages, 1)
    )


def check(folder: Path, spec: ModuleFile, source: YamlFile) -> Iterator[Problem]:
    """Topics, page files and lab folders of the module in ``folder`` name each other, each once."""
    yield from _unique(spec, source)
    yield from _labs(folder / "labs", spec, source)
    topics = {topic.id: {page.id for page in topic.pages} for topic in spec.topics}
    for path in sorted((folder / "pages").rglob("*.md")):
        if path.name.split(".")[0] not in topics.get(path.parent.name, ()):
            yield Problem(path, 1, "no topic of module.yaml has this page")


def _unique(spec: ModuleFile, source: YamlFile) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, topic in enumerate(spec.topics):
        if topic.id in [other.id for other in spec.topics[:index]]:
            yield _at(source, ("topics", index, "id"), f"two topics have the id `{topic.id}`")
        for position, page in enumerate(topic.pages):
            if page.id in seen:
                yield _at(source, ("topics", index, "pages", position, "id"), f"two pages have the id `{page.id}`")
            seen.add(page.id)


def _labs(folder: Path, spec: ModuleFile, source: YamlFile) -> Iterator[Problem]:
    linked: set[str] = set()
    for index, topic in enumerate(spec.topics):
        for position, page in enumerate(topic.pages):
            for place, lab in enumerate(page.labs):
                loc: Loc = ("topics", index, "pages", position, "labs", place)
                if not (folder / lab).is_dir():
                    yield _at(source, loc, f"unknown lab `{lab}`: no folder labs/{lab}")
                elif lab in linked:
                    yield _at(source, loc, f"two pages list the lab `{lab}`")
                linked.add(lab)
    for path in sorted(folder.glob("*/lab.yaml")):
        if path.parent.name not in linked:
            yield Problem(path, 1, f"no page of module.yaml lists the lab `{path.parent.name}`")


def _at(source: YamlFile, loc: Loc, reason: str) -> Problem:
    return Problem(source.path, source.line(loc), reason)
