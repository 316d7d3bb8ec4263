"""Explanations of common errors: labs/explanations/*.yaml, each with a real example in examples/<id>.txt.

Patterns are plain fragments, never regular expressions, so matching takes a time linear in the text, whatever a
program prints. static/src/lab/explain.js matches in the browser by the same rules; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from labs.models import Explanation, ExplanationFile, Problem
from labs.yamlfile import YamlFile

EXAMPLES = "examples"


def weight(entry: Explanation, text: str) -> int:
    """How much of ``text`` the entry's pattern accounts for, in characters; 0 when it doesn't match."""
    head = text.split("\n", 1)[0]
    named = max((len(name) for name in entry.error if _has_word(head, name)), default=0)
    if entry.error and not named:
        return 0
    place = 0
    for fragment in entry.match:
        found = text.find(fragment, place)
        if found < 0:
            return 0
        place = found + len(fragment)
    return named + sum(map(len, entry.match))


def _has_word(text: str, word: str) -> bool:
    place = text.find(word)
    while place >= 0:
        before, after = text[place - 1 : place], text[place + len(word) : place + len(word) + 1]
        if not (before.isalnum() or before == "_" or after.isalnum() or after == "_"):
            return True
        place = text.find(word, place + 1)
    return False


def explain(text: str, explanations: Iterable[Explanation]) -> Explanation | None:
    """The one that accounts for most of ``text``; of two equals the one whose id comes first. None: no match."""
    weighed = [(-found, each.id, each) for each in explanations if (found := weight(each, text))]
    return min(weighed)[2] if weighed else None


def check_explanations(folder: Path, read: Sequence[tuple[ExplanationFile, YamlFile]]) -> Iterator[Problem]:
    """Ids are used once, patterns are there, and each entry explains its own example: no other does it better."""
    everything = [each for spec, _source in read for each in spec.explanations]
    seen: set[str] = set()
    for spec, source in read:
        for index, entry in enumerate(spec.explanations):
            line = source.line(("explanations", index, "id"))
            if entry.id in seen:
                yield Problem(source.path, line, f"two explanations have the id `{entry.id}`")
            seen.add(entry.id)
            if not (entry.error or entry.match):
                yield Problem(source.path, line, f"`{entry.id}` matches everything: give it `error`, `match` or both")
            elif wrong := _example(folder / EXAMPLES / f"{entry.id}.txt", entry, everything):
                yield Problem(source.path, line, wrong)
    for path in sorted((folder / EXAMPLES).glob("*")):
        if path.stem not in seen:
            yield Problem(path, 1, f"no explanation has the id `{path.stem}`")


def _example(path: Path, entry: Explanation, everything: Sequence[Explanation]) -> str | None:
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError):
        return f"no example of `{entry.id}`: {EXAMPLES}/{entry.id}.txt must hold what the tool really says"
    if not weight(entry, text):
        return f"`{entry.id}` does not match its own example"
    best = explain(text, everything)
    return f"the example of `{entry.id}` is explained by `{best.id}`" if best and best.id != entry.id else None
