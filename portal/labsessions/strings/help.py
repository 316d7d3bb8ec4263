"""What raising a hand, being looked at, looking on and typing together say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STRINGS = {
    # The student's side
    "help.ask": _("Ask for help"),
    "help.raised": _("Hand raised"),
    "help.raised.title": _("Your hand is raised"),
    "help.next": _("You are next."),
    "help.before.one": _("{n} person is before you."),
    "help.before.other": _("{n} people are before you."),
    "help.text": _("An instructor will see your hand, with this lab and your note, and may open your lab to look on."),
    "help.since": _("Raised at {time}. An instructor will see it. It comes down by itself at {end}, or when you pass."),
    "help.note": _("What are you stuck on? (if you like)"),
    "help.note.own": _("Your note: {note}"),
    "help.raise": _("Raise my hand"),
    "help.lower": _("Lower my hand"),
    "help.record": _("Who has looked at my labs"),
    "help.was_lowered": _("Your hand is down."),
    "help.looking": _("Who is in your lab"),
    "help.looks": _("{name} is looking at your lab since {time}."),
    "help.types": _("{name} is typing with you until {time}."),
    "help.end_look": _("End it"),
    "help.end_look.label": _("End the visit of {name}"),
    "help.end_typing": _("Stop the typing"),
    "help.end_typing.label": _("Stop the typing of {name}"),
    "help.gone": _("Nobody is looking at your lab any more."),
    "help.may": _("May {name} type with you?"),
    "help.may.text": _(
        "For 15 minutes they could change your files, run them and type in your terminals. You see all of it, and you "
        "can stop it at any time. No answer counts as no."
    ),
    "help.yes": _("Yes, type with me"),
    "help.no": _("No"),
    # The instructor's side
    "watch.title": _("You are looking at {student}'s lab."),
    "watch.typing": _("You are typing in {student}'s lab until {time}."),
    "watch.only": _("You can read everything and change nothing. {student} sees that you are here."),
    "watch.careful": _("What you change is saved in their workspace, with your name."),
    "watch.ask": _("Ask to type"),
    "watch.asked": _("Waiting for {student} to say yes…"),
    "watch.withdraw": _("Withdraw"),
    "watch.refused": _("{student} said no."),
    "watch.lapsed": _("{student} did not answer."),
    "watch.stopped": _("You type no longer: {student} or the time ended it."),
    "watch.give_back": _("Stop typing"),
    "watch.leave": _("Leave"),
    "watch.ended": _("You no longer look at {student}'s lab."),
    "watch.ended.student": _("{student} ended your visit."),
    "watch.back": _("To the raised hands"),
    "watch.offline": _("The portal doesn't answer: what you see may be old."),
}
