"""Reading items of QTI 2.1 and 2.2 of any platform. What can't be a question here is named, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from labs.qtiitems import Item, LeftOut, each, first, local, number, read_xhtml, unseen

_NOT_TEXT = (
    "simpleChoice",
    "inlineChoice",
    "simpleAssociableChoice",
    "feedbackInline",
    "feedbackBlock",
    "templateInline",
    "templateBlock",
    "simpleMatchSet",
    "choiceInteraction",
    "orderInteraction",
    "matchInteraction",
    "stylesheet",
)
_Part = tuple[Item, Element, Element, Element]
"""What is filled, the interaction, the declaration of its response, and the whole assessmentItem."""


def read(root: Element) -> tuple[list[Item], list[str]]:
    """The item in an assessmentItem, and what of it wasn't understood."""
    item = Item(root.get("identifier") or root.get("title") or "item", "", "")
    try:
        notes = _read_item(item, root)
    except LeftOut as why:
        return [], [f"{item.id}: left out ({why})"]
    return [item], [f"{item.id}: {note}" for note in notes]


def _read_item(item: Item, root: Element) -> list[str]:
    body = first(root, "itemBody")
    found = [one for one in (root if body is None else body).iter() if local(one).endswith("Interaction")]
    if body is None or len(found) != 1:
        raise LeftOut(f"it has {len(found)} interactions, not one")
    if each(body, "printedVariable") or each(root, "templateProcessing"):
        raise LeftOut("it draws its values anew each time")
    block = found[0]
    reader = _READERS.get(local(block))
    declaration = _declaration(root, block.get("responseIdentifier"))
    if reader is None or declaration is None:
        raise LeftOut(f"{local(block)} has nothing like it here")
    _drop_rubrics(body)
    prompt = first(block, "prompt")
    asked = read_xhtml(prompt) if prompt is not None else ""
    item.text = "\n\n".join(filter(None, [read_xhtml(body, _NOT_TEXT), asked]))
    item.points = _points(root, declaration)
    notes = reader((item, block, declaration, root))
    _feedback(item, root, [one.get("identifier", "") for one in each(block, "simpleChoice", "inlineChoice")])
    return [*unseen(body), *notes]


def _declaration(root: Element, name: str | None) -> Element | None:
    declared = each(root, "responseDeclaration")
    return next((one for one in declared if one.get("identifier") == name), declared[0] if declared else None)


def _drop_rubrics(body: Element) -> None:
    """What only those who grade may read is no part of the question."""
    for parent in body.iter():
        for child in list(parent):
            if local(child) == "rubricBlock" and "candidate" not in child.get("view", "candidate").split():
                parent.remove(child)


def _points(root: Element, declaration: Element) -> float:
    """MAXSCORE, or the most that SCORE or the mapping of the response can be, or 1."""
    limits: list[str | None] = []
    for outcome in each(root, "outcomeDeclaration"):
        value = first(outcome, "value")
        if outcome.get("identifier") == "MAXSCORE" and value is not None:
            limits.insert(0, value.text)
        elif outcome.get("identifier") == "SCORE":
            limits.append(outcome.get("normalMaximum"))
    mapping = first(declaration, "mapping")
    if mapping is not None:
        limits.append(mapping.get("upperBound"))
    return next((points for text in limits if (points := number(text)) and points > 0), 1)


def _feedback(item: Item, root: Element, choices: list[str]) -> None:
    """modalFeedback named like a choice is that option's; of the rest the first is the question's."""
    said = {one.get("identifier", ""): read_xhtml(one) for one in each(root, "modalFeedback")}
    if item.kind in {"single", "multiple"}:
        item.options = [
            (text, right, feedback or said.get(name, "") or said.get("correct" if right else "incorrect", ""))
            for name, (text, right, feedback) in zip(choices, item.options, strict=True)
        ]
    general = [text for name, text in said.items() if name not in choices and "incorrect" not in name.lower()]
    blocks = [read_xhtml(one) for one in each(root, "feedbackBlock") if "incorrect" not in one.get("identifier", "")]
    item.feedback = next(filter(None, [*general, *blocks]), "")


def _right(declaration: Element) -> list[str]:
    """The correctResponse, or else what the mapping gives points for."""
    right = first(declaration, "correctResponse")
    listed = [(one.text or "").strip() for one in each(right, "value")] if right is not None else []
    return list(dict.fromkeys(listed)) or _mapped(declaration)


def _mapped(declaration: Element) -> list[str]:
    entries = each(declaration, "mapEntry")
    return list(dict.fromkeys(one.get("mapKey", "") for one in entries if (number(one.get("mappedValue")) or 0) > 0))


def _read_choice(part: _Part) -> list[str]:
    item, block, declaration, _root = part
    item.kind = "single" if declaration.get("cardinality") == "single" else "multiple"
    right = _right(declaration)
    for choice in each(block, "simpleChoice", "inlineChoice"):
        feedback = first(choice, "feedbackInline")
        said = read_xhtml(feedback) if feedback is not None else ""
        item.options.append((read_xhtml(choice, ("feedbackInline",)), choice.get("identifier") in right, said))
    return []


def _read_entry(part: _Part) -> list[str]:
    item, _block, declaration, root = part
    right = _right(declaration)
    if declaration.get("baseType") not in {"float", "integer"}:
        item.kind = "text"
        item.accept = list(dict.fromkeys(filter(None, [*right, *_mapped(declaration)])))
        if not item.accept:
            raise LeftOut("it states no right answer")
        less = {one.get("mappedValue") for one in each(declaration, "mapEntry")} - {"0", "0.0"}
        return ["answers that earned a part there earn all points here"] if len(less) > 1 else []
    answers = [value for text in right if (value := number(text)) is not None]
    if len(answers) != 1:
        raise LeftOut(f"it states {len(answers)} right numbers, not one")
    item.kind, item.answer = "numeric", answers[0]
    test = first(root, "equal")
    distances = (test.get("tolerance") or "0").split() if test is not None else ["0"]
    item.tolerance = max((number(distance) or 0 for distance in distances), default=0)
    if test is not None and test.get("toleranceMode") == "relative":
        item.tolerance *= abs(item.answer) / 100  # QTI says it in percent
    return []


def _read_order(part: _Part) -> list[str]:
    item, block, declaration, _root = part
    texts = {choice.get("identifier", ""): read_xhtml(choice) for choice in each(block, "simpleChoice")}
    right = _right(declaration)
    if sorted(right) != sorted(texts):
        raise LeftOut(f"its right order names {len(right)} of {len(texts)} texts")
    item.kind, item.items = "ordering", [texts[name] for name in right]
    return []


def _read_match(part: _Part) -> list[str]:
    item, block, declaration, _root = part
    texts = {one.get("identifier", ""): read_xhtml(one) for one in each(block, "simpleAssociableChoice")}
    columns = each(block, "simpleMatchSet")
    lefts = {one.get("identifier") for column in columns[:1] for one in each(column, "simpleAssociableChoice")}
    pairs = [name.split() for name in _right(declaration)]
    if any(len(pair) != 2 or set(pair) - set(texts) for pair in pairs):
        raise LeftOut("one of its right pairs names a text that isn't there")
    pairs = [pair if pair[0] in lefts else pair[::-1] for pair in pairs]
    if len({left for left, _right in pairs}) < len(pairs):
        raise LeftOut("a left text goes with several right ones")
    item.kind, item.pairs = "matching", [(texts[left], texts[right]) for left, right in pairs]
    unused = set(texts) - {name for pair in pairs for name in pair}
    return [f"{len(unused)} texts that match nothing were left out"] if unused else []


_READERS: dict[str, Callable[[_Part], list[str]]] = {
    "choiceInteraction": _read_choice,
    "inlineChoiceInteraction": _read_choice,
    "textEntryInteraction": _read_entry,
    "orderInteraction": _read_order,
    "matchInteraction": _read_match,
}
