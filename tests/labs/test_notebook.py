"""Notebooks as data: answers go by cell id into the pristine notebook, whatever became of the student's."""

from __future__ import annotations

import pytest

from labs.kit.notebook import MAX_BYTES, MAX_CELLS, BadNotebook, Notebook, parse, transplant
from tests.labs.notebooks import assert_valid, code, notebook, text

PRISTINE = notebook(
    text("intro", "# Sumar"),
    code("datos", "numbers = [1, 2]"),
    code("suma", "total = None", answer=True),
    code("uso", "print(total)"),
    text("opinion", "…", answer=True),
)


def sources(made: Notebook) -> dict[str, str]:
    return {cell.id: cell.source for cell in made.cells}


def after(submitted: bytes, extra: bool = False) -> tuple[dict[str, str], tuple[str, ...]]:
    made = transplant(parse(PRISTINE), submitted, extra=extra)
    return sources(made.notebook), made.missing


def test_answers_are_taken_and_locked_cells_are_not() -> None:
    submitted = notebook(
        text("intro", "# Otra cosa"),
        code("datos", "numbers = []"),
        code("suma", "total = sum(numbers)"),
        code("uso", "print('100 puntos')"),
        text("opinion", "Fácil"),
    )
    found, missing = after(submitted)
    assert found == {
        **sources(parse(PRISTINE)),
        "suma": "total = sum(numbers)",
        "opinion": "Fácil",
    }
    assert missing == ()


def test_a_deleted_answer_keeps_the_pristine_source() -> None:
    found, missing = after(notebook(code("datos", "")))
    assert found == sources(parse(PRISTINE))
    assert missing == ("suma", "opinion")


def test_of_a_duplicated_answer_the_first_counts() -> None:
    found, _ = after(notebook(code("suma", "total = 1"), code("suma", "total = 2")))
    assert found["suma"] == "total = 1"


def test_an_answer_retyped_to_text_still_runs_as_code() -> None:
    made = transplant(parse(PRISTINE), notebook(text("suma", "total = 7"), code("opinion", "1 / 0"))).notebook
    assert (made["suma"].kind, made["suma"].source) == ("code", "total = 7")
    assert (made["opinion"].kind, made["opinion"].source) == ("markdown", "1 / 0")


def test_moved_cells_run_in_the_pristine_order() -> None:
    submitted = notebook(code("suma", "total = 3"), code("datos", ""), text("intro", ""))
    made = transplant(parse(PRISTINE), submitted).notebook
    assert [cell.id for cell in made.cells] == ["intro", "datos", "suma", "uso", "opinion"]


def test_a_students_own_cells_are_kept_aside_or_run_where_they_stood() -> None:
    submitted = notebook(
        code("x1", "first = 1"),
        code("datos", ""),
        code("x2", "second = 2"),
        text("x3", "nota"),
        code("suma", "total = 3"),
    )
    made = transplant(parse(PRISTINE), submitted)
    assert [cell.source for cell in made.aside] == ["first = 1", "second = 2"]
    assert "first = 1" not in sources(made.notebook).values()
    run = transplant(parse(PRISTINE), submitted, extra=True)
    assert [cell.source for cell in run.notebook.code] == [
        "first = 1",
        "numbers = [1, 2]",
        "second = 2",
        "total = 3",
        "print(total)",
    ]
    assert run.aside == ()


@pytest.mark.parametrize("ident", ["datos", "suma", ""])
def test_an_own_cell_cannot_take_a_pristine_place(ident: str) -> None:
    submitted = notebook(code(ident, "mine = 1"), code(ident, "mine = 2"))
    made = transplant(parse(PRISTINE), submitted, extra=True).notebook
    assert made["datos"].source == "numbers = [1, 2]"
    assert len({cell.id for cell in made.cells}) == len(made.cells)


HOSTILE = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "another format": notebook(nbformat=3),
    "no cells": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "cells that are none": notebook().replace(b'"cells": []', b'"cells": [1]'),
    "an unknown type": notebook({**code("a", ""), "cell_type": "shell"}),
    "a source that is none": notebook({**code("suma", ""), "source": {"$ref": 1}}),
    "a repeated key": notebook().replace(b'"cells": []', b'"cells": [], "cells": []'),
    "not a number": notebook(code("suma", "")).replace(b"null", b"NaN"),
    "depth": b'{"nbformat": 4, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "size": notebook(code("suma", "x" * MAX_BYTES)),
    "many cells": notebook(*[code(str(n), "") for n in range(MAX_CELLS + 1)]),
    "not UTF-8": notebook(code("suma", "?")).replace(b"?", b"\xff"),
    "huge number": notebook(code("suma", "")).replace(b"null", b"9" * 10_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_notebook_is_a_notebook_without_answers(name: str) -> None:
    with pytest.raises(BadNotebook):
        parse(HOSTILE[name])
    made = transplant(parse(PRISTINE), HOSTILE[name])
    assert made.notebook == parse(PRISTINE)
    assert made.missing == ("suma", "opinion")
    assert made.problem


def test_what_is_written_is_valid_and_reads_the_same() -> None:
    made = transplant(parse(PRISTINE), notebook(code("suma", "a = 1\nb = '\ud800ñ'\n"))).notebook
    dumped = made.dump()
    assert_valid(dumped)
    assert [cell.id for cell in parse(dumped).cells] == [cell.id for cell in made.cells]
    assert parse(dumped)["suma"].source == "a = 1\nb = '?ñ'\n"


def test_odd_metadata_makes_no_answer_cell() -> None:
    for lab in (None, [], {"answer": "yes"}, {"answer": 1}):
        assert not parse(notebook({**code("a", ""), "metadata": {"lab": lab}})).cells[0].answer
