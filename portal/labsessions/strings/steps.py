"""What steps, their checks, the blocks that act and the explanations of errors say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STRINGS = {
    "steps.label": _("Steps"),
    "step.done": _("done"),
    "step.now": _("now"),
    "step.todo": _("to do"),
    "step.mark": _("Mark as done"),
    "step.unmark": _("Not done yet"),
    "step.now_done": _("Done: {title}"),
    "step.ask": _("Am I on track?"),
    "step.asking": _("Saving your files and asking…"),
    "step.unsaved": _("Not everything could be saved, so nothing was checked. Try again when it says saved."),
    "step.passed": _("Yes: this step is right."),
    "step.failed": _("Not yet."),
    "step.hints": _("Hints come with submissions that fail; asking here earns none."),
    "step.queued": _("Your question is in the queue; it is next."),
    "step.ahead.one": _("{n} other before you in the queue."),
    "step.ahead.other": _("{n} others before you in the queue."),
    "step.recording": _("Writing down the answer."),
    "explain.failed": _("Its explanation could not be loaded."),
    "block.run": _("Run in the terminal"),
    "block.starting": _("Getting your session and files ready…"),
    "block.insert": _("Add to {path}"),
    "block.open": _("Open as {path}"),
    "block.insert.done": _("Added at the end of {path}."),
    "block.open.done": _("It is the whole of {path} now."),
    "block.undo": _("Undo"),
    "block.undone": _("{path} is as it was."),
    "block.changed": _("{path} has changed since. Undo in the editor instead."),
    "block.copy": _("Copy"),
    "block.copied": _("Copied."),
    "block.select": _("The browser does not let the page copy. It is selected: copy it yourself."),
}
