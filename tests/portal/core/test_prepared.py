"""Queries whose SQL is made once give what Django's give."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import DateTimeField
from django.test.utils import CaptureQueriesContext

from portal.core.prepared import Parameter, Prepared
from portal.courses.models import Enrollment
from tests.portal.factories import EnrollmentFactory

pytestmark = pytest.mark.usefixtures("course")

JOINED = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)


def of_user() -> Prepared[Enrollment]:
    return Prepared(lambda: Enrollment.objects.of(Parameter("user")))


def test_each_call_gives_the_rows_of_its_own_values() -> None:
    first, second = EnrollmentFactory(), EnrollmentFactory()
    found = of_user()
    assert [found(user=one.user_id) for one in (first, second, first)] == [[first], [second], [first]]


def test_a_row_is_a_model_with_what_belongs_to_it_and_asks_nothing_more() -> None:
    enrollment = EnrollmentFactory()
    found = of_user()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        row = found.first(user=enrollment.user_id)
        assert row is not None
        assert (row.cohort.course.title, row.joined_at) == (enrollment.cohort.course.title, enrollment.joined_at)
    assert len(asked) == 1


def test_a_row_can_be_changed_and_saved() -> None:
    enrollment = EnrollmentFactory()
    row = of_user().first(user=enrollment.user_id)
    assert row is not None
    row.role = Enrollment.Role.INSTRUCTOR
    row.save()
    enrollment.refresh_from_db()
    assert enrollment.role == Enrollment.Role.INSTRUCTOR


def test_what_was_written_since_the_last_call_is_there() -> None:
    enrollment = EnrollmentFactory()
    found = of_user()
    assert len(found(user=enrollment.user_id)) == 1
    EnrollmentFactory(user=enrollment.user)
    assert len(found(user=enrollment.user_id)) == 2


def test_nothing_found_is_no_row() -> None:
    assert of_user()(user=0) == []
    assert of_user().first(user=0) is None


def test_columns_and_dates_come_and_go_as_python_has_them() -> None:
    enrollment = EnrollmentFactory()
    Enrollment.objects.filter(pk=enrollment.pk).update(joined_at=JOINED)
    since = Prepared(
        lambda: Enrollment.objects.filter(joined_at__gte=Parameter("day", DateTimeField())).values_list(
            "role", "joined_at"
        )
    )
    assert since(day=JOINED) == [("student", JOINED)]
    assert since(day=JOINED + timedelta(seconds=1)) == []


def test_text_is_a_value_whatever_it_says() -> None:
    enrollment = EnrollmentFactory()
    named = Prepared(lambda: Enrollment.objects.filter(cohort__name=Parameter("name")).values_list("pk", flat=True))
    assert named(name=enrollment.cohort.name) == [enrollment.pk]
    assert named(name="x' OR '1'='1") == []
    assert named(name="100 %s") == []


def test_a_value_that_the_call_lacks_is_an_error() -> None:
    with pytest.raises(KeyError, match="user"):
        of_user()(name="x")


@pytest.mark.django_db(transaction=True)
def test_threads_with_connections_of_their_own_share_one_query() -> None:
    people = [EnrollmentFactory() for _ in range(6)]
    found = of_user()

    def own(one: Enrollment) -> bool:
        try:
            return all(found(user=one.user_id) == [one] for _ in range(30))
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        assert all(pool.map(own, people))
