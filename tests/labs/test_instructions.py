"""Blocks that act and steps: what an author may write, and how a mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from labs.instructions import BadDirective, Directive, blocks, directive
from tests.labs.test_catalog import LAB, MODULE, line_of, problems, replace, root

__all__ = ["root"]


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ("", None),
        ("python", None),
        ("bash run", Directive("run")),
        ("python insert=main.py", Directive("insert", "main.py")),
        ("sql open=consulta.sql", Directive("open", "consulta.sql")),
    ],
)
def test_an_info_string_says_what_a_block_does(info: str, expected: Directive | None) -> None:
    assert directive(info) == expected


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        ("bash launch", "unknown directive `launch` (there is: run, insert=FILE, open=FILE; on pages lab=LAB)"),
        ("python run", "`run` is for blocks of bash or sh, not `python`"),
        ("sql open", "unknown directive `open`"),
        ("sql open=", "unknown directive `open=`"),
        ("bash run run", "a block can do one thing"),
    ],
)
def test_any_other_info_string_is_refused(info: str, reason: str) -> None:
    with pytest.raises(BadDirective) as refused:
        directive(info)
    assert reason in str(refused.value)


def test_blocks_know_their_line_and_text() -> None:
    (one, two) = blocks("a\n\n```bash run\nls\n\npwd\n```\n~~~~\n```\n~~~~\n")
    assert (one.line, one.info, one.code) == (3, "bash run", "ls\n\npwd")
    assert (two.line, two.info, two.code) == (8, "", "```")


def append(root: Path, es: str, en: str) -> None:
    for language, text in (("es", es), ("en", en)):
        path = root / LAB / f"instructions.{language}.md"
        path.write_text(path.read_text() + text)


def test_blocks_that_act_are_right_when_each_language_has_them(root: Path) -> None:
    text = "\n```bash run\nls\n```\n\n```python insert=main.py\nprint(1)\n```\n"
    append(root, text, text)
    assert problems(root) == []


@pytest.mark.parametrize(
    ("es", "en", "reason"),
    [
        ("bash launch\nls", "bash launch\nls", "unknown directive `launch`"),
        ("python open=otro.py\nx", "python open=otro.py\nx", "`otro.py` is not one of the lab's `files`"),
        ("bash run\nls", "bash run\nls -l", "blocks that act must be the same in each language"),
        ("bash run\nls", "bash\nls", "there is none here"),
        ("bash\nls", "bash run\nls", "instructions.es.md has none"),
    ],
)
def test_a_mistake_in_a_block_is_named_with_file_and_line(root: Path, es: str, en: str, reason: str) -> None:
    append(root, f"\n```{es}\n```\n", f"\n```{en}\n```\n")
    found = problems(root)
    assert any(reason in problem for problem in found), found
    assert all(int(problem.split(":")[1]) > 0 for problem in found)
    wrong = "en" if es != en else "es"
    line = line_of(root / LAB / f"instructions.{wrong}.md", f"```{(en if wrong == 'en' else es).splitlines()[0]}")
    if "none here" not in reason:
        assert any(p.startswith(f"{LAB}/instructions.{wrong}.md:{line}:") for p in found), found


def test_a_page_can_have_no_acting_block(root: Path) -> None:
    path = root / MODULE / "pages/01-tema/tema.es.md"
    path.write_text(path.read_text() + "\n```bash run\nls\n```\n")
    place = f"{MODULE}/pages/01-tema/tema.es.md:{line_of(path, '```bash run')}"
    assert problems(root) == [f"{place}: only the instructions of a lab can have `bash run`"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("checks: [media, vacio]\n", "checks: [media, total]\n", "step `media` has the unknown check `total`"),
        ("checks: [media, vacio]\n", "checks: [media, media]\n", "step `media` has the check `media` twice"),
        ("    points: 30\n", "    points: 30\n    visibility: never\n", "`vacio` is hidden from students"),
        ("mutants:\n", "  - id: media\nmutants:\n", "two steps have the id `media`"),
        ("mutants:\n", "  - id: dos\nmutants:\n", "1 headings `## Paso N` or `## Step N`, but lab.yaml has 2 steps"),
    ],
)
def test_a_mistake_in_the_steps_is_named(root: Path, old: str, new: str, reason: str) -> None:
    replace(root / LAB / "lab.yaml", old, new)
    assert any(reason in problem for problem in problems(root)), problems(root)


def test_steps_count_from_one(root: Path) -> None:
    for language, word in (("es", "Paso"), ("en", "Step")):
        replace(root / LAB / f"instructions.{language}.md", f"## {word} 1", f"## {word} 2")
    assert [p for p in problems(root) if "step 2 follows step 0: steps count 1, 2, 3 …" in p]
