"""What a notebook on the lab page says."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STRINGS = {
    "output.empty.book": _("What a cell prints appears below it."),
    "book.loading": _("Opening the notebook…"),
    "book.bar": _("Notebook"),
    "book.run_all": _("Run all"),
    "book.add_code": _("Code"),
    "book.add_text": _("Text"),
    "book.run": _("Run this cell"),
    "book.up": _("Move this cell up"),
    "book.down": _("Move this cell down"),
    "book.kind": _("Change between code and text"),
    "book.delete": _("Delete this cell"),
    "book.deleted": _("The cell was deleted."),
    "book.undo": _("Undo"),
    "book.added": _("A cell was added below."),
    "book.answer": _("your answer"),
    "book.own": _("your own cell"),
    "book.given": _("given, can't be changed"),
    "book.cell": _("Cell {number} of {total}"),
    "book.kind.code": _("code"),
    "book.kind.markdown": _("text"),
    "book.kind.raw": _("raw text"),
    "book.empty": _("Empty text. Press Enter to write."),
    "book.broken": _(
        "This file is no notebook any more, so it can't be shown as cells. Earlier versions are in the file tree."
    ),
    "book.back": _("Go back to the lab's notebook"),
    "book.back.text": _(
        "Your answers in this file are replaced by the lab's starting notebook. Earlier versions stay in the file tree."
    ),
    "keys.book.modes": _("In a notebook: leave the cell, or write in it"),
    "keys.book.run": _("In a notebook: run the cell and go to the next"),
    "keys.book.cells": _("In a notebook: a cell above, below, or delete your own"),
}
