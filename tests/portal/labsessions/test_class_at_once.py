"""Sixty students of two cohorts start at the same moment, through three web processes on one SQLite file."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.portal.labsessions.class_at_once import COHORTS, SLOTS
from workers.config import ROOT

PROCESSES = 3


@pytest.fixture
def database() -> Iterator[Path]:
    """In memory's file system: a busy disk would be measured, not the portal."""
    with tempfile.TemporaryDirectory(prefix="labs-class-", dir="/dev/shm") as folder:
        yield Path(folder) / "db.sqlite3"


def test_all_are_served_in_order_and_nobody_sees_an_error(content: Path, database: Path, queued: Callable) -> None:
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_DATABASE_URL": f"sqlite:///{database}",
        "LABS_REDIS_URL": settings.LABS.redis_url,
        "LABS_CONTENT_DIR": str(content),
    }

    def process(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.portal.labsessions.class_at_once", *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)

    users = process("prepare").communicate(timeout=120)[0].split()
    assert len(users) == sum(COHORTS)
    webs = [process("start", *users[number::PROCESSES]) for number in range(PROCESSES)]
    answers = [json.loads(line) for web in webs for line in web.communicate(timeout=240)[0].splitlines()]
    assert [body for status, body in answers if status != 201] == []
    assert len(answers) == len(users)
    sent = [message["args"][0]["session"] for message in queued("sessions")]
    assert len(sent) == len(set(sent)) == SLOTS, "no place is given twice, and nobody is sent twice"
    with sqlite3.connect(database) as rows:
        waiting = rows.execute(
            "select s.place, e.cohort_id from labsessions_labsession s"
            " join labsessions_workspace w on w.id = s.workspace_id join courses_enrollment e on e.id = w.enrollment_id"
            " where s.state = 'queued' and s.sent_at is null order by s.turn, s.created_at, s.id"
        ).fetchall()
    assert [place for place, _cohort in waiting] == list(range(len(users) - SLOTS))
    first = [cohort for _place, cohort in waiting[:20]]
    assert len(set(first)) == 2, "neither cohort waits for the other to be done"
