"""The event streams: each change once, to the end, with Redis or without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient

from portal.core import live
from portal.courses.models import Enrollment
from portal.grading import services
from portal.grading.models import GradingJob
from portal.labsessions.models import Workspace
from tests.portal.factories import result
from workers.streams import publish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(workspace: Workspace) -> GradingJob:
    submission, _created = services.submit(workspace, "a-key-0001")
    return GradingJob.objects.select_related("submission").get(submission=submission)


async def watch(student: Enrollment, path: str, then: Callable[[], Any], **headers: str) -> list[dict[str, Any]]:
    """The states a browser receives; ``then`` happens once the first has come."""
    client = AsyncClient()
    await client.aforce_login(student.user, backend="portal.accounts.sessions.PortalBackend")
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 200, answer.content
    states: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        async for chunk in answer.streaming_content:
            for line in chunk.decode().splitlines():
                if line.startswith("data: "):
                    states.append(json.loads(line.removeprefix("data: ")))
                    if len(states) == 1:
                        await sync_to_async(then)()
    return states


def test_it_follows_the_phases_to_the_grade(student: Enrollment, job: GradingJob) -> None:
    def grade() -> None:
        services.job_started(job.key, job.attempt, "host0")
        publish(f"job:{job.key}", {"t": "phase", "phase": "running"})
        services.job_finished(result(job, total=1))

    states = async_to_sync(watch)(student, f"/entregas/{job.submission.pk}/eventos/", grade)
    assert states[0]["state"] == "queued"
    assert (states[-1]["state"], states[-1]["points"], states[-1]["phase"]) == ("graded", 60, None)
    assert len({json.dumps(state) for state in states}) == len(states)


def test_it_goes_on_without_redis(student: Enrollment, job: GradingJob, redis_down: Callable[[], None]) -> None:
    def grade() -> None:
        services.job_finished(result(job, total=1))

    states = async_to_sync(watch)(student, f"/entregas/{job.submission.pk}/eventos/", grade)
    assert [state["state"] for state in states] == ["queued", "graded"]


def test_a_finished_one_is_told_at_once(student: Enrollment, job: GradingJob) -> None:
    services.job_finished(result(job, total=1))
    headers = {"Last-Event-ID": "9999999999999-0"}
    states = async_to_sync(watch)(student, f"/entregas/{job.submission.pk}/eventos/", lambda: None, **headers)
    assert [state["state"] for state in states] == ["graded"]


def test_a_person_holds_open_only_so_many(
    student: Enrollment, job: GradingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(live._open, student.user.pk, 100)

    async def ask() -> int:
        client = AsyncClient()
        await client.aforce_login(student.user, backend="portal.accounts.sessions.PortalBackend")
        return (await client.get(f"/entregas/{job.submission.pk}/eventos/")).status_code

    assert async_to_sync(ask)() == 429
