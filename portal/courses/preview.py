"""``manage.py labs preview``: pages and instructions as they are saved, served from the files to the author alone.

No database, nobody signed in: so it listens on loopback only, and serves nothing but the course files.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import run as serve
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path, reverse

from labs import reading
from labs.catalog import Catalog, Course, Page, Problem, load
from portal.courses.models import reader
from portal.courses.presenting import words
from portal.courses.rendering import render as render_markdown
from portal.courses.views import figure_response

MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware", "django.middleware.locale.LocaleMiddleware"]
HOST = "127.0.0.1"


def run(port: int) -> None:
    """Serve until interrupted."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = MIDDLEWARE
    settings.ALLOWED_HOSTS = [HOST, "localhost"]
    serve(HOST, port, WSGIHandler(), threading=True)


@dataclass(frozen=True)
class _Read:
    """The files as they were when they were last read. ``version`` changes whenever one of them does."""

    version: str
    catalog: Catalog


_read: list[_Read] = []


def version(root: Path) -> str:
    """Told by names, sizes and times: quick enough to ask every second."""
    found = hashlib.sha256()
    for file in sorted(root.rglob("*")):
        if file.suffix in {".md", ".yaml", ".svg", ".png", ".webp", ".json"} and ".ipynb_checkpoints" not in file.parts:
            stat = file.stat()
            found.update(f"{file}\0{stat.st_mtime_ns}\0{stat.st_size}\0".encode())
    return found.hexdigest()[:16]


def _now() -> _Read:
    root = settings.LABS.content_dir
    current = version(root / "courses")
    if not _read or _read[0].version != current:
        _read[:] = [_Read(current, load(root))]
    return _read[0]


def _course(course: str) -> tuple[_Read, Course]:
    now = _now()
    if course not in now.catalog.courses:
        raise Http404
    return now, now.catalog.courses[course]


def _show(
    request: HttpRequest, now: _Read, course: Course | None, problems: list[Problem], **shown: Any
) -> HttpResponse:
    """``courses/preview.html``: version, problems, course (or None), reading, language, and one of: courses; page (None
    for a lab's instructions), body and contents; glossary."""
    config = {"gateway": f"{settings.STATIC_URL}build", "words": words(), "terms": shown.pop("terms", {})}
    context = {"version": now.version, "problems": problems, "course": course, "reading": config, **shown}
    return render(request, "courses/preview.html", {"language": reader(), **context})


def start(request: HttpRequest) -> HttpResponse:
    """The courses, each with its pages and labs; and every problem of the files."""
    now = _now()
    return _show(request, now, None, now.catalog.problems, courses=_listed(now.catalog))


def _listed(catalog: Catalog) -> list[dict[str, Any]]:
    language = reader()
    return [
        {
            "title": course.spec.title[language],
            "pages": [
                {
                    "number": page.number,
                    "title": page.spec.title[language],
                    "url": reverse("courses:page", args=[course.id, page.id]),
                    "labs": [
                        {"title": catalog.labs[lab].spec.title[language], "url": reverse("labs:lab", args=[lab])}
                        for lab in page.spec.labs
                        if lab in catalog.labs
                    ],
                }
                for module in course.modules
                for page in module.pages
            ],
        }
        for course in catalog.courses.values()
    ]


def page(request: HttpRequest, course: str, slug: str) -> HttpResponse:
    now, found = _course(course)
    own = next((page for module in found.modules for page in module.pages if page.id == slug), None)
    if own is None:
        raise Http404
    text = _text(own.path / f"{own.id}.{reader()}.md")
    figures = reverse("courses:figure", args=[course, own.topic.id, "x.svg"]).removesuffix("x.svg")
    rendered = render_markdown(text, figures, course=course)
    language = reader()
    terms = {
        term.id: {
            "term": term.term[language],
            "other": term.term["es" if language == "en" else "en"],
            "definition": term.definition[language],
        }
        for term in found.glossary
    }
    head = {"number": own.number, "title": own.spec.title[language], "minutes": reading.minutes(text)}
    problems = _problems(now, own)
    return _show(request, now, found, problems, page=head, body=rendered.html, contents=rendered.contents, terms=terms)


def _problems(now: _Read, page: Page) -> list[Problem]:
    """Of the page's own files and its module's first: what an author is at work on."""
    near = [problem for problem in now.catalog.problems if page.path.parent.parent in problem.path.parents]
    return near + [problem for problem in now.catalog.problems if problem not in near]


def lab(request: HttpRequest, lab: str) -> HttpResponse:
    now = _now()
    found = now.catalog.labs.get(lab)
    if found is None:
        raise Http404
    steps = [each.id for each in found.spec.steps]
    text = _text(found.path / f"instructions.{reader()}.md")
    rendered = render_markdown(text, steps=steps, course=found.course)
    course = now.catalog.courses.get(found.course)
    problems = [problem for problem in now.catalog.problems if found.path in (problem.path, *problem.path.parents)]
    return _show(request, now, course, problems, body=rendered.html, contents=rendered.contents)


def _text(file: Path) -> str:
    """A file that isn't there (yet) is a problem of its own, said above the page."""
    return file.read_text(errors="replace") if file.is_file() else ""


def glossary(request: HttpRequest, course: str) -> HttpResponse:
    now, found = _course(course)
    language = reader()
    terms = sorted(found.glossary, key=lambda term: term.term[language].casefold())
    listed = [{"id": each.id, "term": each.term[language], "definition": each.definition[language]} for each in terms]
    return _show(request, now, found, [], glossary=listed)


def figure(_request: HttpRequest, course: str, topic: str, name: str) -> FileResponse:
    _read_now, found = _course(course)
    for module in found.modules:
        if any(each.id == topic for each in module.spec.topics):
            return figure_response(module.path, topic, name)
    raise Http404


def current(_request: HttpRequest) -> HttpResponse:
    """What an open page asks for every second."""
    return HttpResponse(version(settings.LABS.content_dir / "courses"), content_type="text/plain")


def language(request: HttpRequest, code: str) -> HttpResponse:
    """Go on in the other language, where the reader was."""
    back = request.headers.get("Referer", "/")
    response = HttpResponseRedirect(back if back.startswith(f"http://{request.get_host()}/") else "/")
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, "en" if code == "en" else "es")
    return response


# The same names as the portal's own addresses, so that links within the course lead within the preview.
_COURSES: list[URLPattern | URLResolver] = [
    path("", start, name="start"),
    path("curso/<slug:course>/<slug:slug>/", page, name="page"),
    path("curso/<slug:course>/figuras/<slug:topic>/<str:name>", figure, name="figure"),
    path("glosario/<slug:course>/", glossary, name="glossary"),
]
urlpatterns = [
    path("", include((_COURSES, "courses"))),
    path("", include(([path("lab/<slug:lab>/", lab, name="lab")], "labs"))),
    path("version/", current, name="version"),
    path("idioma/<str:code>/", language, name="preview_language"),
]
