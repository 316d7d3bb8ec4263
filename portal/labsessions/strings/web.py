"""What the tabs with web pages of the sandbox say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STRINGS = {
    "web.menu": _("Web"),
    "web.pages": _("Web pages of this lab"),
    "web.other": _("Another port…"),
    "web.port": _("Port {port}"),
    "web.number": _("Port (1024 to 65535)"),
    "web.open": _("Open"),
    "web.opening": _("Opening the page…"),
    "web.starting": _("{title} is starting. Its page opens here by itself as soon as it can be used."),
    "web.now": _("Open it now"),
    "web.ended": _("The session this page belonged to has ended."),
    "web.again": _("Open it again"),
    "web.reload": _("Reload"),
    "web.window": _("Open in a window of its own"),
    "web.blocked": _("The browser blocked the new window. Allow pop-ups for the portal and try again."),
    "web.restless": _(
        "{title} loads again and again: this browser doesn't let a page inside another one store data, "
        "as in private windows. It works in a window of its own."
    ),
    "web.path": _("Path of the page"),
    "web.ports.text": _("Servers in your sandbox that listen now, your own programs too."),
    "web.ports.none": _("Nothing listens yet. Start your server in the terminal and it appears here."),
    "web.ports.cold": _("Your sandbox is off. It starts when you open a port."),
}
