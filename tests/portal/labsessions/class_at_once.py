"""A class that starts at once, in processes of their own: ``prepare`` makes it, ``start <user>…`` is one web process.

Run by test_class_at_once.py with a database file of its own in the environment.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import django

COHORTS = (40, 20)
SLOTS = 8


def prepare() -> None:
    """Two cohorts and a host; prints the primary keys of the students."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import transaction

    from labs.catalog import load
    from portal.courses.sync import sync
    from tests.portal.factories import CohortFactory, EnrollmentFactory, HostFactory, build_environment, soon

    call_command("migrate", verbosity=0)
    with transaction.atomic():
        sync(load(settings.LABS.content_dir))
        build_environment()
        HostFactory.create(name="host0", slots=SLOTS, seen_at=soon(hours=1))  # no report comes here
        cohorts = [CohortFactory.create() for _size in COHORTS]
        for cohort in (cohort for cohort, size in zip(cohorts, COHORTS, strict=True) for _student in range(size)):
            print(EnrollmentFactory.create(cohort=cohort, user__password="!").user_id)  # hashing takes its time


def start(users: list[int]) -> None:
    """All of them click at once, a thread each; prints the answer to each."""
    from django.db import connection
    from django.test import Client

    from portal.accounts.models import User

    def click(user: int) -> tuple[int, object]:
        client = Client(raise_request_exception=False)
        client.force_login(User.objects.get(pk=user), backend="portal.accounts.sessions.PortalBackend")
        answer = client.post("/lab/suma/sesion/")
        connection.close()
        return answer.status_code, answer.content.decode()

    with ThreadPoolExecutor(len(users)) as threads:
        for answer in threads.map(click, users):
            print(json.dumps(answer))


if __name__ == "__main__":
    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment(debug=False)
    if sys.argv[1] == "prepare":
        prepare()
    else:
        start([int(user) for user in sys.argv[2:]])
