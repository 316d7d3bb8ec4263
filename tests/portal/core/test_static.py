"""Styles and scripts have an address of their own for each content."""

from __future__ import annotations

from pathlib import Path

from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.test import override_settings


def test_the_address_changes_with_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a {}")
    (tmp_path / "a.woff2").write_bytes(b"font")
    with override_settings(STATICFILES_DIRS=[tmp_path]):
        finders.get_finder.cache_clear()
        first = static("a.css")
        (tmp_path / "a.css").write_text("b {}!")
        assert first.startswith("/static/a.css?v=")
        assert static("a.css") != first
        assert static("a.woff2") == "/static/a.woff2"
        assert static("missing.css") == "/static/missing.css"
    finders.get_finder.cache_clear()
