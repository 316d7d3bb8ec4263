"""QTI 1.2 (IMS Question and Test Interoperability, ASI Information Model and XML Binding, 11 February 2002): one
``questestinterop`` with an assessment of one section.

Written: response_lid with render_choice for single and multiple (SCORE is added to and taken from, between 0 and the
points), response_num with vargte and varlte, response_str with varequal that ignores case, response_lid of rcardinality
Ordered for ordering, and one response_lid a left text for matching. Feedback is itemfeedback. The points stand in
points_possible too, where platforms that score in percent look for them. Reading is labs.qti12read.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from labs.qtiitems import Item, html_of

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
    metadata = SubElement(SubElement(SubElement(root, "itemmetadata"), "qtimetadata"), "qtimetadatafield")
    SubElement(metadata, "fieldlabel").text = "points_possible"
    SubElement(metadata, "fieldentry").text = repr(item.points)
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
