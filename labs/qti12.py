"""QTI 1.2 (IMS Question and Test Interoperability, ASI Information Model and XML Binding, 11 February 2002): one
``questestinterop`` with an assessment of one section.

Written: response_lid with render_choice for single and multiple (SCORE is added to and taken from, between 0 and the
points), response_num with vargte and varlte, response_str with varequal that ignores case, response_lid of rcardinality
Ordered for ordering, and one response_lid a left text for matching. Feedback is itemfeedback.
"""

from __future__ import annotations

from typing import TypeGuard
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml import ElementTree as Safe

from labs.qtiitems import Item, each, first, html_of, local, read_xhtml

_CP = "http://www.imsglobal.org/xsd/imscp_v1p1"


def package(name: str, title: str, items: list[Item], language: str) -> dict[str, bytes]:
    """The files of a content package, by name."""
    root = Element("questestinterop")
    assessment = SubElement(root, "assessment", {"ident": name, "title": title, "xml:lang": language})
    section = SubElement(assessment, "section", ident="S1")
    for item in items:
        _item(section, item)
    manifest = Element("manifest", {"xmlns": _CP, "identifier": f"M-{name}"})
    SubElement(manifest, "organizations")
    resources = SubElement(manifest, "resources")
    resource = SubElement(resources, "resource", identifier="R1", type="imsqti_xmlv1p2", href="quiz.xml")
    SubElement(resource, "file", href="quiz.xml")
    return {"imsmanifest.xml": _xml(manifest), "quiz.xml": _xml(root)}


def _xml(root: Element) -> bytes:
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _material(parent: Element, markdown: str) -> None:
    SubElement(SubElement(parent, "material"), "mattext", texttype="text/html").text = html_of(markdown)


def _item(section: Element, item: Item) -> None:
    root = SubElement(section, "item", ident=item.id, title=item.id)
    presentation = SubElement(root, "presentation")
    _material(presentation, item.text)
    processing = SubElement(root, "resprocessing")
    limits = {"varname": "SCORE", "vartype": "Decimal", "defaultval": "0", "minvalue": "0"}
    SubElement(SubElement(processing, "outcomes"), "decvar", {**limits, "maxvalue": repr(item.points)})
    _WRITERS[item.kind](item, presentation, processing)
    if item.feedback:
        condition = SubElement(processing, "respcondition", {"continue": "Yes"})
        SubElement(SubElement(condition, "conditionvar"), "other")
        SubElement(condition, "displayfeedback", feedbacktype="Response", linkrefid="GENERAL")
    for index, (_text, _right, feedback) in enumerate(item.options):
        _material(SubElement(root, "itemfeedback", ident=f"F{index}"), feedback)
    if item.feedback:
        _material(SubElement(root, "itemfeedback", ident="GENERAL"), item.feedback)


def _condition(processing: Element, points: float, action: str = "Add") -> tuple[Element, Element]:
    """A condition and where its test goes."""
    condition = SubElement(processing, "respcondition", {"continue": "Yes"})
    test = SubElement(condition, "conditionvar")
    SubElement(condition, "setvar", varname="SCORE", action=action).text = repr(points)
    return condition, test


def _labels(parent: Element, ident: str, cardinality: str, texts: list[str]) -> None:
    lid = SubElement(parent, "response_lid", ident=ident, rcardinality=cardinality)
    _choices(lid, texts)


def _choices(lid: Element, texts: list[str]) -> None:
    render = SubElement(lid, "render_choice", shuffle="Yes")
    for index, text in enumerate(texts):
        _material(SubElement(render, "response_label", ident=f"C{index}"), text)


def _choice(item: Item, presentation: Element, processing: Element) -> None:
    several = item.kind == "multiple"
    _labels(presentation, "R", "Multiple" if several else "Single", [text for text, _right, _said in item.options])
    part = item.points / max(1, sum(right for _text, right, _said in item.options))
    for index, (_text, right, _said) in enumerate(item.options):
        points, action = (part, "Add" if right else "Subtract") if several else (item.points if right else 0.0, "Add")
        condition, test = _condition(processing, points, action)
        SubElement(test, "varequal", respident="R").text = f"C{index}"
        SubElement(condition, "displayfeedback", feedbacktype="Response", linkrefid=f"F{index}")


def _number(item: Item, presentation: Element, processing: Element) -> None:
    number = SubElement(presentation, "response_num", ident="R", rcardinality="Single", numtype="Decimal")
    SubElement(SubElement(number, "render_fib", fibtype="Decimal"), "response_label", ident="A")
    both = SubElement(_condition(processing, item.points, "Set")[1], "and")
    SubElement(both, "vargte", respident="R").text = repr(item.answer - item.tolerance)
    SubElement(both, "varlte", respident="R").text = repr(item.answer + item.tolerance)


def _string(item: Item, presentation: Element, processing: Element) -> None:
    string = SubElement(presentation, "response_str", ident="R", rcardinality="Single")
    SubElement(SubElement(string, "render_fib", fibtype="String"), "response_label", ident="A")
    either = SubElement(_condition(processing, item.points, "Set")[1], "or")
    for text in item.accept:
        SubElement(either, "varequal", respident="R", case="No").text = text


def _order(item: Item, presentation: Element, processing: Element) -> None:
    _labels(presentation, "R", "Ordered", item.items)
    every = SubElement(_condition(processing, item.points, "Set")[1], "and")
    for index in range(len(item.items)):
        SubElement(every, "varequal", respident="R", index=str(index + 1)).text = f"C{index}"


def _match(item: Item, presentation: Element, processing: Element) -> None:
    rights = list(dict.fromkeys(right for _left, right in item.pairs))
    for index, (left, right) in enumerate(item.pairs):
        lid = SubElement(presentation, "response_lid", ident=f"L{index}", rcardinality="Single")
        _material(lid, left)
        _choices(lid, rights)
        test = _condition(processing, item.points / len(item.pairs))[1]
        SubElement(test, "varequal", respident=f"L{index}").text = f"C{rights.index(right)}"


_WRITERS = {
    "single": _choice,
    "multiple": _choice,
    "numeric": _number,
    "text": _string,
    "ordering": _order,
    "matching": _match,
}


def read(root: Element) -> tuple[list[Item], list[str]]:
    """Every item of a questestinterop, and what wasn't understood."""
    items: list[Item] = []
    notes: list[str] = []
    for element in each(root, "item"):
        item = Item(element.get("ident") or element.get("title") or "item", "", "")
        if problem := _read_item(item, element):
            notes.append(f"{item.id}: left out ({problem})")
        else:
            items.append(item)
        if each(element, "matimage", "mataudio", "matvideo"):
            notes.append(f"{item.id}: a picture or file was left out")
    return items, notes


def _read_item(item: Item, element: Element) -> str | None:
    """Fill ``item``; why it can't be, otherwise."""
    presentation = first(element, "presentation")
    if presentation is None:
        return "it presents nothing"
    asked = each(presentation, "response_lid", "response_str", "response_num", "response_grp", "response_xy")
    item.text = "\n\n".join(filter(None, (_text(one) for one in _own_materials(presentation))))
    item.points = next((float(most) for one in each(element, "decvar") if _real(most := one.get("maxvalue"))), 1)
    feedback = {one.get("ident"): _text(one) for one in each(element, "itemfeedback")}
    item.feedback = feedback.get("GENERAL") or feedback.get("general_fb") or ""
    kinds = {local(one) for one in asked}
    if kinds == {"response_lid"} and len(asked) > 1:
        return _read_match(item, asked, element)
    if len(asked) != 1:
        return f"it asks for {len(asked)} responses of kinds {', '.join(sorted(kinds)) or 'unknown'}"
    if kinds == {"response_lid"}:
        return _read_lid(item, asked[0], element, feedback)
    if kinds & {"response_str", "response_num"}:
        return _read_typed(item, element)
    return f"{kinds.pop()} has nothing like it here"


def _own_materials(presentation: Element) -> list[Element]:
    """The material of the question, not of its answers."""
    inside = {id(one) for block in presentation.iter() if local(block).startswith("response_") for one in block.iter()}
    return [one for one in each(presentation, "mattext") if id(one) not in inside]


def _text(element: Element) -> str:
    """The Markdown of a mattext, or of every one within an element: HTML stands in it as escaped text."""
    found = [element] if local(element) == "mattext" else each(element, "mattext")
    texts = []
    for one in found:
        html = one.text or ""
        try:
            texts.append(read_xhtml(Safe.fromstring(f"<div>{html}</div>", forbid_dtd=True)))
        except (Safe.ParseError, ValueError):
            texts.append(html.strip())  # plain text with a bare < or &
    return "\n\n".join(texts)


def _real(text: str | None) -> TypeGuard[str]:
    try:
        return float(text or "") > 0
    except ValueError:
        return False


def _earning(element: Element) -> list[Element]:
    """The conditions that give points."""
    gives = []
    for condition in each(element, "respcondition"):
        for change in each(condition, "setvar"):
            if _real(change.text) and change.get("action", "Set") in {"Set", "Add"}:
                gives.append(condition)
                break
    return gives


def _values(conditions: list[Element]) -> list[Element]:
    """What has to be equal for them: nothing that stands under a ``not``."""
    found = [value for condition in conditions for value in each(condition, "varequal")]
    denied = {id(value) for condition in conditions for no in each(condition, "not") for value in each(no, "varequal")}
    return [value for value in found if id(value) not in denied]


def _read_lid(item: Item, lid: Element, element: Element, feedback: dict[str | None, str]) -> str | None:
    texts = {label.get("ident"): _text(label) for label in each(lid, "response_label")}
    right = [(value.text or "").strip() for value in _values(_earning(element))]
    cardinality = lid.get("rcardinality", "Single")
    if cardinality == "Ordered":
        item.kind, item.items = "ordering", [texts[name] for name in right if name in texts]
        return None
    item.kind = "multiple" if cardinality == "Multiple" else "single"
    said: dict[str, str] = {}
    for condition in each(element, "respcondition"):
        link = first(condition, "displayfeedback")
        for value in each(condition, "varequal"):
            if link is not None:
                said.setdefault((value.text or "").strip(), feedback.get(link.get("linkrefid"), ""))
    item.options = [(text, name in right, said.get(str(name), "")) for name, text in texts.items()]
    return None


def _read_typed(item: Item, element: Element) -> str | None:
    earning = _earning(element)
    low = [one.text for condition in earning for one in each(condition, "vargte", "vargt") if one.text]
    high = [one.text for condition in earning for one in each(condition, "varlte", "varlt") if one.text]
    if low and high:
        try:
            least, most = float(low[0]), float(high[0])
        except ValueError:
            return "its range is no range of numbers"
        item.kind, item.answer, item.tolerance = "numeric", (least + most) / 2, (most - least) / 2
        return None
    item.kind = "text"
    item.accept = list(dict.fromkeys((value.text or "").strip() for value in _values(earning) if value.text))
    return None if item.accept else "it states no right answer"


def _read_match(item: Item, lids: list[Element], element: Element) -> str | None:
    values = {value.get("respident"): (value.text or "").strip() for value in _values(_earning(element))}
    item.kind = "matching"
    for lid in lids:
        texts = {label.get("ident"): _text(label) for label in each(lid, "response_label")}
        within = {id(one) for label in each(lid, "response_label") for one in label.iter()}
        left = next((_text(one) for one in each(lid, "mattext") if id(one) not in within), "")
        right = texts.get(values.get(lid.get("ident"), ""))
        if not left or right is None:
            return "one of its pairs has no right text"
        item.pairs.append((left, right))
    return None
