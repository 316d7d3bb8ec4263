"""Begins a new lab: ``manage.py labs new``. What it makes is small but whole, so an author changes a lab that works."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from labs.catalog import load

TEMPLATE = Path(__file__).with_name("template")
_LABS_LINE = re.compile(r"^(        labs: \[)([^\]]*)(\].*)$", re.MULTILINE)


class AuthoringError(Exception):
    """The lab can't be made; nothing was written."""


def new_lab(root: Path, course: str, module: str, lab: str, environment: str) -> Path:
    """Copy the template and add the lab to the last page of its module (a folder name or a number)."""
    target, listing, listed = place(root, course, module, lab, environment)
    shutil.copytree(TEMPLATE, target, ignore=shutil.ignore_patterns("__pycache__"))
    spec = target / "lab.yaml"
    spec.write_text(spec.read_text().replace("environment: base", f"environment: {environment}"))
    listing.write_text(listed)
    return target


def place(root: Path, course: str, module: str, lab: str, environment: str) -> tuple[Path, Path, str]:
    """Where a new lab goes, its module.yaml, and what that must say then. Raises AuthoringError; writes nothing."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", lab) or len(lab) > 60:
        raise AuthoringError(f"`{lab}` is no lab id: lower-case words joined by hyphens, at most 60 characters")
    catalog = load(root)
    if lab in catalog.labs:
        raise AuthoringError(f"there is a lab `{lab}` already, in {catalog.labs[lab].path}")
    if environment not in catalog.environments:
        raise AuthoringError(
            f"unknown environment `{environment}` (there is: {', '.join(sorted(catalog.environments))})"
        )
    folder = module_folder(root / "courses" / course, module)
    target = folder / "labs" / lab
    if target.exists():
        raise AuthoringError(f"{target} exists already")
    return target, folder / "module.yaml", _with_lab(folder / "module.yaml", lab)


def module_folder(course: Path, module: str) -> Path:
    """A module's folder by its name or number. Raises AuthoringError."""
    if not (course / "course.yaml").is_file():
        raise AuthoringError(f"unknown course `{course.name}`")
    prefix = f"{int(module):02}-" if module.isdecimal() else module
    found = [p.parent for p in sorted(course.glob("*/module.yaml")) if p.parent.name.startswith(prefix)]
    exact = [p for p in found if p.name == module] or found
    if len(exact) != 1:
        raise AuthoringError(f"unknown module `{module}` in {course}")
    return exact[0]


def _with_lab(module: Path, lab: str) -> str:
    """The text of module.yaml with the lab on the last page; as text, so that comments and layout stay."""
    text = module.read_text()
    lines = list(_LABS_LINE.finditer(text))
    last_page = text.rfind("\n      - id:")
    if lines and lines[-1].start() > last_page:
        line = lines[-1]
        names = ", ".join(filter(None, [line[2].strip(), lab]))
        return f"{text[: line.start()]}{line[1]}{names}{line[3]}{text[line.end() :]}"
    return f"{text.rstrip()}\n        labs: [{lab}]\n"
