"""A student, the instructor of their cohort, and those who must find nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.courses.models import Enrollment
from portal.help import visits
from portal.help.models import Visit
from portal.labsessions.models import LabSession, Workspace
from tests.portal.factories import EnrollmentFactory, UserFactory, build_environment, soon

BACKEND = "portal.accounts.sessions.PortalBackend"
SignIn = Callable[[User], Client]


def browser_of(user: User) -> Client:
    """A browser in which somebody is signed in."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def instructor(student: Enrollment) -> User:
    found: User = EnrollmentFactory(cohort=student.cohort, role=Enrollment.Role.INSTRUCTOR).user
    return found


@pytest.fixture
def strangers(student: Enrollment) -> dict[str, User]:
    """Everyone who may not help this student."""
    return {
        "another student": EnrollmentFactory(cohort=student.cohort).user,
        "the instructor of another cohort": EnrollmentFactory(role=Enrollment.Role.INSTRUCTOR).user,
        "nobody's": UserFactory(),
    }


@pytest.fixture
def theirs(instructor: User) -> Client:
    return browser_of(instructor)


@pytest.fixture
def visit(workspace: Workspace, instructor: User) -> Visit:
    return visits.begin(workspace, instructor)


@pytest.fixture
def session(workspace: Workspace) -> LabSession:
    build_environment()
    now = soon()
    return LabSession.objects.create(
        workspace=workspace, state="ready", created_at=now, changed_at=now, deadline=soon(hours=1)
    )
