"""What must be in the database before the portal serves: tables, the course's files, the demo accounts."""

from __future__ import annotations

import io
import os
from contextlib import suppress

import django
from django.core.management import call_command
from django.core.management.base import CommandError

from portal.core import queue
from portal.launcher.options import LaunchError
from workers.config import settings


def prepare_database() -> None:
    """Bring the tables up to date. The environment must hold the PORTAL_* settings by now."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)


def prepare_content() -> tuple[str, str]:
    """Take the course files over and make the demo accounts.

    Gives what is wrong with the files ("" if nothing), for then the course goes on as it was, and the accounts' lines.
    """
    problems, accounts = "", io.StringIO()
    try:
        call_command("labs", "sync", stdout=io.StringIO())
    except CommandError as error:
        problems = str(error)
    try:
        call_command("demo_accounts", stdout=accounts)
    except CommandError as error:
        raise LaunchError(f"There is no course to serve.\n{problems or error}") from error
    return problems, accounts.getvalue().strip("\n")


def ask_for_report() -> None:
    """Have this machine report now what it has, not at the clock's first turn: only then are its environments built."""
    with suppress(queue.QueueDown):  # that turn comes all the same
        queue.send("workers.upkeep", queue=f"host.{settings().host}")
