"""``manage.py quizzes export-qti|import-qti``: quizzes to and from other platforms' question banks."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from labs import authoring, qti
from labs.catalog import LANGUAGES, Quiz, load


class Command(BaseCommand):
    help = "Takes quizzes of labs/ to QTI packages and back."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        given = verbs.add_parser("export-qti", help="write a quiz as a QTI package")
        given.add_argument("quiz", help="module number and name, as in 2/02-spark or 2/autoevaluacion")
        given.add_argument("out", type=Path, help="the .zip file")
        # Django's own --version would be taken for this one when it stands before the verb, never after it.
        given.add_argument("--version", dest="qti", choices=sorted(qti.VERSIONS), default="2.1")
        given.add_argument("--language", choices=LANGUAGES, default="es")
        given.add_argument("--seed", type=int, default=0, help="another one draws other parameters")
        given.add_argument("--course", default="ml-a-escala")
        taken = verbs.add_parser("import-qti", help="make a quiz file of a QTI package")
        taken.add_argument("package", type=Path, help="the .zip or .xml file")
        taken.add_argument("--module", required=True, help="the module's folder or number")
        taken.add_argument("--quiz", required=True, help="the topic's id, or autoevaluacion")
        taken.add_argument("--course", default="ml-a-escala")

    def handle(self, *_args: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb'].replace('-', '_')}")(options)

    def _export_qti(self, options: dict[str, Any]) -> None:
        quiz = _quiz(options["course"], options["quiz"])
        notes = qti.export_quiz(quiz, options["out"], options["qti"], options["language"], options["seed"])
        self.stdout.write(f"wrote {options['out']}")
        for note in notes:
            self.stderr.write(note)

    def _import_qti(self, options: dict[str, Any]) -> None:
        if not options["package"].is_file():
            raise CommandError(f"there is no file {options['package']}")
        asked = [options[name] for name in ("package", "course", "module", "quiz")]
        try:
            path, notes = qti.import_quiz(settings.LABS.content_dir, *asked)
        except (qti.QtiError, authoring.AuthoringError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"made {path}")
        for note in notes:
            self.stderr.write(note)


def _quiz(course: str, key: str) -> Quiz:
    found = load(settings.LABS.content_dir).courses.get(course)
    quizzes = {f"{m.spec.number}/{quiz.id}": quiz for m in (found.modules if found else ()) for quiz in m.quizzes}
    if key not in quizzes:
        raise CommandError(f"unknown quiz `{key}` (there is: {', '.join(quizzes) or 'none'})")
    return quizzes[key]
