"""Reading QTI 1.2 of any platform: Canvas scores in percent and names the points apart, Blackboard gives SCORE.max or
nothing but the feedback called "correct" and writes its texts as mat_formattedtext, and the older ones have a DOCTYPE.

What can't be a question here is named with its reason, never guessed.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from labs.qtihtml import parse_html
from labs.qtiitems import Item, LeftOut, each, first, local, number, read_xhtml, unseen

_TEXTS = ("mattext", "mat_formattedtext")
_BLANKS = {"fill_in_multiple_blanks_question", "multiple_dropdowns_question"}
_GENERAL = ("GENERAL", "general_fb")
_RIGHT = ("correct_fb", "correct")
_WRONG = ("general_incorrect_fb", "incorrect_fb", "incorrect")
Feedback = dict[str, str]


def read(root: Element) -> tuple[list[Item], list[str]]:
    """Every item of a questestinterop, and what wasn't understood."""
    items: list[Item] = []
    notes: list[str] = []
    for place, element in enumerate(each(root, "item"), 1):
        asked = first(element, "bbmd_asi_object_id")
        given = element.get("ident") or element.get("title") or (asked.text if asked is not None else "")
        item = Item(given or f"item-{place}", "", "")
        try:
            said = _read_item(item, element)
        except LeftOut as why:
            notes.append(f"{item.id}: left out ({why})")
            continue
        items.append(item)
        shown = [parse_html(one.text or "") for one in each(element, *_TEXTS)]
        notes += [f"{item.id}: {note}" for note in (*said, *unseen(element, *shown))]
    return items, notes


def _read_item(item: Item, element: Element) -> list[str]:
    """Fill ``item``. Returns notes; raises LeftOut."""
    presentation = first(element, "presentation")
    if presentation is None:
        raise LeftOut("it presents nothing")
    asked = each(presentation, "response_lid", "response_str", "response_num", "response_grp", "response_xy")
    item.text = "\n\n".join(filter(None, (_text(one) for one in _own_materials(presentation))))
    item.points, notes = _points(element)
    feedback = {one.get("ident", ""): _text(one) for one in each(element, "itemfeedback")}
    item.feedback = next((feedback[name] for name in _GENERAL if feedback.get(name)), "")
    kinds = {local(one) for one in asked}
    if len(asked) > 1 and (kinds != {"response_lid"} or _said(element).get("question_type") in _BLANKS):
        raise LeftOut(f"it asks for {len(asked)} things within one text ({', '.join(sorted(kinds))})")
    if not asked:
        raise LeftOut("it asks for nothing that can be answered here")
    if len(asked) > 1:
        return notes + _read_match(item, asked, element)
    if kinds == {"response_lid"} and _said(element).get("question_type") == "fill_in_multiple_blanks_question":
        item.kind, item.accept = "text", list(dict.fromkeys(_text(one) for one in each(asked[0], "response_label")))
        return notes
    if kinds == {"response_lid"}:
        left = _left(asked[0])
        if left and f"[{left}]" not in item.text:
            item.text = "\n\n".join(filter(None, [item.text, left]))
        return notes + _read_lid(item, asked[0], element, feedback)
    if kinds & {"response_str", "response_num"}:
        item.feedback = item.feedback or next((feedback[name] for name in _RIGHT if feedback.get(name)), "")
        return notes + _read_typed(item, asked[0], element)
    raise LeftOut(f"{kinds.pop()} has nothing like it here")


def _said(element: Element) -> dict[str, str]:
    """The fields of an item's qtimetadata."""
    found = {}
    for one in each(element, "qtimetadatafield"):
        label, entry = first(one, "fieldlabel"), first(one, "fieldentry")
        if label is not None and entry is not None:
            found[(label.text or "").strip()] = (entry.text or "").strip()
    return found


def _points(element: Element) -> tuple[float, list[str]]:
    """The points that are named, or the most that the score can be; 100 without a name is 100 percent."""
    said = _said(element)
    weight = first(element, "qmd_weighting")
    for text in (said.get("points_possible"), said.get("cc_weighting"), weight.text if weight is not None else None):
        if points := number(text):
            return points, []
    most = next((most for one in each(element, "decvar") if (most := number(one.get("maxvalue")))), 1)
    return (1, ["its score of 100 was taken as percent: 1 point"]) if most == 100 else (most, [])


def _own_materials(presentation: Element) -> list[Element]:
    """The material of the question, not of its answers."""
    inside = {id(one) for block in presentation.iter() if local(block).startswith("response_") for one in block.iter()}
    return [one for one in each(presentation, *_TEXTS) if id(one) not in inside]


def _text(element: Element) -> str:
    """The Markdown of a text, or of every one within an element: HTML stands in it as escaped text."""
    found = [element] if local(element) in _TEXTS else each(element, *_TEXTS)
    plain = [(one.text or "").strip() if one.get("texttype") == "text/plain" else _html(one) for one in found]
    return "\n\n".join(filter(None, plain))


def _html(element: Element) -> str:
    return read_xhtml(parse_html(element.text or "") if not len(element) else element)


def _earning(element: Element) -> list[Element]:
    """The conditions that give points; where none says so, those whose feedback is called "correct"."""
    conditions = each(element, "respcondition")
    gives = [one for one in conditions if any(_gives(change) for change in each(one, "setvar"))]
    return gives or [one for one in conditions if any(_link(link) in _RIGHT for link in each(one, "displayfeedback"))]


def _gives(change: Element) -> bool:
    text = (change.text or "").strip()
    return change.get("action", "Set") in {"Set", "Add"} and (text == "SCORE.max" or (number(text) or 0) > 0)


def _link(element: Element) -> str:
    name = element.get("linkrefid", "")
    return name.lower() if name.lower() in {*_RIGHT, *_WRONG} else name


def _values(*conditions: Element) -> list[Element]:
    """What has to be equal for them: nothing that stands under a ``not``."""
    found = [value for condition in conditions for value in each(condition, "varequal")]
    denied = {id(value) for condition in conditions for no in each(condition, "not") for value in each(no, "varequal")}
    return [value for value in found if id(value) not in denied]


def _names(*conditions: Element) -> list[str]:
    return [(value.text or "").strip() for value in _values(*conditions)]


def _read_lid(item: Item, lid: Element, element: Element, feedback: Feedback) -> list[str]:
    texts = {label.get("ident", ""): _text(label) for label in each(lid, "response_label")}
    cardinality = lid.get("rcardinality", "Single")
    if cardinality == "Ordered":
        return _read_order(item, texts, element)
    right = _names(*_earning(element))
    item.kind = "multiple" if cardinality == "Multiple" else "single"
    said: Feedback = {}
    for condition in each(element, "respcondition"):
        named = each(condition, "varequal")
        if len(named) != 1 or each(condition, "not"):
            continue
        for link in each(condition, "displayfeedback"):
            if _link(link) not in {*_RIGHT, *_WRONG}:
                said.setdefault((named[0].text or "").strip(), feedback.get(link.get("linkrefid", ""), ""))
    item.options = [
        (text, name in right, said.get(name) or _for_all(feedback, name in right)) for name, text in texts.items()
    ]
    return []


def _for_all(feedback: Feedback, right: bool) -> str:
    """What is said of every right answer, or of every wrong one."""
    lower = {name.lower(): text for name, text in feedback.items()}
    return next((lower[name] for name in (_RIGHT if right else _WRONG) if lower.get(name)), "")


def _read_order(item: Item, texts: dict[str, str], element: Element) -> list[str]:
    """The first condition that gives points and names every text; others may give a part of them."""
    for condition in _earning(element):
        values = sorted(_values(condition), key=lambda value: number(value.get("index")) or 0)
        names = [(value.text or "").strip() for value in values]
        if sorted(names) == sorted(texts):
            item.kind, item.items = "ordering", [texts[name] for name in names]
            return []
    raise LeftOut(f"no condition tells the order of its {len(texts)} texts")


def _read_typed(item: Item, asked: Element, element: Element) -> list[str]:
    earning = _earning(element)
    ranges = [found for condition in earning if (found := _range(condition))]
    if len(set(ranges)) > 1:
        raise LeftOut(f"{len(set(ranges))} ranges of numbers are right")
    if ranges:
        least, most = ranges[0]
        item.kind, item.answer, item.tolerance = "numeric", (least + most) / 2, (most - least) / 2
        return []
    names = list(dict.fromkeys(filter(None, _names(*earning))))
    if not names:
        raise LeftOut("it states no right answer")
    fib = first(asked, "render_fib")
    asks_number = local(asked) == "response_num" or (fib is not None and fib.get("fibtype") in {"Decimal", "Integer"})
    if asks_number and len(names) == 1 and (value := number(names[0])) is not None:
        item.kind, item.answer = "numeric", value
        return []
    item.kind, item.accept = "text", names
    exact = any(value.get("case") == "Yes" for value in _values(*earning))
    return ["capitals counted there; here they don't"] if exact else []


def _range(condition: Element) -> tuple[float, float] | None:
    low = [one.text for one in each(condition, "vargte", "vargt") if one.text]
    high = [one.text for one in each(condition, "varlte", "varlt") if one.text]
    if not (low and high):
        return None
    least, most = number(low[0]), number(high[0])
    if least is None or most is None:
        raise LeftOut("its range is no range of numbers")
    return least, most


def _left(lid: Element) -> str:
    """The text that a list of options is for."""
    within = {id(one) for label in each(lid, "response_label") for one in label.iter()}
    return next((_text(one) for one in each(lid, *_TEXTS) if id(one) not in within), "")


def _read_match(item: Item, lids: list[Element], element: Element) -> list[str]:
    values = {value.get("respident"): (value.text or "").strip() for value in _values(*_earning(element))}
    item.kind = "matching"
    columns = []
    for lid in lids:
        texts = {label.get("ident"): _text(label) for label in each(lid, "response_label")}
        left = _left(lid)
        right = texts.get(values.get(lid.get("ident"), ""))
        if not left or not right:
            raise LeftOut("one of its pairs has no left or no right text")
        item.pairs.append((left, right))
        columns.append(set(texts.values()))
    rights = {right for _left, right in item.pairs}
    if any(rights - column for column in columns):
        raise LeftOut(f"its {len(lids)} lists offer different texts: it is no matching of one column with another")
    unused = set().union(*columns) - rights
    return [f"{len(unused)} texts that match nothing were left out"] if unused else []
