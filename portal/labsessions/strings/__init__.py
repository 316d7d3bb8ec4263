"""What the lab page's scripts say, by key; the page fills in ``{name}`` and picks between ``.one`` and ``.other``.

One module for each part of the page.
"""

from __future__ import annotations

from portal.labsessions.strings import book, files, help, lab, life, services, steps, terminal, waiting, web

STRINGS = {
    **book.STRINGS,
    **files.STRINGS,
    **help.STRINGS,
    **lab.STRINGS,
    **life.STRINGS,
    **services.STRINGS,
    **steps.STRINGS,
    **terminal.STRINGS,
    **waiting.STRINGS,
    **web.STRINGS,
}


def strings() -> dict[str, str]:
    """The texts in the reader's language, for the page's configuration."""
    return {key: str(text) for key, text in STRINGS.items()}
