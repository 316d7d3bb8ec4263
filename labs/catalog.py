"""Reads and validates the course files into frozen objects (labs.models). See labs/README.md for the author's view.

Raises nothing for bad content: problems are collected as :class:`Problem` (file, line, reason), so an author sees all
of them at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from labs import contents, explaining, instructions, links, pages, quizzes, services
from labs.models import (
    LANGUAGES,
    Catalog,
    Check,
    Course,
    CourseFile,
    Environment,
    EnvironmentFile,
    EnvironmentLimits,
    Explanation,
    ExplanationFile,
    GlossaryFile,
    Hint,
    Lab,
    LabFile,
    Model,
    Module,
    ModuleFile,
    Mutant,
    Page,
    PageFile,
    Pool,
    Problem,
    Service,
    Slug,
    Term,
    Text,
    TopicFile,
    WebUI,
)
from labs.quizmodels import SELF_TEST, Quiz, QuizFile
from labs.yamlfile import Loc, YamlFile, YamlProblem, parse

__all__ = [
    "LANGUAGES",
    "Catalog",
    "Check",
    "Course",
    "CourseFile",
    "Environment",
    "EnvironmentFile",
    "EnvironmentLimits",
    "Explanation",
    "Hint",
    "Lab",
    "LabFile",
    "Module",
    "ModuleFile",
    "Mutant",
    "Page",
    "PageFile",
    "Pool",
    "Problem",
    "Quiz",
    "QuizFile",
    "Service",
    "Term",
    "Text",
    "TopicFile",
    "WebUI",
    "load",
    "load_labs",
]

M = TypeVar("M", bound=Model)


def load(root: Path) -> Catalog:
    """Everything below ``root`` (the labs/ folder): its environments and courses, and every problem found in them."""
    return _Reader(root).catalog()


def load_labs(root: Path) -> Catalog:
    """The environments and labs that :func:`load` gives, and nothing else: for who runs labs and shows no course.

    A small part of the time, as neither texts nor quizzes are read, and only the form of the files is checked.
    """
    return _Reader(root).labs()


class _Reader:
    """One reading of the tree; what it finds wrong gathers in ``problems``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.result = Catalog()
        self.quizzes: list[quizzes.Read] = []  # of the course being read

    def labs(self) -> Catalog:
        self._environments()
        for folder in _folders(self.root / "courses"):
            if read := self._course_file(folder):
                for module in read[0].modules:
                    for lab in _folders(folder / module / "labs"):
                        self._lab(lab, folder.name, module)
        return self.result

    def catalog(self) -> Catalog:
        self._environments()
        for folder in _folders(self.root / "courses"):
            if course := self._course(folder):
                self.result.courses[course.id] = course
        self._explanations(self.root / "explanations")
        self.result.problems.sort(key=lambda p: (str(p.path), p.line, p.reason))
        return self.result

    def problem(self, path: Path, line: int, reason: str) -> None:
        self.result.problems.append(Problem(path, line, reason))

    def _read(self, path: Path, model: type[M]) -> tuple[M, YamlFile] | None:
        text = self._text(path)
        if text is None:
            return None
        try:
            source = parse(path, text)
        except YamlProblem as wrong:
            self.problem(path, wrong.line, wrong.reason)
            return None
        try:
            return model.model_validate(source.data), source
        except ValidationError as wrong:
            for error in wrong.errors():
                loc = source.written(error["loc"])
                self.problem(path, source.line(loc), _reason(loc, error["type"], error["msg"]))
            return None

    def _text(self, path: Path) -> str | None:
        text, problems = contents.read_text(path)
        self.result.problems.extend(problems)
        return text

    def _slug(self, folder: Path) -> bool:
        try:
            TypeAdapter(Slug).validate_python(folder.name)
        except ValidationError:
            self.problem(folder, 1, f"the folder name `{folder.name}` must be lower-case words joined by hyphens")
            return False
        return True

    def _explanations(self, folder: Path) -> None:
        read = [found for path in sorted(folder.glob("*.yaml")) if (found := self._read(path, ExplanationFile))]
        self.result.explanations = {each.id: each for spec, _source in read for each in spec.explanations}
        self.result.problems.extend(explaining.check_explanations(folder, read))

    def _environments(self) -> None:
        for folder in _folders(self.root / "environments"):
            self._environment(folder)

    def _environment(self, folder: Path) -> None:
        read = self._read(folder / "environment.yaml", EnvironmentFile)
        if read and self._slug(folder) and self._text(folder / "requirements.txt") is not None:
            self.result.environments[folder.name] = Environment(folder.name, folder, read[0])
            self.result.problems.extend(services.check_environment(*read))

    def _course_file(self, folder: Path) -> tuple[CourseFile, YamlFile] | None:
        read = self._read(folder / "course.yaml", CourseFile)
        return read if read and self._slug(folder) else None

    def _course(self, folder: Path) -> Course | None:
        read = self._course_file(folder)
        if not read:
            return None
        spec, source = read
        modules = []
        self.quizzes = []
        for index, name in enumerate(spec.modules):
            if not (folder / name).is_dir():
                self.problem(source.path, source.line(("modules", index)), f"no folder for the module `{name}`")
            elif module := self._module(folder / name, folder.name):
                modules.append(module)
        for other in _folders(folder):
            if other.name not in (*spec.modules, "glossary"):
                self.problem(
                    source.path, source.line(("modules",)), f"the folder `{other.name}` is not listed as a module"
                )
        course = Course(folder.name, folder, spec, tuple(modules), self._glossary(folder / "glossary"))
        self.result.problems.extend(links.check(course, self.result.labs))
        self.result.problems.extend(quizzes.check_links(self.quizzes, links.known(course, self.result.labs)))
        return course

    def _glossary(self, folder: Path) -> tuple[Term, ...]:
        """Every term, in no order: each language has its own."""
        terms: dict[str, Term] = {}
        for path in sorted(folder.glob("*.yaml")):
            if not (read := self._read(path, GlossaryFile)):
                continue
            spec, source = read
            for index, term in enumerate(spec.terms):
                if term.id in terms:
                    self.problem(path, source.line(("terms", index, "id")), f"two terms have the id `{term.id}`")
                terms[term.id] = term
        return tuple(terms.values())

    def _module(self, folder: Path, course: str) -> Module | None:
        read = self._read(folder / "module.yaml", ModuleFile)
        labs = self._checked_labs(folder, course)
        if not read:
            return None
        spec, source = read
        found = pages.pages(folder / "pages", spec)
        for page in found:
            self.result.problems.extend(contents.check_translations(page.path, page.id))
        self.result.problems.extend(pages.check(folder, spec, source))
        return Module(folder.name, folder, spec, found, tuple(labs), self._quizzes(folder / "quizzes", spec))

    def _quizzes(self, folder: Path, module: ModuleFile) -> tuple[Quiz, ...]:
        """In the order of their topics, the self-test last."""
        found: dict[str, Quiz] = {}
        for path in sorted(folder.glob("*.yaml")):
            self.result.problems.extend(quizzes.check_name(path, module))
            if read := self._read(path, QuizFile):
                quiz = Quiz(path.stem, path, None if path.stem == SELF_TEST else path.stem, read[0])
                self.result.problems.extend(quizzes.check(quiz, read[1]))
                self.quizzes.append((quiz, read[1]))
                found[quiz.id] = quiz
        order = [*(topic.id for topic in module.topics), SELF_TEST]
        return tuple(found[name] for name in order if name in found)

    def _checked_labs(self, module: Path, course: str) -> list[Lab]:
        labs = []
        for folder in _folders(module / "labs"):
            self.result.problems.extend(contents.check_translations(folder, "instructions"))
            if found := self._lab(folder, course, module.name):
                self._check_lab(*found)
                labs.append(found[0])
        return labs

    def _lab(self, folder: Path, course: str, module: str) -> tuple[Lab, YamlFile] | None:
        read = self._read(folder / "lab.yaml", LabFile)
        if not read or not self._slug(folder):
            return None
        spec, source = read
        lab = Lab(folder.name, folder, course, module, spec)
        if other := self.result.labs.get(lab.id):
            self.problem(source.path, 1, f"two labs have the id `{lab.id}`: the other is in {other.path}")
            return None
        self.result.labs[lab.id] = lab
        return lab, source

    def _check_lab(self, lab: Lab, source: YamlFile) -> None:
        self._check_environments(lab.spec, source)
        self.result.problems.extend(contents.check_lab(lab, source))
        self.result.problems.extend(instructions.check_instructions(lab, source))

    def _check_environments(self, lab: LabFile, source: YamlFile) -> None:
        plain = self._environment_of("environment", lab.environment, source)
        if plain:
            self.result.problems.extend(services.check_lab(lab, plain.spec, source))
        if lab.gpu_environment is None:
            return
        for_gpu = self._environment_of("gpu_environment", lab.gpu_environment, source)
        if plain and for_gpu and (plain.spec.services, plain.spec.uis) != (for_gpu.spec.services, for_gpu.spec.uis):
            told = f"`{plain.name}` and `{for_gpu.name}` must have the same services and uis"
            self.problem(source.path, source.line(("gpu_environment",)), told)

    def _environment_of(self, field: str, name: str, source: YamlFile) -> Environment | None:
        """The environment that a lab names in this field, if it is one for it."""
        line = source.line((field,))
        environment = self.result.environments.get(name)
        if environment is None:
            known = ", ".join(sorted(self.result.environments)) or "none"
            self.problem(source.path, line, f"unknown environment `{name}` (there is: {known})")
        elif environment.spec.gpu != (field == "gpu_environment"):
            told = "needs a GPU: name it as gpu_environment" if environment.spec.gpu else "gives no GPU"
            self.problem(source.path, line, f"the environment `{name}` {told}")
        return environment


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(p for p in parent.iterdir() if p.is_dir() and not p.name.startswith((".", "__")))


def _reason(loc: Loc, kind: str, message: str) -> str:
    """Pydantic's words where they are clear, an author's where they aren't."""
    name = ".".join(str(part) for part in loc) or "the file"
    if kind == "missing":
        return f"missing translation `{name}`" if loc[-1] in LANGUAGES else f"missing field `{name}`"
    if kind == "union_tag_not_found":
        return f"missing field `{name}.kind`"
    if kind == "extra_forbidden":
        return f"unknown field `{name}`"
    return f"`{name}`: {message}"
