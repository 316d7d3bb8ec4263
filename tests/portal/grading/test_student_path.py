"""The student's way through the portal's own part: sign in, read, edit, submit, see the grade."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.courses.models import Enrollment
from portal.grading import services
from portal.grading.models import GradingJob
from tests.portal.factories import PASSWORD, result


@pytest.mark.django_db(transaction=True)
def test_from_signing_in_to_the_grade(client: Client, student: Enrollment, queued) -> None:
    page = client.post("/entrar/", {"username": student.user.username, "password": PASSWORD}, follow=True)
    assert page.redirect_chain[-1][0] == "/curso/ml/"
    assert client.get("/curso/ml/paralelismo/").status_code == 200
    page = client.get("/lab/suma/")
    assert page.context["config"]["files"][0]["path"] == "main.py"

    saved = client.put(
        "/lab/suma/archivos/main.py",
        {"text": "def suma(xs):\n    return sum(xs)\n", "base_version": 0},
        content_type="application/json",
    )
    assert saved.json()["version"] == 1
    submitted = client.post("/lab/suma/entregas/", headers={"Idempotency-Key": "once-0001"})
    assert submitted.status_code == 201
    assert submitted.json()["state"] == "queued"
    assert [message["task"] for message in queued("grading")] == ["workers.grade"]

    job = GradingJob.objects.get()
    services.job_finished(result(job, total=1, speed=0.5, secret=0))
    graded = client.get(f"/entregas/{submitted.json()['id']}/").json()
    assert (graded["state"], graded["points"], graded["max_points"], graded["passed"]) == ("graded", 70, 100, True)
