"""Django's admin: for the admin, and only to look at what files and graders decide."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.grading import services
from portal.grading.models import GradingJob
from portal.labsessions.models import Workspace
from tests.portal.factories import EnrollmentFactory, InviteFactory, UserFactory

BACKEND = "portal.accounts.sessions.PortalBackend"
LISTS = (
    "accounts/user",
    "courses/cohort",
    "courses/enrollment",
    "courses/invite",
    "courses/lab",
    "labsessions/labsession",
    "labsessions/environmentbuild",
    "labsessions/workspace",
    "labsessions/host",
    "grading/submission",
    "grading/gradingjob",
    "grading/grade",
)


@pytest.fixture
def admin(client: Client, workspace: Workspace) -> Client:
    client.force_login(UserFactory(is_staff=True, is_superuser=True), backend=BACKEND)
    InviteFactory()
    services.submit(workspace, "a-key-0001")
    return client


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens(admin: Client, name: str) -> None:
    assert admin.get(f"/admin/{name}/").status_code == 200


def test_what_the_files_say_is_not_edited_here(admin: Client, workspace: Workspace) -> None:
    assert admin.get("/admin/courses/lab/add/").status_code == 403
    page = admin.get(f"/admin/courses/lab/{workspace.lab.pk}/change/")
    assert b'name="_save"' not in page.content


def test_a_stuck_job_is_sent_back_to_the_queue(admin: Client) -> None:
    GradingJob.objects.update(state="needs_staff")
    chosen = {"action": "try_again", "_selected_action": [GradingJob.objects.get().pk]}
    admin.post("/admin/grading/gradingjob/", chosen)
    assert GradingJob.objects.get().state == "waiting"


def test_students_and_instructors_stay_outside(client: Client, course: None) -> None:
    client.force_login(EnrollmentFactory(role="instructor").user, backend=BACKEND)
    assert client.get("/admin/").status_code == 302
