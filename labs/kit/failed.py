"""What a check raises when the student's work is not right."""

from __future__ import annotations

from typing import Any


class Failed(Exception):
    """The student's work is not right. ``es`` and ``en`` say what is wrong and what to look at next."""

    def __init__(
        self,
        es: str,
        en: str,
        *,
        got: object = None,
        expected: object = None,
        score: float = 0.0,
        figure: Any = None,
    ) -> None:
        super().__init__(en)
        self.message = {"es": es, "en": en}
        self.got = None if got is None else str(got)
        self.expected = None if expected is None else str(expected)
        self.score = score
        self.figure = figure
