"""QTI 2.1 (IMS Question and Test Interoperability, Final, 31 August 2012; Assessment Test, Section and Item Information
Model): one file an item, an assessmentTest that lists them, and a manifest.

Written: choiceInteraction (single; multiple with a mapping that takes wrong ones from right ones, floored at 0, as
ours is graded), textEntryInteraction (float with ``equal`` and an absolute tolerance; string with a mapping that
ignores case), orderInteraction and matchInteraction. General feedback is modalFeedback, an option's feedbackInline.
Reading is labs.qti21read.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from labs.qtiitems import Item, write_inline, write_xhtml

_NS = "http://www.imsglobal.org/xsd/imsqti_v2p1"
_CP = "http://www.imsglobal.org/xsd/imscp_v1p1"


def package(name: str, title: str, items: list[Item], language: str) -> dict[str, bytes]:
    """The files of a content package, by name."""
    files = {f"item-{number:03}.xml": _item(item, language) for number, item in enumerate(items, 1)}
    test = Element("assessmentTest", {"xmlns": _NS, "identifier": _identifier(name), "title": title})
    part = SubElement(test, "testPart", identifier="P1", navigationMode="nonlinear", submissionMode="simultaneous")
    section = SubElement(part, "assessmentSection", identifier="S1", title=title, visible="true")
    for number, href in enumerate(files, 1):
        SubElement(section, "assessmentItemRef", identifier=f"I{number}", href=href)
    return {"imsmanifest.xml": _manifest(name, list(files)), "test.xml": _xml(test), **files}


def _manifest(name: str, items: list[str]) -> bytes:
    root = Element("manifest", {"xmlns": _CP, "identifier": f"M-{name}"})
    SubElement(root, "organizations")
    resources = SubElement(root, "resources")
    for number, href in enumerate(["test.xml", *items]):
        kind = "imsqti_item_xmlv2p1" if number else "imsqti_test_xmlv2p1"
        resource = SubElement(resources, "resource", identifier=f"R{number}", type=kind, href=href)
        SubElement(resource, "file", href=href)
    return _xml(root)


def _item(item: Item, language: str) -> bytes:
    attributes = {"xmlns": _NS, "identifier": _identifier(item.id), "title": item.id, "xml:lang": language}
    root = Element("assessmentItem", {**attributes, "adaptive": "false", "timeDependent": "false"})
    declaration = SubElement(root, "responseDeclaration", identifier="RESPONSE")
    _outcome(root, "SCORE", "float")
    _value(SubElement(_outcome(root, "MAXSCORE", "float"), "defaultValue"), item.points)
    _outcome(root, "FEEDBACK", "identifier", "multiple")
    body = SubElement(root, "itemBody")
    write_xhtml(body, item.text)
    _WRITERS[item.kind](item, declaration, body)
    processing = SubElement(root, "responseProcessing")
    _score(item, processing)
    said = SubElement(SubElement(processing, "setOutcomeValue", identifier="FEEDBACK"), "multiple")
    if item.kind in {"single", "multiple"}:
        SubElement(said, "variable", identifier="RESPONSE")
    SubElement(said, "baseValue", baseType="identifier").text = "GENERAL"
    if item.feedback:
        names = {"outcomeIdentifier": "FEEDBACK", "identifier": "GENERAL", "showHide": "show"}
        write_xhtml(SubElement(root, "modalFeedback", names), item.feedback)
    return _xml(root)


def _outcome(root: Element, name: str, kind: str, cardinality: str = "single") -> Element:
    return SubElement(root, "outcomeDeclaration", identifier=name, cardinality=cardinality, baseType=kind)


def _declare(declaration: Element, cardinality: str, kind: str, right: list[Any], shares: dict[str, float]) -> None:
    declaration.attrib |= {"cardinality": cardinality, "baseType": kind}
    correct = SubElement(declaration, "correctResponse")
    for value in right:
        _value(correct, value)
    if shares:
        mapping = SubElement(declaration, "mapping", defaultValue="0", lowerBound="0")
        for key, points in shares.items():
            entry = SubElement(mapping, "mapEntry", mapKey=key, mappedValue=repr(points))
            if kind == "string":
                entry.set("caseSensitive", "false")


def _value(parent: Element, value: Any) -> None:
    SubElement(parent, "value").text = str(value)


def _choice(item: Item, declaration: Element, body: Element) -> None:
    right = [f"C{index}" for index, option in enumerate(item.options) if option[1]]
    several = item.kind == "multiple"
    part = item.points / max(1, len(right))
    shares = {f"C{index}": part if option[1] else -part for index, option in enumerate(item.options)}
    _declare(declaration, "multiple" if several else "single", "identifier", right, shares if several else {})
    most = "0" if several else "1"
    block = SubElement(body, "choiceInteraction", responseIdentifier="RESPONSE", shuffle="true", maxChoices=most)
    for index, (text, _right, feedback) in enumerate(item.options):
        choice = SubElement(block, "simpleChoice", identifier=f"C{index}")
        write_xhtml(choice, text)
        names = {"outcomeIdentifier": "FEEDBACK", "identifier": f"C{index}", "showHide": "show"}
        write_inline(SubElement(choice, "feedbackInline", names), feedback)


def _entry(item: Item, declaration: Element, body: Element) -> None:
    if item.kind == "numeric":
        _declare(declaration, "single", "float", [repr(item.answer)], {})
    else:
        _declare(declaration, "single", "string", item.accept[:1], dict.fromkeys(item.accept, item.points))
    longest = "12" if item.kind == "numeric" else "40"
    SubElement(SubElement(body, "p"), "textEntryInteraction", responseIdentifier="RESPONSE", expectedLength=longest)


def _order(item: Item, declaration: Element, body: Element) -> None:
    _declare(declaration, "ordered", "identifier", [f"C{index}" for index in range(len(item.items))], {})
    block = SubElement(body, "orderInteraction", responseIdentifier="RESPONSE", shuffle="true")
    for index, text in enumerate(item.items):
        write_xhtml(SubElement(block, "simpleChoice", identifier=f"C{index}"), text)


def _match(item: Item, declaration: Element, body: Element) -> None:
    rights = list(dict.fromkeys(right for _left, right in item.pairs))
    pairs = [f"L{index} R{rights.index(right)}" for index, (_left, right) in enumerate(item.pairs)]
    _declare(declaration, "multiple", "directedPair", pairs, dict.fromkeys(pairs, item.points / len(pairs)))
    names = {"responseIdentifier": "RESPONSE", "shuffle": "true", "maxAssociations": str(len(pairs))}
    block = SubElement(body, "matchInteraction", names)
    lefts = [left for left, _right in item.pairs]
    for letter, texts, most in (("L", lefts, "1"), ("R", rights, "0")):
        column = SubElement(block, "simpleMatchSet")
        for index, text in enumerate(texts):
            names = {"identifier": f"{letter}{index}", "matchMax": most}
            write_xhtml(SubElement(column, "simpleAssociableChoice", names), text)


_WRITERS = {
    "single": _choice,
    "multiple": _choice,
    "numeric": _entry,
    "text": _entry,
    "ordering": _order,
    "matching": _match,
}


def _score(item: Item, processing: Element) -> None:
    if item.kind in {"multiple", "text", "matching"}:
        SubElement(SubElement(processing, "setOutcomeValue", identifier="SCORE"), "mapResponse", identifier="RESPONSE")
        return
    condition = SubElement(SubElement(processing, "responseCondition"), "responseIf")
    if item.kind == "numeric":
        distance = repr(item.tolerance)
        test = SubElement(condition, "equal", toleranceMode="absolute", tolerance=f"{distance} {distance}")
    else:
        test = SubElement(condition, "match")
    SubElement(test, "variable", identifier="RESPONSE")
    SubElement(test, "correct", identifier="RESPONSE")
    score = SubElement(condition, "setOutcomeValue", identifier="SCORE")
    SubElement(score, "baseValue", baseType="float").text = repr(item.points)


def _identifier(name: str) -> str:
    return name if name[:1].isalpha() else f"Q-{name}"


def _xml(root: Element) -> bytes:
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content
