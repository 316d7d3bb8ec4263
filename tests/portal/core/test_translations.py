"""Every word that the portal says has its Spanish."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation import template

ROOT = Path(__file__).resolve().parents[3]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


@pytest.fixture(scope="module")
def spanish() -> Catalog:
    with (ROOT / "portal/locale/es/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file)


def sources() -> Iterator[tuple[str, bytes]]:
    """Python code as it is, templates as the code that Django's own tools make of them."""
    for path in sorted((ROOT / "portal").rglob("*.py")):
        yield str(path.relative_to(ROOT)), path.read_bytes()
    for path in sorted((ROOT / "templates").rglob("*.html")):
        yield str(path.relative_to(ROOT)), template.templatize(path.read_text()).encode()


def test_nothing_is_left_in_english(spanish: Catalog) -> None:
    missing = []
    for name, code in sources():
        for _line, found, _comments, _context in extract("python", BytesIO(code), keywords=KEYWORDS):
            message = spanish.get(found[0] if isinstance(found, tuple) else found)
            if message is None or not message.string or (isinstance(message.string, tuple) and not all(message.string)):
                missing.append(f"{name}: {found!r}")
    assert not missing


def test_placeholders_are_kept(spanish: Catalog) -> None:
    wrong = [str(error) for message in spanish for error in message.check(spanish)]
    assert not wrong
