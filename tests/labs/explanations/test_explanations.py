"""Every explanation explains the real error that it was written for, and no other does it in its place."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from labs.catalog import load
from labs.explaining import explain, weight
from labs.models import Explanation, Text
from labs.yamlfile import parse
from tests.labs.explanations.make_examples import PYTHON, SHELL, provoke, run_shell
from tests.labs.test_catalog import problems, root

__all__ = ["root"]
LABS = Path(__file__).parents[3] / "labs"
SCRIPT = LABS.parent / "static/src/lab/explain.js"
CATALOG = load(LABS)
EXAMPLES = {path.stem: path.read_text() for path in sorted((LABS / "explanations/examples").glob("*.txt"))}
SAID = Text(es="x", en="x")


def entry(name: str, error: tuple[str, ...] = (), match: tuple[str, ...] = ()) -> Explanation:
    return Explanation(id=name, error=error, match=match, cause=SAID, remedy=SAID)


def test_there_is_an_example_of_each_and_of_nothing_else() -> None:
    assert set(EXAMPLES) == set(CATALOG.explanations)
    assert len(EXAMPLES) >= 40


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_explained_by_its_own_entry(name: str) -> None:
    found = explain(EXAMPLES[name], CATALOG.explanations.values())
    assert found is not None
    assert found.id == name
    assert all(found.cause[language] and found.remedy[language] for language in ("es", "en"))


@pytest.mark.parametrize("name", [name for name in PYTHON if name not in {"py-memory", "py-pickle", "py-process-pool"}])
def test_what_python_says_today_is_still_explained(name: str) -> None:
    found = explain(provoke(PYTHON[name], {"__name__": "__main__"}), CATALOG.explanations.values())
    assert found is not None
    assert found.id == name


@pytest.mark.parametrize("name", [name for name in SHELL if name not in {"sh-no-network", "sh-git"}])
def test_what_the_shell_says_today_is_still_explained(name: str) -> None:
    found = explain(run_shell(SHELL[name]), CATALOG.explanations.values())
    assert found is not None
    assert found.id == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hola\n",
        "total: 3",
        "MiError: algo mío\nTraceback (most recent call last):\n  except KeyError:\nMiError: algo mío",
        "MyKeyError: b",
    ],
)
def test_without_a_match_there_is_no_noise(text: str) -> None:
    assert explain(text, CATALOG.explanations.values()) is None


def test_the_page_matches_by_the_same_rules() -> None:
    entries = [each.model_dump(mode="json") for each in CATALOG.explanations.values()]
    texts = [*EXAMPLES.values(), "nada", "KeyErrorñ: x", "ñKeyError: x", "(KeyError) x", "_KeyError: x"]
    code = (
        f"import {{ explain, weight }} from {json.dumps(SCRIPT.as_uri())};"
        "const {entries, texts} = JSON.parse(await new Response(process.stdin).text());"
        "console.log(JSON.stringify(texts.map((text) =>"
        " [explain(text, entries)?.id ?? null, entries.map((entry) => weight(entry, text))])));"
    )
    ran = subprocess.run(
        ["node", "--input-type=module", "-e", code],
        input=json.dumps({"entries": entries, "texts": texts}),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    everything = list(CATALOG.explanations.values())
    for text, (best, weights) in zip(texts, json.loads(ran.stdout), strict=True):
        found = explain(text, everything)
        assert best == (found.id if found else None)
        assert weights == [weight(each, text) for each in everything]


def test_the_most_specific_wins_and_then_the_first_by_id() -> None:
    general, special = entry("a", ("KeyError",)), entry("b", ("KeyError",), ("pandas",))
    assert explain("KeyError: 'x'\npandas", [general, special]) is special
    assert explain("KeyError: 'x'", [special, general]) is general
    one, two = entry("b", match=("abc",)), entry("a", match=("abc",))
    assert explain("abc", [one, two]) is two


def test_fragments_come_in_their_order() -> None:
    assert weight(entry("a", match=("uno", "dos")), "uno dos") == 6
    assert weight(entry("a", match=("uno", "dos")), "dos uno") == 0
    assert weight(entry("a", match=("unouno",)), "uno uno") == 0


def test_a_text_of_megabytes_takes_no_longer_than_it_is_long() -> None:
    """Fragments are searched once each: this would not end where patterns could go back."""
    assert weight(entry("a", ("KeyError",), ("aaaa" * 40, "b" * 3)), "KeyError\n" + "a" * 3_000_000) == 0


YAML = """explanations:
  - id: uno
    error: [KeyError]
    cause: {es: a, en: a}
    remedy: {es: a, en: a}
  - id: dos
    match: ["abc"]
    cause: {es: a, en: a}
    remedy: {es: a, en: a}
"""


def write(root: Path, text: str, **examples: str) -> None:
    folder = root / "explanations/examples"
    folder.mkdir(parents=True)
    (root / "explanations/propias.yaml").write_text(text)
    for name, example in examples.items():
        (folder / f"{name}.txt").write_text(example)


def test_right_entries_are_read(root: Path) -> None:
    write(root, YAML, uno="KeyError: 'a'", dos="xabcx")
    assert problems(root) == []
    assert list(load(root).explanations) == ["uno", "dos"]


@pytest.mark.parametrize(
    ("old", "new", "examples", "line", "reason"),
    [
        ("id: dos", "id: uno", {"uno": "KeyError"}, 6, "two explanations have the id `uno`"),
        ("    error: [KeyError]\n", "", {"uno": "x", "dos": "abc"}, 2, "`uno` matches everything"),
        ("KeyError", "Key.*", {"uno": "x", "dos": "abc"}, 3, "should match pattern"),
        ("", "", {"dos": "abc"}, 2, "no example of `uno`: examples/uno.txt must hold what the tool really says"),
        ("", "", {"uno": "ValueError", "dos": "abc"}, 2, "`uno` does not match its own example"),
        ('"abc"', '"Key"', {"uno": "Key", "dos": "Key"}, 2, "`uno` does not match its own example"),
        ('"abc"', '"KeyError:"', {"uno": "KeyError: a", "dos": "KeyError:"}, 2, "is explained by `dos`"),
        ("", "", {"uno": "KeyError", "dos": "abc", "tres": "x"}, 1, "no explanation has the id `tres`"),
        ("    remedy: {es: a, en: a}\n", "", {}, 2, "missing field"),
        ("en: a}", "fr: a}", {}, 4, "missing translation"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(
    root: Path, old: str, new: str, examples: dict[str, str], line: int, reason: str
) -> None:
    write(root, YAML.replace(old, new, 1) if old else YAML, **examples)
    found = problems(root)
    assert any(f":{line}: " in problem and reason in problem for problem in found), found


def test_every_file_is_valid_yaml_with_lines() -> None:
    for path in sorted((LABS / "explanations").glob("*.yaml")):
        assert parse(path, path.read_text()).line(("explanations", 0, "id")) == 3
