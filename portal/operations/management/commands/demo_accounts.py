"""``manage.py demo_accounts``: a cohort with a student, an instructor and an admin to try the portal with."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from portal.accounts.models import User
from portal.courses.models import Cohort, Course, Enrollment

ACCOUNTS = {
    "estudiante": Enrollment.Role.STUDENT,
    "docente": Enrollment.Role.INSTRUCTOR,
    "admin": Enrollment.Role.INSTRUCTOR,
}
ROLES = {"estudiante": "student", "docente": "instructor", "admin": "admin"}


class Command(BaseCommand):
    help = "Makes the demo cohort and accounts once, with random passwords kept in var/accounts.json, and prints them."

    def handle(self, *_args: Any, **_options: Any) -> None:
        course = Course.objects.filter(active=True).order_by("pk").first()
        if course is None:
            raise CommandError("there is no course yet: run `manage.py labs sync` first")
        path = settings.LABS.var_dir / "accounts.json"
        passwords = _read(path) or {name: secrets.token_urlsafe(9) for name in ACCOUNTS}
        # The file first: an account whose password nobody can read would be lost.
        _write(path, passwords)
        with transaction.atomic():
            cohort, _created = Cohort.objects.get_or_create(course=course, name="Demo")
            for name, role in ACCOUNTS.items():
                user = _account(name, passwords[name])
                Enrollment.objects.get_or_create(user=user, cohort=cohort, defaults={"role": role})
        for name, password in passwords.items():
            self.stdout.write(f"{ROLES.get(name, name):10}  {name:12}  {password}")


def _account(name: str, password: str) -> User:
    """The account; one that exists keeps its password, which its owner may have changed."""
    user, created = User.objects.get_or_create(username=name)
    if created:
        user.is_staff = user.is_superuser = name == "admin"
        user.set_password(password)
        user.save()
    return user


def _read(path: Path) -> dict[str, str] | None:
    if not path.is_file():
        return None
    found: dict[str, str] = {entry["username"]: entry["password"] for entry in json.loads(path.read_text())}
    return found


def _write(path: Path, passwords: dict[str, str]) -> None:
    entries = [{"role": ROLES[name], "username": name, "password": password} for name, password in passwords.items()]
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump(entries, out, indent=1)
    temporary.replace(path)
