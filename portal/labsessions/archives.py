"""Zips that a student takes away: their files alone, or with what it takes to go on at home.

Never the lab's solution, checks or hidden data: what goes in is named here, file by file.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from asgiref.sync import sync_to_async
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from labs.models import Environment
from labs.models import Lab as LabFolder
from portal.core import blobs
from portal.core.api import ApiError
from portal.courses.models import Lab, reader
from portal.labsessions.models import Workspace

MAX_BYTES = 320 * 1024 * 1024
Content = Callable[[], bytes]
Entries = dict[str, Content]


def own_files(workspace: Workspace) -> Entries:
    """What the portal keeps of a workspace: the lab's files with the student's laid over."""
    manifest = workspace.manifest() if workspace.pk else _given(workspace.lab)
    return {path: _stored(sha256) for path, sha256 in sorted(manifest.items())}


def take_home(workspace: Workspace) -> Entries:
    """The student's files, the lab's data where programs find it, and what it takes to run them: see the README in it.

    Where two have the same name the student's file stays.
    """
    lab, environment = _folder(workspace.lab), _environment(workspace.lab)
    language = reader()
    data = lab.tree("data")
    more = {path: _held(content) for path, content in (environment.home_files() | data).items()}
    readme = render_to_string(
        f"labs/take_home.{language}.md",
        {
            "lab": workspace.lab,
            "entry": workspace.lab.file.entry,
            "java": _java(environment),
            "data": sorted(data),
            "home": environment.home_text(language),
            "sources": lab.spec.data_sources,
        },
    )
    texts = {
        _("README.md"): readme,
        _("INSTRUCTIONS.md"): lab.instructions(language),
        "requirements.txt": environment.requirements,
    }
    return more | {name: _held(text.encode()) for name, text in texts.items()} | own_files(workspace)


def _given(lab: Lab) -> dict[str, str]:
    return {path: file["sha256"] for path, file in lab.starter.items()}


def _stored(sha256: str) -> Content:
    return lambda: blobs.get(sha256)


def _held(content: bytes) -> Content:
    return lambda: content


def _folder(lab: Lab) -> LabFolder:
    course = lab.module.course.slug
    path = settings.LABS.content_dir / "courses" / course / lab.module.folder / "labs" / lab.slug
    return LabFolder(lab.slug, path, course, lab.module.folder, lab.file)


def _environment(lab: Lab) -> Environment:
    name = lab.environment.name
    return Environment(name, settings.LABS.content_dir / "environments" / name, lab.environment.file)


def _java(environment: Environment) -> str:
    """The version of Java that programs need; empty when none."""
    found = [re.match(r"openjdk-(\d+)-", package) for package in environment.spec.debian_packages]
    return next((match[1] for match in found if match), "")


class _Sink:
    """Where ``zipfile`` writes: what has come since it was last emptied."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        self.parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        parts, self.parts = self.parts, []
        return b"".join(parts)


def chunks(entries: Iterable[tuple[str, Content]], folder: str) -> Iterator[bytes]:
    """A zip with everything in one folder, a file at a time. Raises ApiError ``too_big`` past MAX_BYTES."""
    sink, total = _Sink(), 0
    now = timezone.localtime().timetuple()[:6]
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for path, content in entries:
            data = content()
            total += len(data)
            if total > MAX_BYTES:
                raise ApiError(413, "too_big", _("These files are too much for one archive."))
            member = zipfile.ZipInfo(f"{folder}/{path}", now)
            member.external_attr = 0o644 << 16
            archive.writestr(member, data, zipfile.ZIP_DEFLATED)
            yield sink.taken()
    yield sink.taken()


async def stream(entries: Entries, folder: str) -> AsyncIterator[bytes]:
    """``chunks``, read off the event loop."""
    made = chunks(entries.items(), folder)
    read = sync_to_async(_next, thread_sensitive=False)
    while (chunk := await read(made)) is not None:
        yield chunk


def _next(made: Iterator[bytes]) -> bytes | None:
    return next(made, None)
