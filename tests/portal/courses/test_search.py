"""Search: accents and typos don't matter, titles come first, and hits lead to their heading."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from labs.catalog import load
from portal.courses.models import Course
from portal.courses.search import fold, search
from portal.courses.sync import sync
from tests.portal.factories import UserFactory

GLOSSARY = (
    "terms:\n  - {id: particion, term: {es: partición, en: partition}, "
    "definition: {es: Un trozo de los datos., en: A piece of the data.}}\n"
)


@pytest.fixture
def indexed(course: None, content: Path) -> Course:
    (content / "courses/ml/glossary").mkdir()
    (content / "courses/ml/glossary/uno.yaml").write_text(GLOSSARY)
    page = content / "courses/ml/02-paralelo/pages/02-spark/spark.es.md"
    page.write_text(page.read_text().replace("## Primera parte", "## Primera parte\n\nCada partición va a un núcleo."))
    sync(load(content))
    return Course.objects.get()


def found(course: Course, query: str) -> list[tuple[str, str]]:
    return [(hit.entry.kind, hit.entry.url) for hit in search(course, query).hits]


def test_a_title_comes_before_a_text_and_a_hit_leads_to_its_heading(indexed: Course) -> None:
    assert found(indexed, "partición") == [
        ("term", "/glosario/ml/#particion"),
        ("page", "/curso/ml/spark/#primera-parte"),
    ]


@pytest.mark.parametrize("query", ["particion", "PARTICIÓN", "partic"])
def test_accents_and_case_and_endings_do_not_matter(indexed: Course, query: str) -> None:
    assert found(indexed, query) == found(indexed, "partición")


def test_a_typo_is_forgiven_and_said(indexed: Course) -> None:
    result = search(indexed, "partcion")
    assert result.instead == "particion"
    assert result.hits


def test_every_word_must_be_found(indexed: Course) -> None:
    assert found(indexed, "partición núcleo") == [("page", "/curso/ml/spark/#primera-parte")]
    assert found(indexed, "partición xyzzyqwk") == []
    assert found(indexed, "") == []


def test_labs_are_found(indexed: Course) -> None:
    assert ("lab", "/lab/suma/") in found(indexed, "sumar")


def test_the_snippet_marks_what_was_searched_as_it_is_written(indexed: Course) -> None:
    hit = next(hit for hit in search(indexed, "particion nucleo").hits if hit.entry.kind == "page")
    assert [text for text, marked in hit.snippet if marked] == ["partición", "núcleo"]


def test_an_edit_is_found_after_the_next_sync(indexed: Course, content: Path) -> None:
    assert found(indexed, "ornitorrinco") == []
    page = content / "courses/ml/02-paralelo/pages/01-paralelismo/paralelismo.es.md"
    page.write_text(page.read_text() + "\nUn ornitorrinco.\n")
    sync(load(content))
    assert found(Course.objects.get(), "ornitorrinco")


@pytest.mark.parametrize("text", ["Partición", "ÑANDÚ", "straße", "İzmir", "e\u0301", "ﬁn"])
def test_folding_keeps_every_letter_in_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)


def test_the_page_of_results_costs_few_queries(
    signed_in: Client, indexed: Course, django_assert_max_num_queries: Callable[..., object]
) -> None:
    with django_assert_max_num_queries(12):
        page = signed_in.get("/buscar/ml/?q=particion")
    assert page.context["hits"]


def test_what_was_searched_is_shown_as_text(signed_in: Client, indexed: Course) -> None:
    assert "«&lt;b&gt;xyzzyqwk»" in signed_in.get("/buscar/ml/?q=<b>xyzzyqwk").content.decode()


def test_who_is_not_enrolled_finds_nothing(client: Client, indexed: Course) -> None:
    assert client.get("/buscar/ml/?q=partición").status_code == 302
    client.force_login(UserFactory(), backend="portal.accounts.sessions.PortalBackend")
    assert client.get("/buscar/ml/?q=partición").status_code == 404
