"""Checks on what the YAML files point at: pages in every language, and the folders and checks.py of a lab."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from labs.markdown import CONTAINERS
from labs.models import LANGUAGES, Lab, Problem
from labs.notebooks import check_notebooks
from labs.yamlfile import YamlFile

CHART = ".chart"
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"^(#{1,6})\s+\S")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\s*(\"[^\"]+\")?\)")
_CONTAINER = re.compile(r"^(:{3,})\s*([\w-]*)")


def read_text(path: Path) -> tuple[str | None, list[Problem]]:
    """The text of a file that must exist, not be empty and be UTF-8; else None and why."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None, [Problem(path, 1, "missing file")]
    except OSError as error:
        return None, [Problem(path, 1, f"can't be read: {error.strerror}")]
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return None, [Problem(path, line, f"not UTF-8: byte 0x{raw[error.start]:02x}")]
    if not text.strip():
        return None, [Problem(path, 1, "the file is empty")]
    return text, []


def check_translations(folder: Path, name: str) -> list[Problem]:
    """``name``'s Markdown in each language: there, well formed, and with the same headings."""
    problems: list[Problem] = []
    outlines: dict[Path, list[tuple[int, int]]] = {}
    for language in LANGUAGES:
        path = folder / f"{name}.{language}.md"
        if not path.exists():
            problems.append(Problem(path, 1, f"missing translation: {name} has no text in `{language}`"))
            continue
        text, wrong = read_text(path)
        problems += wrong
        if text is not None:
            problems += _markdown(path, text)
            outlines[path] = [(line, len(m[1])) for line, t in prose(text) if (m := _HEADING.match(t))]
    if len(outlines) == len(LANGUAGES):
        problems += _headings(outlines)
    return problems


def _headings(outlines: dict[Path, list[tuple[int, int]]]) -> list[Problem]:
    (first, expected), *others = outlines.items()
    for path, found in others:
        for position, (wanted, got) in enumerate(zip_longest(expected, found), 1):
            if wanted is None or got is None or wanted[1] != got[1]:
                one = f"level {wanted[1]} (line {wanted[0]})" if wanted else "nothing"
                two = f"level {got[1]}" if got else "nothing"
                line = got[0] if got else (found[-1][0] if found else 1)
                reason = f"headings differ: heading {position} is {one} in {first.name} and {two} here"
                return [Problem(path, line, reason)]
    return []


def prose(text: str) -> list[tuple[int, str]]:
    """Numbered lines outside fenced code."""
    return _outside_fences(text)[0]


def _outside_fences(text: str) -> tuple[list[tuple[int, str]], int | None]:
    """Numbered lines outside fenced code, and where a fence opens that nothing closes."""
    outside: list[tuple[int, str]] = []
    fence, opened = "", None
    for number, line in enumerate(text.splitlines(), 1):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence, opened = mark[1], number
        elif mark and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence, opened = "", None
        elif not fence:
            outside.append((number, line))
    return outside, opened


def _markdown(path: Path, text: str) -> list[Problem]:
    problems: list[Problem] = []
    opened: list[tuple[int, str]] = []
    lines, fence = _outside_fences(text)
    for number, line in lines:
        for image in _IMAGE.findall(line):
            problems += [Problem(path, number, reason) for reason in _image(path, *image)]
        if mark := _CONTAINER.match(line):
            if not mark[2] and opened:
                opened.pop()
            elif mark[2] in CONTAINERS:
                opened.append((number, mark[2]))
            else:
                known = ", ".join(sorted(CONTAINERS))
                problems.append(Problem(path, number, f"unknown container `{line.strip()}` (there is: {known})"))
    problems += [Problem(path, number, f"the container `{name}` is never closed") for number, name in opened]
    if fence:
        problems.append(Problem(path, fence, "this code block is never closed"))
    return problems


def _image(page: Path, alt: str, target: str, caption: str) -> Iterator[str]:
    if not alt.strip():
        yield f"missing alt text for the image {target}"
    if not caption:
        yield f"missing caption for the image {target}: say what it shows and where its data come from"
    if missing := [path for path in figures(page, target) if not path.is_file()]:
        yield f"no such image: {missing[0]}" + ("; `labs charts` draws it" if target.endswith(CHART) else "")


def figures(page: Path, target: str) -> list[Path]:
    """The files behind an image of a page: ``figures/x.chart`` is a program and what it drew in the page's language."""
    path = page.parent / target
    if not target.endswith(CHART):
        return [path]
    language = page.name.split(".")[-2]
    return [path.with_suffix(".py"), path.with_name(f"{path.stem}-{language}.json")]


def check_lab(lab: Lab, source: YamlFile) -> list[Problem]:
    """A lab's folders hold what its lab.yaml says, no more and no less."""
    own = [*_ids(lab, source), *_files(lab, source), *_mutants(lab, source), *_checks(lab, source), *_time(lab, source)]
    return [*own, *check_notebooks(lab)]


def _time(lab: Lab, source: YamlFile) -> Iterator[Problem]:
    spec = lab.spec
    if spec.session_minutes > spec.max_session_minutes:
        reason = f"a session of {spec.session_minutes} minutes is longer than `max_session_minutes` allows"
        yield Problem(source.path, source.line(("session_minutes",)), f"{reason} ({spec.max_session_minutes})")


def _ids(lab: Lab, source: YamlFile) -> Iterator[Problem]:
    def wrong(loc: tuple[str | int, ...], reason: str) -> Problem:
        return Problem(source.path, source.line(loc), reason)

    ids = [check.id for check in lab.spec.checks]
    for index, check in enumerate(lab.spec.checks):
        if check.id in ids[:index]:
            yield wrong(("checks", index, "id"), f"two checks have the id `{check.id}`")
        after = [hint.after for hint in check.hints]
        if after != sorted(after):
            yield wrong(("checks", index, "hints"), f"the hints of `{check.id}` must be in the order of `after`")
    if (total := sum(check.points for check in lab.spec.checks)) != 100:
        yield wrong(("checks",), f"the points of the checks sum to {total}, not 100")
    mutants = [mutant.id for mutant in lab.spec.mutants]
    for index, mutant in enumerate(lab.spec.mutants):
        if mutant.id in mutants[:index]:
            yield wrong(("mutants", index, "id"), f"two mutants have the id `{mutant.id}`")
        for position, check_id in enumerate(mutant.loses):
            if check_id not in ids:
                yield wrong(
                    ("mutants", index, "loses", position), f"mutant `{mutant.id}` loses unknown check `{check_id}`"
                )


def _files(lab: Lab, source: YamlFile) -> Iterator[Problem]:
    if lab.spec.entry not in lab.spec.files:
        yield Problem(source.path, source.line(("entry",)), f"the entry `{lab.spec.entry}` is not one of `files`")
    for folder in ("starter", "solution"):
        tree = lab.tree(folder)
        for index, name in enumerate(lab.spec.files):
            if name not in tree:
                yield Problem(source.path, source.line(("files", index)), f"missing file: {folder}/{name}")
        yield from _declared(lab, folder, tree)


def _declared(lab: Lab, folder: str, tree: dict[str, bytes]) -> Iterator[Problem]:
    for name in tree:
        path = lab.path / folder / name
        if name not in lab.spec.files:
            yield Problem(path, 1, "not one of the `files` of lab.yaml")
        else:
            yield from read_text(path)[1]


def _mutants(lab: Lab, source: YamlFile) -> Iterator[Problem]:
    declared = {mutant.id for mutant in lab.spec.mutants}
    for index, mutant in enumerate(lab.spec.mutants):
        tree = lab.tree(f"mutants/{mutant.id}")
        if not tree:
            line = source.line(("mutants", index, "id"))
            yield Problem(source.path, line, f"missing mutant: mutants/{mutant.id} holds no file")
        yield from _declared(lab, f"mutants/{mutant.id}", tree)
    for folder in sorted((lab.path / "mutants").glob("*")):
        if folder.is_dir() and folder.name not in declared:
            yield Problem(folder, 1, f"the mutant `{folder.name}` is not declared in lab.yaml")


def _checks(lab: Lab, source: YamlFile) -> Iterator[Problem]:
    path = lab.path / "checks.py"
    text, problems = read_text(path)
    yield from problems
    if text is None:
        return
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield Problem(path, error.lineno or 1, f"wrong Python: {error.msg}")
        return
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    ids = [check.id for check in lab.spec.checks]
    for index, check_id in enumerate(ids):
        if check_id not in functions:
            line = source.line(("checks", index, "id"))
            yield Problem(source.path, line, f"unknown check: checks.py has no function `{check_id}`")
        elif len(functions[check_id].args.args) != 1:
            yield Problem(path, functions[check_id].lineno, f"the check `{check_id}` must take one argument, `lab`")
    for name, node in functions.items():
        if not name.startswith("_") and name not in ids:
            reason = f"`{name}` is not a check of lab.yaml (the names of helpers start with _)"
            yield Problem(path, node.lineno, reason)
