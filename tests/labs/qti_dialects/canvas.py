"""Canvas, classic quizzes (QTI 1.2): scores in percent with the points apart, HTML that is no XML, menus in a text.

The shape is that of what Canvas exports, seen in the fixtures of github.com/instructure/qti; the questions are ours.
"""

from __future__ import annotations

_NAMESPACE = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
META = '<quiz xmlns="http://canvas.instructure.com/xsd/cccv1p0" identifier="i1"><title>Spark</title></quiz>'


def _field(label: str, entry: str) -> str:
    return f"<qtimetadatafield><fieldlabel>{label}</fieldlabel><fieldentry>{entry}</fieldentry></qtimetadatafield>"


def _html(text: str, kind: str = "html") -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<material><mattext texttype="text/{kind}">{escaped}</mattext></material>'


def _label(ident: str, text: str) -> str:
    return f'<response_label ident="{ident}">{_html(text, "plain")}</response_label>'


def lid(ident: str, options: dict[str, str], cardinality: str = "Single", left: str = "") -> str:
    own = _html(left, "plain") if left else ""
    labels = "".join(_label(name, text) for name, text in options.items())
    return (
        f'<response_lid ident="{ident}" rcardinality="{cardinality}">{own}'
        f"<render_choice>{labels}</render_choice></response_lid>"
    )


def typed(decimal: bool = False) -> str:
    fib = '<render_fib fibtype="Decimal">' if decimal else "<render_fib>"
    label = '<response_label ident="answer1" rshuffle="No"/>'
    return f'<response_str ident="response1" rcardinality="Single">{fib}{label}</render_fib></response_str>'


def says(ident: str) -> str:
    """Canvas tells the feedback of an option in a condition of its own, which gives no points."""
    return (
        f'<respcondition continue="Yes"><conditionvar><varequal respident="response1">{ident}</varequal></conditionvar>'
        f'<displayfeedback feedbacktype="Response" linkrefid="{ident}_fb"/></respcondition>'
    )


def right(test: str, points: str = "100", action: str = "Set") -> str:
    return (
        f'<respcondition continue="No"><conditionvar>{test}</conditionvar>'
        f'<setvar action="{action}" varname="SCORE">{points}</setvar>'
        '<displayfeedback feedbacktype="Response" linkrefid="correct_fb"/></respcondition>'
    )


def equal(value: str, response: str = "response1") -> str:
    return f'<varequal respident="{response}">{value}</varequal>'


def item(ident: str, kind: str, asked: str, conditions: str, *, text: str = "<p>¿?</p>", points: str = "2.0") -> str:
    feedback = "".join(
        f'<itemfeedback ident="{name}"><flow_mat>{_html(said)}</flow_mat></itemfeedback>'
        for name, said in {
            "general_fb": "<p>Repasa las particiones.</p>",
            "correct_fb": "<p>Bien.</p>",
            "general_incorrect_fb": "<p>No.</p>",
            "a_fb": "<p>Eso es.</p>",
        }.items()
    )
    fields = _field("question_type", kind) + (_field("points_possible", points) if points else "")
    return (
        f'<item ident="{ident}" title="Question"><itemmetadata><qtimetadata>{fields}</qtimetadata></itemmetadata>'
        f"<presentation>{_html(text)}{asked}</presentation><resprocessing><outcomes>"
        '<decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>'
        f"{conditions}</resprocessing>{feedback}</item>"
    )


def assessment(*items: str, doctype: str = "") -> str:
    section = f'<section ident="root_section">{"".join(items)}</section>'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}<questestinterop xmlns="{_NAMESPACE}">'
        f'<assessment ident="i1" title="Spark">{section}</assessment></questestinterop>'
    )


OPTIONS = {"a": "Transformación", "b": "Acción", "c": "Ni <b> ni lo otro"}
CHOICE = item(
    "choice",
    "multiple_choice_question",
    lid("response1", OPTIONS),
    says("a") + right(equal("a")),
    text="<div><p>¿Qué es&nbsp;<code>map</code>?<br>Piensa en 10<sup>3</sup> filas &amp; particiones.</p></div>",
)
SEVERAL = item(
    "several",
    "multiple_answers_question",
    lid("response1", OPTIONS, "Multiple"),
    says("a") + right(f"<and>{equal('a')}<not>{equal('b')}</not>{equal('c')}</and>"),
)
MATCHING = item(
    "matching",
    "matching_question",
    "".join(
        lid(f"response_{n}", {"1": "uno", "2": "dos", "3": "tres", "4": "nadie"}, left=left)
        for n, left in enumerate("ABC", 1)
    ),
    "".join(right(equal(str(n), f"response_{n}"), "33.33", "Add") for n in (1, 2, 3)),
)
_RANGE = '<and><vargt respident="response1">999.995</vargt><varlte respident="response1">1000.005</varlte></and>'
NUMBER = item(
    "number", "numerical_question", typed(decimal=True), right(f"<or>{equal('1000.0')}{_RANGE}</or>"), points=""
)
SHORT = item("short", "short_answer_question", typed(), right(equal("Spark") + equal("PySpark")))
ONE_BLANK = item(
    "blank",
    "fill_in_multiple_blanks_question",
    lid("response_x", {"1": "driver", "2": "conductor"}, left="x"),
    right(equal("1", "response_x"), "100.00", "Add"),
    text="<p>Coordina el [x].</p>",
)
MENUS = item(
    "menus",
    "multiple_dropdowns_question",
    lid("response_x", {"1": "rojo"}, left="x") + lid("response_y", {"2": "azul"}, left="y"),
    right(equal("1", "response_x")) + right(equal("2", "response_y")),
)
ESSAY = item("essay", "essay_question", typed(), "")
UPLOAD = item("upload", "file_upload_question", "", "")
TWO_NUMBERS = item(
    "two-numbers",
    "numerical_question",
    typed(decimal=True),
    "".join(
        right(f'<vargte respident="response1">{n}</vargte><varlte respident="response1">{n}</varlte>') for n in (1, 2)
    ),
)
PICTURE = item(
    "picture",
    "true_false_question",
    lid("response1", {"t": "True", "f": "False"}),
    right(equal("t")),
    text='<p>Mira: <img src="$IMS-CC-FILEBASE$/a.png"> y <img class="equation_image" data-equation-content="x^2"></p>',
)
EVERYTHING = (CHOICE, SEVERAL, MATCHING, NUMBER, SHORT, ONE_BLANK, MENUS, ESSAY, UPLOAD, TWO_NUMBERS, PICTURE)
