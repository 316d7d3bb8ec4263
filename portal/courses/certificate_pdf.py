"""A certificate as a sheet of A4, lying."""

from __future__ import annotations

import unicodedata
from io import BytesIO

from babel.dates import format_date
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from portal.courses.models import Certificate

WIDTH, HEIGHT = landscape(A4)
MARGIN = 60.0
INK, SOFT, ACCENT, LINE = (HexColor(code) for code in ("#20242c", "#5b626e", "#3b4fb8", "#c9ced6"))
# Two of the fonts that every reader of PDF has; they know the letters of Western Europe.
PLAIN, BOLD = "Helvetica", "Helvetica-Bold"


def draw(certificate: Certificate, address: str) -> bytes:
    """The PDF, in the certificate's language. ``address``: where it can be verified."""
    out = BytesIO()
    with translation.override(certificate.language):
        canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=True, lang=certificate.language)
        canvas.setTitle(f"{_('Certificate of completion')} · {_known(certificate.title)}")
        canvas.setAuthor(_("ML at scale"))
        _frame(canvas)
        _words(canvas, certificate)
        _foot(canvas, certificate, address)
        canvas.showPage()
        canvas.save()
    return out.getvalue()


def _frame(canvas: Canvas) -> None:
    """The ruler of the portal along the top, and the mark."""
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.8)
    canvas.rect(24, 24, WIDTH - 48, HEIGHT - 48)
    top = HEIGHT - 24
    for tick in range(int((WIDTH - 48) / 6) + 1):
        tall = tick % 10 == 0
        canvas.setStrokeColor(ACCENT if tall else LINE)
        canvas.line(24 + tick * 6, top, 24 + tick * 6, top - (12 if tall else 6))


def _words(canvas: Canvas, certificate: Certificate) -> None:
    _line(canvas, _("Certificate of completion"), HEIGHT - 110, PLAIN, 15, ACCENT)
    y = _paragraph(canvas, certificate.name, HEIGHT - 170, BOLD, 36)
    _line(canvas, _("has completed the course"), y - 34, PLAIN, 14, SOFT)
    y = _paragraph(canvas, certificate.title, y - 70, BOLD, 24)
    hours = f"{certificate.hours:g}"
    told = _("%(hours)s hours · cohort %(cohort)s") % {"hours": hours, "cohort": certificate.cohort}
    _line(canvas, told, y - 32, PLAIN, 14, INK)


def _foot(canvas: Canvas, certificate: Certificate, address: str) -> None:
    day = format_date(timezone.localdate(certificate.issued_at), "long", locale=certificate.language)
    canvas.setStrokeColor(LINE)
    canvas.line(MARGIN, 122, WIDTH - MARGIN, 122)
    _line(canvas, _("Issued on %(day)s") % {"day": day}, 98, PLAIN, 12, INK)
    _line(canvas, _("Code %(code)s") % {"code": certificate.code}, 78, BOLD, 12, INK)
    _line(canvas, _("Verify it at %(address)s") % {"address": address}, 58, PLAIN, 10.5, SOFT)
    width = canvas.stringWidth(_known(_("Verify it at %(address)s") % {"address": address}), PLAIN, 10.5)
    canvas.linkURL(address, (MARGIN, 54, MARGIN + width, 70))


def _line(canvas: Canvas, text: str, y: float, font: str, size: float, colour: HexColor) -> None:
    canvas.setFont(font, size)
    canvas.setFillColor(colour)
    canvas.drawString(MARGIN, y, _known(text))


def _paragraph(canvas: Canvas, text: str, y: float, font: str, size: float) -> float:
    """Draw text that may need two lines, smaller if it needs more. Returns where its last line stands."""
    width = WIDTH - 2 * MARGIN
    while size > 12 and len(simpleSplit(_known(text), font, size, width)) > 2:
        size -= 2
    lines = simpleSplit(_known(text), font, size, width)[:2]
    for number, line in enumerate(lines):
        _line(canvas, line, y - number * size * 1.2, font, size, INK)
    return y - (len(lines) - 1) * size * 1.2


def _known(text: str) -> str:
    """The text in letters that the fonts have: others lose what they wear above or below, or become a question mark."""
    return "".join(_letter(letter) for letter in text)


def _letter(letter: str) -> str:
    for form in (letter, unicodedata.normalize("NFKD", letter)[:1]):
        try:
            form.encode("cp1252")
        except UnicodeEncodeError:
            continue
        return form
    return "?"
