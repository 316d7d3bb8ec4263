"""The hosts' protections in words. What a driver adds in ``detail`` is technical, in English, and shown as such."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MEANING: dict[str, tuple[Promise, Promise]] = {
    "namespaces": (_("Namespaces"), _("labs could see the host's processes, files and network")),
    "seccomp": (_("System call filter"), _("labs could ask the kernel for things no lab needs")),
    "no-new-privileges": (_("No new privileges"), _("set-uid programs could give rights to a lab")),
    "capabilities dropped": (_("Capabilities dropped"), _("labs would hold rights of root")),
    "init process": (_("Init process"), _("ended processes would pile up in a lab")),
    "memory limit": (_("Memory limit"), _("the sum of a lab's processes is not limited, only each of them")),
    "swap limit": (_("Swap limit"), _("a lab could push the host's memory out to disk")),
    "pids limit": (_("Process limit"), _("processes are counted by user and not by lab")),
    "cpu limit": (_("CPU limit"), _("a lab can slow its neighbours down")),
    "unique uid": (_("Own user for each lab"), _("labs share one user and are apart by namespaces only")),
    "run directory in memory": (_("Sockets in memory"), _("what a lab leaves beside its sockets has no limit")),
    "run directory nosuid": (_("Sockets without set-uid"), _("one of two locks against set-uid files is open")),
    "gpu apart": (_("GPU of its own"), _("labs share the graphics card, and reach its driver in the kernel")),
    "Engine version": (_("Docker version"), _("the engine has a known way out of its containers")),
    "containerd version": (_("containerd version"), _("it has a known way out of its containers")),
    "runc version": (_("runc version"), _("it has a known way out of its containers")),
    "runc advisories": (_("runc advisories"), _("there are newer fixes, for cases that do not arise here")),
}


def in_words(protection: dict[str, Any]) -> dict[str, Any]:
    """The protection with a ``title`` and, for one that is missing, what that ``means``."""
    title, means = MEANING.get(protection["name"], (protection["name"], ""))
    return {**protection, "title": title, "means": means}
