"""What course files say, as frozen objects: labs.catalog reads them, labs/README.md explains each field to authors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from labs.kit.notebook import parse, transplant

if TYPE_CHECKING:
    from labs.quizmodels import Quiz

LANGUAGES = ("es", "en")
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Model):
    """One text a person reads, in every language of the course."""

    es: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def __getitem__(self, language: str) -> str:
        return self.en if language == "en" else self.es


class Hint(Model):
    """Shown once the check has failed ``after`` times."""

    after: int = Field(default=1, ge=1, le=20)
    text: Text


class Check(Model):
    """``id`` names a function of the lab's checks.py."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,59}$")]
    title: Text
    points: int = Field(ge=1, le=100)
    visibility: Literal["always", "after_due", "never"] = "always"
    hints: tuple[Hint, ...] = ()


class Mutant(Model):
    """A believable wrong answer (``mutants/<id>/`` laid over the solution) and the checks it must lose: just those."""

    id: Slug
    loses: tuple[str, ...] = Field(min_length=1)
    why: str = Field(min_length=1)


class Step(Model):
    """The n-th heading ``## Paso n`` of the instructions, and the checks that tell whether it is done."""

    id: Slug
    checks: tuple[str, ...] = ()


class EnvironmentLimits(Model):
    memory_mb: int = Field(default=1024, ge=128, le=65536)
    cpus: float = Field(default=1.0, gt=0, le=64)
    pids: int = Field(default=256, ge=32, le=4096)
    disk_mb: int = Field(default=512, ge=16, le=16384)
    file_mb: int = Field(default=256, ge=1, le=16384)


class Pool(Model):
    """Warm sandboxes kept ready on each host."""

    session: int = Field(default=1, ge=0, le=20)
    grading: int = Field(default=1, ge=0, le=20)


Port = Annotated[int, Field(ge=1024, le=65535)]
Variables = dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], str]


class Ready(Model):
    """When a service counts as ready: once something listens at ``port`` and then ``command`` ends with status 0."""

    port: Port | None = None
    command: tuple[Annotated[str, Field(min_length=1)], ...] = ()

    @model_validator(mode="after")
    def _tells_something(self) -> Self:
        if self.port is None and not self.command:
            raise ValueError("needs a port, a command or both")
        return self


class Service(Model):
    """A process that runs beside the student's own, supervised inside the sandbox."""

    id: Slug
    title: Text
    command: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)
    start: Literal["session", "demand"] = "session"
    ready: Ready | None = None
    restart: bool = Field(default=True, description="whether it is started again when it ends by itself")
    env: Variables = {}


class WebUI(Model):
    """A web page served inside the sandbox. ``service``: the one that serves it, started when the page is opened."""

    id: Slug
    title: Text
    port: Port
    service: Slug | None = None
    path: str = Field(default="/", pattern=r"^/[!-~]*$", max_length=200)


class EnvironmentFile(Model):
    title: Text
    gpu: bool = Field(default=False, description="its sandboxes get a GPU; built only on hosts that lend one")
    debian_packages: tuple[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+.-]+$")], ...] = ()
    build: tuple[str, ...] = Field(default=(), description="shell lines run once inside the finished environment")
    env: Variables = {}
    warmup: str | None = Field(default=None, description="Python run in each kernel before it counts as ready")
    limits: EnvironmentLimits = EnvironmentLimits()
    pool: Pool = Pool()
    ready_seconds: int = Field(default=20, ge=1, le=300)
    services: tuple[Service, ...] = ()
    uis: tuple[WebUI, ...] = ()


class LabFile(Model):
    """lab.yaml"""

    title: Text
    summary: Text
    environment: Slug
    gpu_environment: Slug | None = Field(default=None, description="in place of it where a host lends a GPU")
    entry: str = Field(default="main.py", description="what Run runs when the open file can't be run")
    files: tuple[str, ...] = Field(min_length=1, description="editable files of starter/, in tab order")
    minutes: int = Field(ge=5, le=240)
    pass_points: int = Field(default=60, ge=1, le=100, description="percent from which the lab counts as passed")
    max_attempts: int = Field(default=20, ge=1, le=1000)
    session_minutes: int = Field(default=60, ge=5, le=480)
    extend_minutes: int = Field(default=30, ge=0, le=240, description="what one extension adds; 0: none is given")
    max_session_minutes: int = Field(default=240, ge=5, le=720, description="with all extensions")
    grading_seconds: int = Field(default=120, ge=5, le=1800)
    extra_cells: Literal["ignore", "run"] = Field(
        default="ignore", description="whether grading runs the cells that students add to a notebook"
    )
    limits: EnvironmentLimits | None = None
    data_sources: tuple[str, ...] = ()
    services: tuple[Service, ...] = Field(default=(), description="after the environment's")
    uis: tuple[WebUI, ...] = Field(default=(), description="after the environment's")
    checks: tuple[Check, ...] = Field(min_length=1)
    steps: tuple[Step, ...] = ()
    mutants: tuple[Mutant, ...] = ()


SAID_TO_PEOPLE: dict[str, Any] = {
    **dict.fromkeys(("title", "summary", "minutes", "data_sources"), True),
    "checks": {"__all__": {"title", "hints"}},
    "mutants": {"__all__": {"why"}},
}


class Explanation(Model):
    """What a common error means. ``error``: names of exceptions, one of them a word of the text's first line;
    ``match``: fragments of the text, in order."""

    id: Slug
    error: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")], ...] = ()
    match: tuple[Annotated[str, Field(min_length=3, max_length=200)], ...] = ()
    cause: Text
    remedy: Text


class ExplanationFile(Model):
    """One file of explanations/."""

    explanations: tuple[Explanation, ...] = Field(min_length=1)


class PageFile(Model):
    """One page of a topic: ``pages/<topic>/<id>.{es,en}.md``. ``after``: ids of pages that are best read before."""

    id: Slug
    title: Text
    marked: bool = False
    labs: tuple[Slug, ...] = ()
    after: tuple[Slug, ...] = ()


class TopicFile(Model):
    """One topic of the syllabus; its pages are numbered by their order: 1.2.1, 1.2.2 …"""

    id: Annotated[str, Field(pattern=r"^[0-9]{2}(-[a-z0-9]+)+$", max_length=60)]
    number: str = Field(pattern=r"^\d+\.\d+$")
    title: Text
    hours: float = Field(gt=0)
    marked: bool = False
    pages: tuple[PageFile, ...] = Field(min_length=1)


class ModuleFile(Model):
    number: int = Field(ge=1, le=99)
    title: Text
    summary: Text
    hours: float = Field(gt=0)
    topics: tuple[TopicFile, ...] = Field(min_length=1)


class Term(Model):
    """One entry of a glossary."""

    id: Slug
    term: Text
    definition: Text


class GlossaryFile(Model):
    """One file of ``glossary/``."""

    terms: tuple[Term, ...] = Field(min_length=1)


class CourseFile(Model):
    title: Text
    summary: Text
    modules: tuple[str, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Problem:
    """One thing an author must mend."""

    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


@dataclass(frozen=True)
class Environment:
    name: str
    path: Path
    spec: EnvironmentFile

    @cached_property
    def requirements(self) -> str:
        return (self.path / "requirements.txt").read_text()

    @cached_property
    def digest(self) -> str:
        """Changes whenever what must be installed changes (limits and pool sizes don't)."""
        built = self.spec.model_dump(mode="json", include={"debian_packages", "build", "env"})
        contents = _contents(self.path, skip={"environment.yaml"})
        installed = [(name, content) for name, content in contents if not name.startswith(("home/", "home."))]
        return content_digest([("spec", repr(sorted(built.items())).encode()), *installed])

    def home_files(self) -> dict[str, bytes]:
        """What a student who works at home needs beside the lab's own files, by relative path."""
        return dict(_contents(self.path / "home"))

    def home_text(self, language: str) -> str:
        """What to do with them, as Markdown; empty when there is nothing to say."""
        path = self.path / f"home.{language}.md"
        return path.read_text() if path.is_file() else ""


@dataclass(frozen=True)
class Lab:
    id: str
    path: Path
    course: str
    module: str
    spec: LabFile

    @cached_property
    def digest(self) -> str:
        return content_digest(_contents(self.path))

    @cached_property
    def graded_digest(self) -> str:
        """Changes whenever a grade could: with neither the instructions nor what lab.yaml says to people."""
        spec = self.spec.model_dump_json(exclude=SAID_TO_PEOPLE, exclude_defaults=True)
        texts = {"lab.yaml", "instructions.es.md", "instructions.en.md"}
        return content_digest([("spec", spec.encode()), *_contents(self.path, skip=texts)])

    def tree(self, folder: str) -> dict[str, bytes]:
        """The files below one folder of the lab (``starter``, ``solution``, ``data`` …), by relative path."""
        return dict(_contents(self.path / folder))

    def instructions(self, language: str) -> str:
        return (self.path / f"instructions.{language}.md").read_text()

    def mutant(self, mutant: str) -> dict[str, bytes]:
        """The solution with the mutant laid over it: whole files, and in a notebook the answers that it has."""
        files = self.tree("solution")
        for name, content in self.tree(f"mutants/{mutant}").items():
            if name.endswith(".ipynb") and name in files:
                content = transplant(parse(files[name]), content).notebook.dump()
            files[name] = content
        return files


@dataclass(frozen=True)
class Page:
    """``number``: its place in the syllabus, as in 1.2.3. ``path``: the topic's folder of pages."""

    spec: PageFile
    topic: TopicFile
    number: str
    path: Path

    @property
    def id(self) -> str:
        return self.spec.id

    def markdown(self, language: str) -> str:
        return (self.path / f"{self.id}.{language}.md").read_text()


@dataclass(frozen=True)
class Module:
    id: str
    path: Path
    spec: ModuleFile
    pages: tuple[Page, ...]
    labs: tuple[Lab, ...]
    quizzes: tuple[Quiz, ...] = ()


@dataclass(frozen=True)
class Course:
    id: str
    path: Path
    spec: CourseFile
    modules: tuple[Module, ...]
    glossary: tuple[Term, ...]

    @cached_property
    def digest(self) -> str:
        return content_digest(_contents(self.path))


@dataclass
class Catalog:
    courses: dict[str, Course] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    labs: dict[str, Lab] = field(default_factory=dict)
    explanations: dict[str, Explanation] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def content_digest(parts: list[tuple[str, bytes]]) -> str:
    """One hash of named contents, in their order."""
    total = hashlib.sha256()
    for name, content in parts:
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def _contents(folder: Path, skip: frozenset[str] | set[str] = frozenset()) -> list[tuple[str, bytes]]:
    """Every regular file below ``folder`` as (relative path, content), sorted; caches and dot files left out."""
    if not folder.is_dir():
        return []
    names = sorted(
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts and not p.name.startswith(".")
    )
    return [(name, (folder / name).read_bytes()) for name in names if name not in skip]
