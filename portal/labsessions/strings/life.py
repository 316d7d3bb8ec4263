"""How a session goes on and ends, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STRINGS = {
    "life.label": _("How the session goes on"),
    "life.more": _("+{n} min"),
    "life.more.label.one": _("Add {n} minute to the session"),
    "life.more.label.other": _("Add {n} minutes to the session"),
    "life.extended": _("The session now ends at {time}."),
    "life.longest": _("It can't be made longer; afterwards you can go on in another."),
    "life.idle": _("Nobody has used this session for a while. At {time} it is saved and turned off."),
    "life.stay": _("I'm still here"),
    "life.stays": _("The session stays on."),
    "life.resume": _("Resume"),
    "life.again": _("Try again"),
    "life.without": _("Start with my saved files alone"),
    "life.without.text": _("What programs wrote in earlier sessions of this lab is given up. Your saved files stay."),
    "life.kept": _("Last kept {time}: your files and what programs wrote."),
    "life.comes_back": _("It comes back as it was kept {time}: your files and what programs wrote."),
    "life.left_out.one": _("{n} file is too large to be kept between sessions: {names}."),
    "life.left_out.other": _("{n} files are too large to be kept between sessions: {names}."),
    "life.others": _("{names} and others"),
    "life.many": _("There are more files than can be kept between sessions."),
    "life.caps": _("What programs write is kept up to 32 MB a file and 64 MB in all; what you save always is."),
    "life.paused": _("Paused"),
    "life.paused.more": _("Nobody has used it for a while, so it rests. It wakes in under a second when you go on."),
    "reason.idle": _("Nobody was using it, so it was saved and turned off. Resume it when you like."),
    "reason.ended": _("The sandbox ended by itself. What you typed is here and saved; go on in a new one."),
    "reason.unrouted": _("The sandbox ended by itself. What you typed is here and saved; go on in a new one."),
    "reason.snapshot": _("What programs wrote last time can't be read just now. Your saved files are safe."),
    "reason.snapshot_refused": _(
        "Your saved files are here, but what programs wrote in the last session couldn't be brought back."
    ),
}
