"""Blackboard pools and the examples of IMS (QTI 1.2), TAO, QTIWorks and the examples of IMS (QTI 2.1 and 2.2).

The shapes are those of github.com/vosslab/qti-package-maker-rs (Blackboard), github.com/oat-sa/extension-tao-itemqti
(TAO), github.com/davemckain/qtiworks and the examples of the specification; the questions are ours.
"""

from __future__ import annotations


def _bb_text(text: str) -> str:
    return (
        '<flow class="FORMATTED_TEXT_BLOCK"><material><mat_extension>'
        f'<mat_formattedtext type="HTML">{text}</mat_formattedtext></mat_extension></material></flow>'
    )


def _bb_item(number: str, kind: str, response: str, conditions: str) -> str:
    return (
        f'<item maxattempts="0"><itemmetadata><bbmd_asi_object_id>_{number}_1</bbmd_asi_object_id>'
        f"<bbmd_questiontype>{kind}</bbmd_questiontype><qmd_weighting>3</qmd_weighting></itemmetadata><presentation>"
        f'<flow class="Block"><flow class="QUESTION_BLOCK">{_bb_text("&lt;p&gt;¿Cuál?&lt;/p&gt;")}</flow>'
        f'<flow class="RESPONSE_BLOCK">{response}</flow></flow></presentation><resprocessing><outcomes>'
        '<decvar varname="SCORE" vartype="Decimal" defaultval="0" minvalue="0" maxvalue="10.0"/></outcomes>'
        f'{conditions}<respcondition title="incorrect"><conditionvar><other/></conditionvar>'
        '<setvar variablename="SCORE" action="Set">0</setvar><displayfeedback linkrefid="incorrect"/></respcondition>'
        '</resprocessing><itemfeedback ident="correct" view="All"><flow_mat class="Block"/></itemfeedback></item>'
    )


_BB_CHOICE = _bb_item(
    "1",
    "Multiple Choice",
    '<response_lid ident="response" rcardinality="Single"><render_choice>'
    f'<flow_label class="Block"><response_label ident="x1">{_bb_text("Dask")}</response_label></flow_label>'
    f'<flow_label class="Block"><response_label ident="x2">{_bb_text("Spark")}</response_label></flow_label>'
    "</render_choice></response_lid>",
    '<respcondition title="correct"><conditionvar><varequal respident="response" case="No">x2</varequal></conditionvar>'
    '<setvar variablename="SCORE" action="Set">SCORE.max</setvar><displayfeedback linkrefid="correct"/></respcondition>'
    '<respcondition><conditionvar><varequal respident="x1" case="No"/></conditionvar>'
    '<setvar variablename="SCORE" action="Set">0</setvar></respcondition>',
)
_BB_BLANK = _bb_item(
    "2",
    "Fill in the Blank",
    '<response_str ident="response" rcardinality="Single"><render_fib fibtype="String"/></response_str>',
    '<respcondition><conditionvar><varequal respident="response" case="No">RDD</varequal></conditionvar>'
    '<displayfeedback linkrefid="correct"/></respcondition>',
)
_BB_NUMBER = _bb_item(
    "3",
    "Numeric",
    '<response_num ident="response" rcardinality="Single"><render_fib fibtype="Decimal"/></response_num>',
    '<respcondition><conditionvar><vargte respident="response">9</vargte><varlte respident="response">11</varlte>'
    '<varequal respident="response" case="No">10</varequal></conditionvar><displayfeedback linkrefid="correct"/>'
    "</respcondition>",
)
BLACKBOARD = (
    '<?xml version="1.0" encoding="UTF-8"?><questestinterop><assessment title="Pool"><section>'
    f"{_BB_CHOICE}{_BB_BLANK}{_BB_NUMBER}</section></assessment></questestinterop>"
)

IMS_DOCTYPE = '<!DOCTYPE questestinterop SYSTEM "ims_qtiasiv1p2.dtd">'
_DAYS = {"A": "lunes", "B": "martes", "C": "viernes", "D": "jueves"}
IMS_ORDER = (
    f'<?xml version = "1.0" encoding = "UTF-8"?>{IMS_DOCTYPE}<questestinterop><item title="Días" ident="IMS_V01_009b">'
    "<presentation><flow><material><mattext>¿En qué orden?</mattext></material>"
    '<response_lid ident="OB01" rcardinality="Ordered"><render_extension><ims_render_object orientation="Row">'
    + "".join(
        f'<response_label ident="{name}"><material><mattext>{day}</mattext></material></response_label>'
        for name, day in _DAYS.items()
    )
    + "</ims_render_object></render_extension></response_lid></flow></presentation><resprocessing><outcomes>"
    '<decvar varname="ORDERSCORE" vartype="Integer" defaultval="1"/></outcomes><respcondition><conditionvar>'
    + "".join(f'<varequal respident="OB01">{name}</varequal>' for name in "ABDC")
    + '</conditionvar><setvar action="Add" varname="SCORE1"> 5 </setvar></respcondition><respcondition><conditionvar>'
    '<varequal respident="OB01">A</varequal></conditionvar><setvar action="Add" varname="SCORE1"> 1 </setvar>'
    "</respcondition></resprocessing></item></questestinterop>"
)


def item21(ident: str, body: str, declared: str = "", rest: str = "", version: str = "2p1") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v{version}" '
        f'identifier="{ident}" title="T" adaptive="false" timeDependent="false" toolName="TAO">{declared}'
        f"<itemBody>{body}</itemBody>{rest}</assessmentItem>"
    )


def declare(
    *values: str, cardinality: str = "single", kind: str = "identifier", name: str = "RESPONSE", mapping: str = ""
) -> str:
    right = "".join(f"<value>{value}</value>" for value in values)
    return (
        f'<responseDeclaration identifier="{name}" cardinality="{cardinality}" baseType="{kind}">'
        f"<correctResponse>{right}</correctResponse>{mapping}</responseDeclaration>"
    )


def choices(*names: str, tag: str = "simpleChoice") -> str:
    return "".join(f'<{tag} identifier="{name}" fixed="false" showHide="show">{name}</{tag}>' for name in names)


_SCORED = '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float" normalMaximum="10.0"/>'
MODAL = item21(
    "modal",
    '<div class="grid-row"><div class="col-12"><rubricBlock view="scorer"><p>La buena es true.</p></rubricBlock>'
    '<choiceInteraction responseIdentifier="RESPONSE" shuffle="TRUE" maxChoices="1"><prompt>¿Se evalúa en\n'
    f"                    diferido?</prompt>{choices('true', 'false')}</choiceInteraction>"
    '<feedbackBlock identifier="SOLUTION" outcomeIdentifier="F" showHide="show"><p>Es true.</p></feedbackBlock>'
    "</div></div>",
    declare("true") + _SCORED,
    '<modalFeedback outcomeIdentifier="F" identifier="incorrect" showHide="show">Repasa.</modalFeedback>'
    '<modalFeedback outcomeIdentifier="F" identifier="true" showHide="show">Eso es.</modalFeedback>',
    version="2p2",
)
WITHIN = item21(
    "within",
    '<blockquote><p>Quien reparte es el <inlineChoiceInteraction responseIdentifier="RESPONSE">'
    f"{choices('driver', 'worker', tag='inlineChoice')}</inlineChoiceInteraction>, y nadie más.</p></blockquote>",
    declare("driver"),
)
_PART = (
    '<mapping defaultValue="0"><mapEntry mapKey="York" mappedValue="1"/>'
    '<mapEntry mapKey="yorks" mappedValue="0.5"/></mapping>'
)
ENTRY = item21(
    "entry",
    '<p>Este sol de <textEntryInteraction responseIdentifier="RESPONSE" expectedLength="15"/>; y nubes.</p>',
    declare("York", kind="string", mapping=_PART),
)
_PAIRS = ("C R", "D M", "L M", "P T")
_SETS = "".join(
    f"<simpleMatchSet>{choices(*names, tag='simpleAssociableChoice')}</simpleMatchSet>" for names in ("CDLP", "RMT")
)
MATCH = item21(
    "match",
    f'<matchInteraction responseIdentifier="RESPONSE"><prompt>Une</prompt>{_SETS}</matchInteraction>',
    declare(*_PAIRS, cardinality="multiple", kind="directedPair"),
)
PARTLY_ORDERED = item21(
    "partly",
    f'<orderInteraction responseIdentifier="RESPONSE">{choices("A", "B", "C", "D")}</orderInteraction>',
    declare("A", "B", cardinality="ordered"),
)
DRAWN = item21(
    "drawn",
    '<p>¿<printedVariable identifier="N"/> por 2? <textEntryInteraction responseIdentifier="RESPONSE"/></p>',
    declare("4", kind="integer"),
)
NO_NUMBER = item21("no-number", '<p><textEntryInteraction responseIdentifier="RESPONSE"/></p>', declare(kind="float"))
TWO_PARTS = item21("two", "<p><textEntryInteraction/> <textEntryInteraction/></p>", declare("a", kind="string"))
GAPS = item21("gaps", '<gapMatchInteraction responseIdentifier="RESPONSE"><p/></gapMatchInteraction>', declare("a b"))
