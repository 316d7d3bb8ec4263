"""The preview shows the files as they are, needs no database, and names their problems."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client, override_settings
from django.utils import translation

from portal.courses import preview


@pytest.fixture
def author(content: Path) -> Iterator[Client]:
    """A browser on the preview; a query of the database would fail its test."""
    with translation.override("es"), override_settings(ROOT_URLCONF=preview.__name__, MIDDLEWARE=preview.MIDDLEWARE):
        yield Client(headers={"Accept-Language": "es"})


def test_a_page_is_shown_as_it_is_saved(author: Client, content: Path) -> None:
    page = content / "courses/ml/02-paralelo/pages/02-spark/spark.es.md"
    before = author.get("/version/").content
    page.write_text(page.read_text() + "\nUna línea nueva.\n")
    assert author.get("/version/").content != before
    assert "Una línea nueva." in author.get("/curso/ml/spark/").content.decode()


def test_problems_are_named_above_the_page_and_counted_where_the_reader_is(author: Client, content: Path) -> None:
    page = content / "courses/ml/02-paralelo/pages/02-spark/spark.es.md"
    page.write_text(page.read_text() + "\n[x](pagina:nada)\n")
    shown = author.get("/curso/ml/spark/")
    assert [problem.path for problem in shown.context["problems"]] == [page]
    assert re.search(r'href="#problems".*1 problema</a>', shown.content.decode())
    page.write_text(page.read_text().replace("[x](pagina:nada)", ""))
    assert "problema</a>" not in author.get("/curso/ml/spark/").content.decode()


def test_everything_that_is_written_can_be_seen(author: Client) -> None:
    for path in ("/", "/curso/ml/paralelismo/", "/lab/suma/", "/glosario/ml/"):
        assert author.get(path).status_code == 200
    figure = author.get("/curso/ml/figuras/01-paralelismo/esquema.svg")
    assert figure.headers["Content-Type"] == "image/svg+xml"
    b"".join(figure.streaming_content)
    for path in (
        "/curso/ml/nada/",
        "/lab/nada/",
        "/curso/ml/figuras/01-paralelismo/module.yaml",
        "/admin/",
        "/entrar/",
    ):
        assert author.get(path).status_code == 404


def test_it_is_read_in_the_other_language_too(author: Client) -> None:
    author.get("/idioma/en/")
    assert author.get("/curso/ml/spark/").context["page"]["title"] == "Spark"
    assert author.get("/").context["language"] == "en"


def test_it_listens_on_this_machine_alone(monkeypatch: pytest.MonkeyPatch, content: Path) -> None:
    asked = []
    monkeypatch.setattr(preview, "serve", lambda host, *_rest, **_options: asked.append(host))
    with override_settings(ROOT_URLCONF="", MIDDLEWARE=[], ALLOWED_HOSTS=[]):
        preview.run(8080)
    assert asked == ["127.0.0.1"]
