"""How long a page takes to read."""

from __future__ import annotations

import math
import re

from labs.markdown import parse

WORDS_A_MINUTE = 200
CODE_LINES_A_MINUTE = 20
_WORD = re.compile(r"\w+(?:[-’'.,]\w+)*")


def minutes(markdown: str) -> int:
    """Whole minutes, one at least: its words at reading speed, and its code line by line."""
    words = lines = 0
    for token in parse(markdown):
        if token.type in {"fence", "code_block"}:
            lines += sum(bool(line.strip()) for line in token.content.splitlines())
        for child in token.children or ():
            if child.type in {"text", "code_inline"}:
                words += len(_WORD.findall(child.content))
    return max(1, math.ceil(words / WORDS_A_MINUTE + lines / CODE_LINES_A_MINUTE))
