"""The lab page's scripts and its texts agree: no key without words, no words without a key."""

import re

from portal.labsessions.strings import STRINGS
from workers.config import ROOT

SCRIPTS = "\n".join(path.read_text() for path in sorted((ROOT / "static/src/lab").glob("*.js")))
LITERAL = re.compile(r"""\bt\("([^"]+)"|"(keys\.[a-z]+)"|\btn\("([^"]+)\"""")
FAMILY = re.compile(r"\bt\(`([a-z]+\.)\$\{|has\(`([a-z]+\.)\$\{")


def test_every_key_that_a_script_names_has_words() -> None:
    named = set()
    for plain, shortcut, plural in LITERAL.findall(SCRIPTS):
        named |= {f"{plural}.one", f"{plural}.other"} if plural else {plain or shortcut}
    assert named - set(STRINGS) == set()


def test_every_text_is_used_by_a_script() -> None:
    families = tuple(a or b for a, b in FAMILY.findall(SCRIPTS))
    named = set(re.findall(r'"([^"\n]*)"', SCRIPTS))
    unused = {
        key
        for key in STRINGS
        if key not in named and not key.startswith(families) and re.sub(r"\.(one|other)$", "", key) not in named
    }
    assert unused == set()


def test_placeholders_are_the_same_in_both_plural_forms() -> None:
    for key, text in STRINGS.items():
        if key.endswith(".one"):
            other = str(STRINGS[key.removesuffix("one") + "other"])
            assert re.findall(r"\{\w+\}", str(text)) == re.findall(r"\{\w+\}", other), key
