"""What a lab's instructions can do beside being read: blocks that act with one click, and steps with their checks.

Shared by ``labs validate`` and by what renders the instructions, so that both understand a text in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from labs.contents import prose
from labs.models import LANGUAGES, Lab, Problem
from labs.yamlfile import YamlFile

SHELLS = ("bash", "sh")
FILE_ACTS = ("insert", "open")
STEP_HEADING = re.compile(r"(?:Paso|Step) (\d{1,2})\b")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_STEP_LINE = re.compile(rf"^##\s+{STEP_HEADING.pattern}")


class BadDirective(ValueError):
    """An info string that says something no block can do. The message says what it can."""


@dataclass(frozen=True)
class Directive:
    """``run``: the block goes to a terminal. ``insert``, ``open``: it goes into ``file``, at its end or as a whole.

    ``lab``, on pages only: the block can be tried in the lab that ``file`` names.
    """

    act: str
    file: str = ""

    def __str__(self) -> str:
        return f"{self.act}={self.file}" if self.file else self.act


@dataclass(frozen=True)
class Block:
    """One fenced block: the line on which it opens, its info string and what is in it."""

    line: int
    info: str
    code: str


def directive(info: str) -> Directive | None:
    """What a fenced block's info string asks for (``bash run``); None when it only names a language.

    Raises BadDirective.
    """
    language, *words = info.split() or [""]
    if not words:
        return None
    if len(words) > 1:
        raise BadDirective(f"a block can do one thing, not `{' '.join(words)}`")
    act, _, file = words[0].partition("=")
    if words[0] == "run":
        if language not in SHELLS:
            raise BadDirective(f"`run` is for blocks of {' or '.join(SHELLS)}, not `{language}`")
        return Directive("run")
    if act in (*FILE_ACTS, "lab") and file:
        return Directive(act, file)
    raise BadDirective(f"unknown directive `{words[0]}` (there is: run, insert=FILE, open=FILE; on pages lab=LAB)")


def blocks(text: str) -> Iterator[Block]:
    """Every fenced block that is closed."""
    fence, info, opened, code = "", "", 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence, info, opened, code = mark[1], mark[2].strip(), number, []
        elif mark and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            yield Block(opened, info, "\n".join(code))
            fence = ""
        elif fence:
            code.append(line)


def check_instructions(lab: Lab, source: YamlFile) -> Iterator[Problem]:
    """Directives are known, act on files there are and are the same in each language; steps are those of lab.yaml."""
    acting: dict[Path, list[tuple[Block, Directive]]] = {}
    for path, text in _texts(lab.path, "instructions"):
        acting[path] = []
        for block in blocks(text):
            try:
                found = directive(block.info)
            except BadDirective as wrong:
                yield Problem(path, block.line, str(wrong))
                continue
            if found and found.act == "lab":
                yield Problem(path, block.line, "`lab=` is for pages: these are a lab's own instructions")
            elif found:
                acting[path].append((block, found))
                if found.file and found.file not in lab.spec.files:
                    yield Problem(path, block.line, f"`{found}`: `{found.file}` is not one of the lab's `files`")
        yield from _headings(lab, path, text)
    yield from _same(acting)
    yield from _steps(lab, source)


def _texts(folder: Path, name: str) -> Iterator[tuple[Path, str]]:
    """The Markdown of each language that can be read; that one is missing is said elsewhere."""
    for language in LANGUAGES:
        path = folder / f"{name}.{language}.md"
        try:
            yield path, path.read_text()
        except (OSError, UnicodeDecodeError):
            continue


def _same(acting: dict[Path, list[tuple[Block, Directive]]]) -> Iterator[Problem]:
    if len(acting) != len(LANGUAGES):
        return
    (first, expected), *others = acting.items()
    for path, found in others:
        for wanted, got in zip_longest(expected, found):
            if wanted and got and (wanted[1], wanted[0].code) == (got[1], got[0].code):
                continue
            place = f"{first.name}:{wanted[0].line} has {_named(wanted)}" if wanted else f"{first.name} has none"
            line = got[0].line if got else (found[-1][0].line if found else 1)
            here = f"this one is {_named(got)}" if got else "there is none here"
            yield Problem(path, line, f"blocks that act must be the same in each language: {place}, {here}")
            return


def _named(acting: tuple[Block, Directive]) -> str:
    return f"`{acting[1]}` with `{acting[0].code.split(chr(10))[0]}`"


def _headings(lab: Lab, path: Path, text: str) -> Iterator[Problem]:
    """With ``steps`` in lab.yaml the headings count 1, 2, 3 … to as many."""
    if not lab.spec.steps:
        return
    found = [(line, int(mark[1])) for line, content in prose(text) if (mark := _STEP_LINE.match(content))]
    for expected, (line, number) in enumerate(found, 1):
        if number != expected:
            yield Problem(path, line, f"step {number} follows step {expected - 1}: steps count 1, 2, 3 …")
            return
    if len(found) != len(lab.spec.steps):
        reason = f"{len(found)} headings `## Paso N` or `## Step N`, but lab.yaml has {len(lab.spec.steps)} steps"
        yield Problem(path, found[-1][0] if found else 1, reason)


def _steps(lab: Lab, source: YamlFile) -> Iterator[Problem]:
    checks = {check.id: check for check in lab.spec.checks}
    seen: set[str] = set()
    for index, step in enumerate(lab.spec.steps):
        if step.id in seen:
            yield Problem(source.path, source.line(("steps", index, "id")), f"two steps have the id `{step.id}`")
        seen.add(step.id)
        for position, name in enumerate(step.checks):
            line = source.line(("steps", index, "checks", position))
            if name not in checks:
                yield Problem(source.path, line, f"step `{step.id}` has the unknown check `{name}`")
            elif checks[name].visibility != "always":
                yield Problem(source.path, line, f"`{name}` is hidden from students, so a step can't show it")
            elif name in step.checks[:position]:
                yield Problem(source.path, line, f"step `{step.id}` has the check `{name}` twice")
