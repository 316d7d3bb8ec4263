"""What the panel of a lab's services says."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STRINGS = {
    "services.label": _("Services"),
    "services.off": _("This lab's services start with your session."),
    "services.stopped": _("not running"),
    "services.starting": _("starting"),
    "services.ready": _("running"),
    "services.stopping": _("stopping"),
    "services.failed": _("failed"),
    "services.restarting": _("starting again"),
    "services.down": _("{title} doesn't start. The Services tab shows what it printed."),
    "services.since": _("since {when}"),
    "services.restarts.one": _("{n} restart"),
    "services.restarts.other": _("{n} restarts"),
    "services.exit": _("exit status {exit}"),
    "services.start": _("Launch"),
    "services.stop": _("Stop"),
    "services.restart": _("Restart"),
    "services.start_label": _("Launch {title}"),
    "services.stop_label": _("Stop {title}"),
    "services.restart_label": _("Restart {title}"),
    "services.log": _("What it prints"),
    "services.log_label": _("What {title} prints"),
    "services.follow": _("Follow the end"),
    "services.lost": _("… what came before is no longer kept …"),
}
