"""A course of one small lab, for grading and sessions with the real kit in the real ``base`` environment."""

from __future__ import annotations

from pathlib import Path

from workers.config import ROOT

LAB = """
title: {es: Suma, en: Sum}
summary: {es: Sume dos números., en: Add two numbers.}
environment: base
entry: main.py
files: [main.py]
minutes: 5
grading_seconds: 12
checks:
  - {id: suma, title: {es: Suma, en: Sum}, points: 60}
  - {id: salida, title: {es: Salida, en: Output}, points: 40}
mutants:
  - {id: resta, loses: [suma], why: Takes the sign for another.}
"""
CHECKS = """
from labkit import Failed, Lab

def suma(lab: Lab) -> None:
    a, b = lab.rng.randrange(1, 100), lab.rng.randrange(1, 100)
    got = lab.call("main.py", "suma", a, b)
    if got == "boom":
        raise RuntimeError("the check itself")
    if got != a + b:
        raise Failed(es="No es la suma.", en="Not the sum.", got=str(got), expected=str(a + b))

def salida(lab: Lab) -> None:
    run = lab.run("main.py")
    expected = (lab.hidden / "expected.txt").read_text() + (lab.data / "dato.txt").read_text()
    if expected not in run.stdout:
        raise Failed(es="Falta la salida.", en="The output is missing.")
"""
SOLUTION = "def suma(a, b):\n    return a + b\n\nprint('hola', open('dato.txt').read())\n"
FILES = {
    "course.yaml": "title: {es: Curso, en: Course}\nsummary: {es: Uno., en: One.}\nmodules: [01-uno]\n",
    "01-uno/module.yaml": "number: 1\ntitle: {es: Uno, en: One}\nsummary: {es: Uno., en: One.}\nhours: 1\n"
    "topics:\n  - {id: 01-uno, number: '1.1', title: {es: Uno, en: One}, hours: 1, pages: "
    "[{id: uno, title: {es: Uno, en: One}, labs: [suma]}]}\n",
    "01-uno/pages/01-uno/uno.es.md": "Hola.\n",
    "01-uno/pages/01-uno/uno.en.md": "Hello.\n",
    "01-uno/labs/suma/lab.yaml": LAB,
    "01-uno/labs/suma/checks.py": CHECKS,
    "01-uno/labs/suma/instructions.es.md": "Sume.\n",
    "01-uno/labs/suma/instructions.en.md": "Add.\n",
    "01-uno/labs/suma/starter/main.py": "def suma(a, b):\n    ...\n",
    "01-uno/labs/suma/solution/main.py": SOLUTION,
    "01-uno/labs/suma/mutants/resta/main.py": SOLUTION.replace("a + b", "a - b"),
    "01-uno/labs/suma/data/dato.txt": "mundo",
    "01-uno/labs/suma/hidden/expected.txt": "hola ",
}


def write(folder: Path) -> Path:
    """The content folder, with this repository's kit and environments."""
    for name, text in FILES.items():
        path = folder / "courses" / "prueba" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for shared in ("kit", "environments"):
        (folder / shared).symlink_to(ROOT / "labs" / shared)
    return folder
