"""What a wait for a place, a start or an environment says."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STRINGS = {
    "waiting.next": _("You are next."),
    "waiting.about": _("About {p50}; almost always less than {p90}."),
    "waiting.about.even": _("About {p50}."),
    "waiting.usual": _("It usually takes {p50}; almost always less than {p90}."),
    "waiting.usual.even": _("It usually takes {p50}."),
    "waiting.kept": _("You may reload or close this page: your place is kept for {time}."),
    "waiting.leave": _("Leave the queue"),
    "reason.no_host": _("No machine is up to run it just now. Your place is kept, and the staff can see it."),
    "reason.own_limit": _("You have as many sessions open as you may. Stop one of them and this one starts."),
    "reason.full": _("The machine is full this moment. It tries again by itself every few seconds."),
    "reason.abandoned": _("Nobody waited here any more, so the place went to somebody else. Ask again when you like."),
    "reason.start_failed": _("The sandbox didn't come up. Try again; if it fails again, tell your instructor."),
    "reason.platform": _("Something failed on our side. Try again in a moment."),
    "reason.files": _("Your files couldn't be brought into the sandbox. They are safe in the portal; try again."),
    "reason.content": _("The lab was updated this moment. Try again in a minute."),
    "reason.expired": _("It waited past its time. Start it again."),
    "build.progress": _("{step}, {percent}."),
    "build.step.waiting": _("Waiting for another installation"),
    "build.step.downloading": _("Downloading packages"),
    "build.step.compiling": _("Compiling packages"),
    "build.step.installing": _("Installing packages"),
    "build.step.finishing": _("Finishing the environment"),
    "build.step.image": _("Preparing the image"),
}
