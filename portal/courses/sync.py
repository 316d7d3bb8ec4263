"""Mirrors the validated catalogue into the database: by digest, idempotent, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.db.models import ProtectedError

from labs import catalog as files
from labs import reading
from portal.core import blobs
from portal.courses.models import Course, Environment, Explanation, Lab, Module, Page, Topic


class CatalogProblems(Exception):
    """The files have problems, so nothing was changed."""

    def __init__(self, problems: list[files.Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass
class SyncReport:
    """What a sync did: names of what it created, updated and retired."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.created or self.updated or self.retired)


Follower = Callable[[SyncReport, Course, files.Course], None]
_followers: list[Follower] = []


def register(follower: Follower) -> None:
    """Have an app that courses import nothing of mirror its own part of each course, in the sync's transaction."""
    if follower not in _followers:
        _followers.append(follower)


def sync(catalog: files.Catalog) -> SyncReport:
    """Bring the database to the catalogue's state. Raises CatalogProblems and changes nothing when it has any."""
    if catalog.problems:
        raise CatalogProblems(catalog.problems)
    # Blobs first: rows may then point to them, and one stored too many by a failed transaction harms nobody.
    starters = {lab.id: _starter(lab) for lab in catalog.labs.values()}
    report = SyncReport()
    with transaction.atomic():
        for environment in catalog.environments.values():
            write(report, Environment, {"name": environment.name}, _environment(environment))
        for course in catalog.courses.values():
            _course(report, course, starters)
        for entry in catalog.explanations.values():
            write(report, Explanation, {"slug": entry.id}, {"spec": entry.model_dump(mode="json")})
        gone = Explanation.objects.exclude(slug__in=catalog.explanations)
        report.retired += [f"Explanation {row}" for row in gone]
        gone.delete()
        _retire(report, Environment, "name", catalog.environments)
        _retire(report, Course, "slug", catalog.courses)
        _retire(report, Lab, "slug", catalog.labs)
    return report


def _environment(environment: files.Environment) -> dict[str, Any]:
    return {"digest": environment.digest, "spec": environment.spec.model_dump(mode="json"), "active": True}


def _course(report: SyncReport, course: files.Course, starters: dict[str, Any]) -> None:
    spec = course.spec
    values = {
        "titles": spec.title.model_dump(),
        "summaries": spec.summary.model_dump(),
        "glossary": [term.model_dump() for term in course.glossary],
        "digest": course.digest,
        "active": True,
    }
    row = write(report, Course, {"slug": course.id}, values)
    # Numbers and folders may be swapped between modules: pages and labs keep their rows, gone modules go last.
    for module in course.modules:
        _module(report, row, module, starters)
    for follow in _followers:
        follow(report, row, course)
    gone = row.modules.exclude(folder__in=[module.id for module in course.modules]).exclude(labs__active=True)
    for unused in gone.filter(labs=None):
        unused.topics.all().delete()
        with suppress(ProtectedError):  # somebody's work hangs on it
            unused.delete()


def _module(report: SyncReport, course: Course, module: files.Module, starters: dict[str, Any]) -> None:
    spec = module.spec
    values = {
        "number": spec.number,
        "titles": spec.title.model_dump(),
        "summaries": spec.summary.model_dump(),
        "hours": spec.hours,
    }
    row = write(report, Module, {"course": course, "folder": module.id}, values)
    page_of: dict[str, Page] = {}
    for position, topic in enumerate(spec.topics):
        written = write(report, Topic, {"module": row, "slug": topic.id}, _topic(topic, position))
        own = [page for page in module.pages if page.topic is topic]
        for place, page in enumerate(own):
            found = write(report, Page, {"topic": written, "slug": page.id}, _page(page, place))
            page_of |= dict.fromkeys(page.spec.labs, found)
        written.pages.exclude(slug__in=[page.id for page in own]).delete()
    row.topics.exclude(slug__in=[topic.id for topic in spec.topics]).delete()
    for lab in module.labs:
        write(
            report, Lab, {"slug": lab.id}, {"module": row, "page": page_of.get(lab.id), **_lab(lab, starters[lab.id])}
        )


def _topic(topic: files.TopicFile, position: int) -> dict[str, Any]:
    return {
        "position": position,
        "number": topic.number,
        "titles": topic.title.model_dump(),
        "hours": topic.hours,
        "marked": topic.marked,
    }


def _page(page: files.Page, position: int) -> dict[str, Any]:
    spec = page.spec
    bodies = {language: page.markdown(language) for language in files.LANGUAGES}
    return {
        "position": position,
        "number": page.number,
        "titles": spec.title.model_dump(),
        "marked": spec.marked,
        "labs": list(spec.labs),
        "after": list(spec.after),
        "bodies": bodies,
        "minutes": {language: reading.minutes(body) for language, body in bodies.items()},
    }


def _lab(lab: files.Lab, starter: dict[str, Any]) -> dict[str, Any]:
    return {
        "environment": Environment.objects.get(name=lab.spec.environment),
        "gpu_environment": Environment.objects.filter(name=lab.spec.gpu_environment).first(),
        "digest": lab.digest,
        "spec": lab.spec.model_dump(mode="json"),
        "instructions": {language: lab.instructions(language) for language in files.LANGUAGES},
        "starter": starter,
        "active": True,
    }


def _starter(lab: files.Lab) -> dict[str, Any]:
    return {
        path: {"sha256": blobs.put(content), "text": _text(content)} for path, content in lab.tree("starter").items()
    }


def _text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def write(report: SyncReport, model: type[models.Model], key: dict[str, Any], values: dict[str, Any]) -> Any:
    """Create or update one row; untouched when nothing differs, so that a second sync does nothing."""
    name = f"{model.__name__} {list(key.values())[-1]}"
    row = model._default_manager.filter(**key).first()
    if row is None:
        report.created.append(name)
        return model._default_manager.create(**key, **values)
    changed = [attribute for attribute, value in values.items() if getattr(row, attribute) != value]
    if changed:
        for attribute in changed:
            setattr(row, attribute, values[attribute])
        row.save(update_fields=changed)
        report.updated.append(name)
    return row


def _retire(report: SyncReport, model: type[models.Model], attribute: str, kept: dict[str, Any]) -> None:
    """Hide what the files no longer have: students' work hangs on it, so it is never deleted."""
    gone = model._default_manager.filter(active=True).exclude(**{f"{attribute}__in": list(kept)})
    report.retired += [f"{model.__name__} {row}" for row in gone]
    gone.update(active=False)
