"""A class of many, put straight into a running portal's database.

``crowd`` runs this file in a process with the portal's own settings; each line it prints is one student.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from tests.live import LivePortal
from workers.config import ROOT

BACKEND = "portal.accounts.sessions.PortalBackend"


@dataclass(frozen=True)
class Waiter:
    """One student: the cookies of their browser and, when they are in the queue, their session's key."""

    key: str
    cookies: str
    csrf: str


def crowd(portal: LivePortal, number: int, lab: str, *, queued: bool = True) -> list[Waiter]:
    """``number`` new students of one cohort, each with a signed-in browser and, if ``queued``, in line for a place."""
    secrets = dict(
        line.split("=", 1) for line in (portal.var_dir / "secrets.env").read_text().splitlines() if "=" in line
    )
    setting = {**secrets, "PORTAL_DATABASE_URL": f"sqlite:///{portal.var_dir}/db.sqlite3"}
    made = subprocess.run(
        [sys.executable, "-m", "tests.bench.crowd", str(number), lab, "queued" if queued else ""],
        cwd=ROOT,
        env={**os.environ, **setting, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return [Waiter(**json.loads(line)) for line in made.stdout.splitlines()]


def main() -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import transaction
    from django.utils.crypto import get_random_string

    from portal.accounts.models import User
    from portal.core import clock
    from portal.courses.models import Cohort, Enrollment, Lab
    from portal.labsessions.models import LabSession, Workspace

    lab, now = Lab.objects.get(slug=sys.argv[2]), clock.now()
    cohort = Cohort.objects.create(course=lab.module.course, name="bench")
    with transaction.atomic():
        for number in range(int(sys.argv[1])):
            user = User.objects.create(username=f"bench-{cohort.pk}-{number}", password="!")
            workspace = Workspace.objects.create(
                enrollment=Enrollment.objects.create(user=user, cohort=cohort), lab=lab
            )
            key = ""
            if sys.argv[3]:
                key = LabSession.objects.create(
                    workspace=workspace, created_at=now, changed_at=now, seen_at=now, deadline=now, reason="queue"
                ).key
            browser = SessionStore()
            browser.update({"_auth_user_id": str(user.pk), "_auth_user_backend": BACKEND})
            browser["_auth_user_hash"] = user.get_session_auth_hash()
            browser.create()
            csrf = get_random_string(32)
            cookies = f"{settings.SESSION_COOKIE_NAME}={browser.session_key}; {settings.CSRF_COOKIE_NAME}={csrf}"
            print(json.dumps({"key": key, "cookies": cookies, "csrf": csrf}))


if __name__ == "__main__":
    main()
