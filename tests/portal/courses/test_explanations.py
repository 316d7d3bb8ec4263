"""The lab page gets the explanations in the reader's language, and again only when they have changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from labs.catalog import load
from portal.courses.models import Explanation
from portal.courses.sync import sync

pytestmark = pytest.mark.django_db(transaction=True)
ENTRY = """explanations:
  - id: falta
    error: [KeyError]
    cause: {es: No hay clave., en: No such key.}
    remedy: {es: Mira las claves., en: Look at the keys.}
"""


@pytest.fixture
def _explained(course: None, content: Path) -> None:
    write(content, ENTRY)


def write(content: Path, text: str) -> list[str]:
    folder = content / "explanations/examples"
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "propias.yaml").write_text(text)
    (folder / "falta.txt").write_text("KeyError: 'a'")
    report = sync(load(content))
    return [*report.created, *report.updated, *report.retired]


@pytest.mark.usefixtures("_explained")
def test_each_reader_gets_their_language(signed_in: Client, student: object) -> None:
    (entry,) = signed_in.get("/explicaciones/").json()
    assert entry == {
        "id": "falta",
        "error": ["KeyError"],
        "match": [],
        "cause": "No hay clave.",
        "remedy": "Mira las claves.",
    }
    student.user.language = "en"  # type: ignore[attr-defined]
    student.user.save()  # type: ignore[attr-defined]
    assert signed_in.get("/explicaciones/").json()[0]["cause"] == "No such key."


@pytest.mark.usefixtures("_explained")
def test_a_browser_that_has_them_gets_them_again_only_when_changed(signed_in: Client, content: Path) -> None:
    first = signed_in.get("/explicaciones/")
    had = {"If-None-Match": first.headers["ETag"]}
    assert signed_in.get("/explicaciones/", headers=had).status_code == 304
    assert write(content, ENTRY.replace("No hay clave.", "Falta la clave.")) == ["Explanation falta"]
    assert signed_in.get("/explicaciones/", headers=had).json()[0]["cause"] == "Falta la clave."


@pytest.mark.usefixtures("_explained")
def test_what_the_files_no_longer_have_is_gone(content: Path) -> None:
    (content / "explanations/propias.yaml").unlink()
    (content / "explanations/examples/falta.txt").unlink()
    assert sync(load(content)).retired == ["Explanation falta"]
    assert not Explanation.objects.exists()
    assert not sync(load(content)).changed


def test_only_who_is_signed_in_asks(course: None) -> None:
    assert Client().get("/explicaciones/").status_code == 401
