"""``manage.py labs validate|sync|charts|preview|verify|new|…``: what authors and admins do."""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from labs.catalog import load
from portal.courses.sync import CatalogProblems, sync


class Command(BaseCommand):
    help = "Checks, publishes and tries out the course files in labs/."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("validate", help="name every problem in the files; changes nothing")
        verbs.add_parser("sync", help="bring the database to the state of the files")
        verbs.add_parser("charts", help="draw the interactive charts of the pages")
        preview = verbs.add_parser("preview", help="show the pages as they are saved, on this machine alone")
        preview.add_argument("--port", type=int, default=8080)
        verify = verbs.add_parser("verify", help="grade each lab's own trees and what students spoil in real sandboxes")
        verify.add_argument("lab", nargs="?", help="only this lab")
        verify.add_argument("--only", help="only trees whose name contains this: starter, solution, a mutant's id, bad")
        verify.add_argument("--table", type=Path, help="write the figures into this table (docs/labs.md)")
        verify.add_argument("--driver", choices=["auto", "docker", "bubblewrap"], help="instead of LABS_DRIVER")
        new = verbs.add_parser("new", help="begin a lab from a template that passes validation")
        new.add_argument("lab", help="its id, as in spark-sql")
        new.add_argument("--course", default="ml-a-escala")
        new.add_argument("--module", required=True, help="the module's folder or number")
        new.add_argument("--environment", default="base")
        taken = verbs.add_parser("import-nbgrader", help="make a lab of an nbgrader source notebook")
        taken.add_argument("assignment", type=Path, help="the .ipynb file")
        taken.add_argument("--lab", required=True, help="the new lab's id")
        taken.add_argument("--course", default="ml-a-escala")
        taken.add_argument("--module", required=True, help="the module's folder or number")
        taken.add_argument("--environment", default="base")
        given = verbs.add_parser("export-nbgrader", help="write a lab's notebooks as an nbgrader source assignment")
        given.add_argument("lab")
        given.add_argument("out", type=Path, help="the assignment's folder")

    def handle(self, *_args: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb'].replace('-', '_')}")(options)

    def _validate(self, _options: dict[str, Any]) -> None:
        catalog = load(settings.LABS.content_dir)
        for problem in catalog.problems:
            self.stderr.write(str(problem))
        if catalog.problems:
            raise CommandError(f"{len(catalog.problems)} problems")
        counts = {
            "courses": len(catalog.courses),
            "labs": len(catalog.labs),
            "environments": len(catalog.environments),
            "explanations": len(catalog.explanations),
        }
        self.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()) + ": no problems")

    def _sync(self, _options: dict[str, Any]) -> None:
        try:
            report = sync(load(settings.LABS.content_dir))
        except CatalogProblems as error:
            raise CommandError(f"nothing was changed, because of {len(error.problems)} problems:\n{error}") from None
        for verb, names in (("created", report.created), ("updated", report.updated), ("retired", report.retired)):
            for name in names:
                self.stdout.write(f"{verb} {name}")
        if not report.changed:
            self.stdout.write("nothing to do")

    def _charts(self, _options: dict[str, Any]) -> None:
        from labs import charts

        for course in load(settings.LABS.content_dir).courses.values():
            for program in charts.programs(course):
                try:
                    drawn = charts.draw(program)
                except charts.ChartError as error:
                    raise CommandError(str(error)) from error
                for path, text in drawn.items():
                    path.write_text(text)
                    self.stdout.write(f"drew {path}")

    def _preview(self, options: dict[str, Any]) -> None:
        from portal.courses import preview

        self.stdout.write(f"The course files are at http://{preview.HOST}:{options['port']}/ until Ctrl-C")
        preview.run(options["port"])

    def _verify(self, options: dict[str, Any]) -> None:
        from workers import verify

        if options["only"] and options["table"]:
            raise CommandError("--table records a proof, which takes every tree: leave --only out")
        if options["table"] and settings.LABS.gpus:
            raise CommandError("the table is of sandboxes without a GPU: leave LABS_GPUS out, or --table")
        # Whoever ends it ends its sandboxes, too, which would live on.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        chosen = (options["lab"], options["driver"], self.stdout.write, options["table"], options["only"] or "")
        if not verify.main(*chosen):
            raise CommandError("some labs do not grade as they should")

    def _new(self, options: dict[str, Any]) -> None:
        from labs import authoring

        asked = (options["course"], options["module"], options["lab"], options["environment"])
        try:
            path = authoring.new_lab(settings.LABS.content_dir, *asked)
        except authoring.AuthoringError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"made {path}")

    def _import_nbgrader(self, options: dict[str, Any]) -> None:
        from labs import authoring, nbgrader

        asked = [options[name] for name in ("assignment", "course", "module", "lab", "environment")]
        try:
            path, notes = nbgrader.import_assignment(settings.LABS.content_dir, *asked)
        except authoring.AuthoringError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"made {path}")
        for note in notes:
            self.stderr.write(note)

    def _export_nbgrader(self, options: dict[str, Any]) -> None:
        from labs import authoring, nbgrader

        lab = load(settings.LABS.content_dir).labs.get(options["lab"])
        if lab is None:
            raise CommandError(f"unknown lab `{options['lab']}`")
        try:
            paths, notes = nbgrader.export_lab(lab, options["out"])
        except authoring.AuthoringError as error:
            raise CommandError(str(error)) from error
        for path in paths:
            self.stdout.write(f"wrote {path}")
        for note in notes:
            self.stderr.write(note)
