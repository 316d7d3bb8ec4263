"""``manage.py labs charts``: draws the interactive charts of pages, each by the program that lies beside it.

``figures/amdahl.py`` has ``figure(language) -> plotly.graph_objects.Figure``; what it returns for each language is kept
as ``figures/amdahl-es.json`` and ``figures/amdahl-en.json``, so that no program of the content runs where pages are
served.
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path

from labs.models import LANGUAGES, Course


class ChartError(Exception):
    """A chart's program doesn't do what it should."""


def programs(course: Course) -> Iterator[Path]:
    for module in course.modules:
        yield from sorted(module.path.glob("pages/*/figures/*.py"))


def draw(program: Path) -> dict[Path, str]:
    """What belongs into the files beside a chart's program. Raises ChartError."""
    figure = runpy.run_path(str(program)).get("figure")
    if not callable(figure):
        raise ChartError(f"{program} has no function `figure(language)`")
    drawn = {}
    for language in LANGUAGES:
        plain = json.loads(figure(language).to_json())
        # Plotly's own look would paint over the page's.
        plain["layout"].pop("template", None)
        path = program.with_name(f"{program.stem}-{language}.json")
        drawn[path] = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"
    return drawn
