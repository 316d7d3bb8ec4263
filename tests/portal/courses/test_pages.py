"""Course pages: for who is enrolled, in few queries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from portal.courses.models import Enrollment
from tests.portal.factories import CohortFactory, EnrollmentFactory, UserFactory, build_environment

MOST_QUERIES = 12


@pytest.mark.parametrize(
    ("path", "clocks"), [("/curso/ml/", 0), ("/curso/ml/paralelismo/", 0), ("/curso/ml/spark/", 0), ("/lab/suma/", 2)]
)
def test_a_page_costs_few_queries(
    signed_in: Client, path: str, clocks: int, django_assert_max_num_queries: Callable[..., object]
) -> None:
    """Beside those, PostgreSQL is asked for the time where a page tells how long is left."""
    build_environment()
    signed_in.post("/lab/suma/sesion/")
    for number in range(3):
        signed_in.post("/lab/suma/entregas/", headers={"Idempotency-Key": f"number-{number}"})
    asked = clocks if connection.vendor == "postgresql" else 0
    with django_assert_max_num_queries(MOST_QUERIES + asked):
        assert signed_in.get(path).status_code == 200


def test_the_page_shows_the_topic_with_its_neighbours(signed_in: Client) -> None:
    page = signed_in.get("/curso/ml/paralelismo/")
    assert [lab.id for lab in page.context["labs"]] == ["suma"]
    assert page.context["previous"] is None
    assert page.context["next"].url == "/curso/ml/spark/"
    assert 'src="/curso/ml/figuras/01-paralelismo/esquema.svg"' in page.content.decode()


def test_figures_come_as_pictures_that_run_nothing(signed_in: Client) -> None:
    answer = signed_in.get("/curso/ml/figuras/01-paralelismo/esquema.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    b"".join(answer.streaming_content)
    for name in ("otro.svg", "..%2fmodule.yaml", "module.yaml"):
        assert signed_in.get(f"/curso/ml/figuras/01-paralelismo/{name}").status_code == 404


def test_who_is_not_enrolled_sees_nothing(client: Client, course: None) -> None:
    assert client.get("/").context["courses"] == []
    for path in ("/curso/ml/", "/curso/ml/paralelismo/", "/lab/suma/"):
        assert client.get(path).headers["Location"].startswith("/entrar/")
    client.force_login(UserFactory(), backend="portal.accounts.sessions.PortalBackend")
    assert client.get("/").context["courses"] == []
    for path in (
        "/curso/ml/",
        "/curso/ml/paralelismo/",
        "/lab/suma/",
        "/curso/ml/figuras/01-paralelismo/esquema.svg",
    ):
        assert client.get(path).status_code == 404


def test_unknown_addresses_are_404(signed_in: Client) -> None:
    for path in ("/curso/otro/", "/curso/ml/99-nada/", "/lab/nada/", "/invitacion/nada/"):
        assert signed_in.get(path).status_code == 404


def test_the_newest_cohort_counts(signed_in: Client, student: Enrollment) -> None:
    newer = EnrollmentFactory(user=student.user, cohort=CohortFactory())
    assert signed_in.get("/curso/ml/").context["enrollment"] == newer
