"""The web pages of a lab's tools, and which ports of a sandbox its student may open."""

from __future__ import annotations

import re
from typing import Any

from labs.services import services_of, uis_of
from portal.courses.models import Lab, reader

_PAGE = re.compile(r"port-([1-9][0-9]{3,4})")


def pages(lab: Lab) -> list[dict[str, Any]]:
    """Those that the environment and the lab declare, for the lab page's menu."""
    return [
        {"id": ui.id, "title": ui.title[reader()], "port": ui.port, "path": ui.path, "service": ui.service}
        for ui in uis_of(lab.environment.file, lab.file)
    ]


def services(lab: Lab) -> list[dict[str, str]]:
    """What runs beside the student's programs, for the lab page's panel; what each does now its session says."""
    return [{"id": one.id, "title": one.title[reader()]} for one in services_of(lab.environment.file, lab.file)]


def may_be_opened(ui: str) -> bool:
    """The session's own API, or any port that a program without rights may listen on: all of it is the student's."""
    page = _PAGE.fullmatch(ui)
    return ui == "jupyter" or (page is not None and 1024 <= int(page[1]) <= 65535)
