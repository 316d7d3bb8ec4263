"""Certificates: earned by the cohort's rule, issued once, true for ever, verified by anybody."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.contrib.admin.sites import site
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from portal.courses import certificates
from portal.courses.certificate_pdf import draw
from portal.courses.models import Certificate, Course, Enrollment
from portal.courses.progress import LabProgress
from portal.courses.reading import set_read
from portal.courses.reading_views import MOST_MISSES
from tests.portal.factories import EnrollmentFactory, UserFactory

BACKEND = "portal.accounts.sessions.PortalBackend"
GET = "/curso/ml/certificado"
PDF = "/curso/ml/certificado.pdf"


@pytest.fixture
def labs_passed(monkeypatch: pytest.MonkeyPatch) -> dict[str, LabProgress]:
    """What labs were passed; change it to change that."""
    passed = {lab: LabProgress(100, 1) for lab in ("suma", "cuenta")}
    monkeypatch.setattr("portal.courses.progress._sources", [lambda _enrollment: passed])
    return passed


@pytest.fixture
def finished(student: Enrollment, labs_passed: dict[str, LabProgress]) -> Enrollment:
    """A student who has read every page and passed every lab."""
    student.user.first_name, student.user.last_name = "Íñigo", "Núñez Güell"
    student.user.save()
    for page in ("paralelismo", "spark"):
        set_read(student, page, True)
    return student


@pytest.fixture
def issued(signed_in: Client, finished: Enrollment) -> Certificate:
    signed_in.post(GET)
    return Certificate.objects.get()


def test_it_comes_with_the_last_page_and_the_last_lab(
    signed_in: Client, finished: Enrollment, labs_passed: dict[str, LabProgress]
) -> None:
    del labs_passed["cuenta"]
    assert not signed_in.get("/curso/ml/").context["standing"].earned
    signed_in.post(GET)
    assert not Certificate.objects.exists()
    labs_passed["cuenta"] = LabProgress(60, 3)
    set_read(finished, "spark", False)
    assert not signed_in.get("/curso/ml/").context["standing"].earned
    set_read(finished, "spark", True)
    assert signed_in.get("/curso/ml/").context["standing"].earned
    assert signed_in.post(GET).headers["Location"] == PDF


def test_a_cohort_may_ask_for_a_share(
    signed_in: Client, finished: Enrollment, labs_passed: dict[str, LabProgress]
) -> None:
    del labs_passed["cuenta"]
    set_read(finished, "spark", False)
    finished.cohort.certificate_share = 50
    finished.cohort.save()
    assert signed_in.get("/curso/ml/").context["standing"].earned


def test_it_is_issued_once_and_keeps_what_it_says(signed_in: Client, issued: Certificate) -> None:
    Course.objects.update(titles={"es": "Otro", "en": "Other"})
    issued.enrollment.user.first_name = "Otra"
    issued.enrollment.user.save()
    signed_in.post(GET)
    assert list(Certificate.objects.values_list("code", "name")) == [(issued.code, "Íñigo Núñez Güell")]
    assert signed_in.get(f"/certificado/{issued.code}/").context["title"] == "ML a escala"


def test_the_sheet_is_one_page_lying_with_the_words_of_the_certificate(issued: Certificate, signed_in: Client) -> None:
    answer = signed_in.get(PDF)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.content.startswith(b"%PDF")
    assert b"/MediaBox [ 0 0 841.8898 595.2756 ]" in answer.content
    assert answer.content.count(b"/Type /Page\n") == 1


def test_names_that_no_font_knows_are_still_a_sheet(issued: Certificate) -> None:
    issued.name = "Nguyễn Ивано́в " * 20
    assert BytesIO(draw(issued, "https://portal.example.org/certificado/x/")).read(4) == b"%PDF"


def test_only_students_get_one(client: Client, course: None, labs_passed: dict[str, LabProgress]) -> None:
    instructor = EnrollmentFactory(role="instructor")
    client.force_login(instructor.user, backend=BACKEND)
    assert client.get("/curso/ml/").context["standing"] is None
    client.post(GET)
    assert not Certificate.objects.exists()


def test_nobody_sees_the_sheet_of_another(client: Client, issued: Certificate) -> None:
    for user in (UserFactory(), UserFactory(is_staff=True), EnrollmentFactory().user):
        client.force_login(user, backend=BACKEND)
        assert client.get(PDF).status_code == 404
        assert client.post(GET).status_code in (302, 404)
    assert Certificate.objects.count() == 1


def test_anybody_verifies_it_and_learns_name_course_and_date(client: Client, issued: Certificate) -> None:
    client.logout()
    page = client.get(f"/certificado/{issued.code}/")
    text = page.content.decode()
    assert "Íñigo Núñez Güell" in text
    assert "ML a escala" in text
    assert "noindex" in page.headers["X-Robots-Tag"]
    for private in (issued.cohort, issued.enrollment.user.username):
        assert private not in text


def test_an_unknown_code_says_so_and_guessing_ends(client: Client, issued: Certificate) -> None:
    client.logout()
    for _ in range(MOST_MISSES):
        assert client.get("/certificado/nada-nada-nada/").status_code == 404
    assert client.get("/certificado/nada-nada-nada/").status_code == 429
    assert client.get(f"/certificado/{issued.code}/").status_code == 429


def test_a_revoked_one_says_so_and_has_no_sheet(signed_in: Client, issued: Certificate) -> None:
    assert certificates.revoke(Certificate.objects.all()) == 1
    assert certificates.revoke(Certificate.objects.all()) == 0
    page = signed_in.get(f"/certificado/{issued.code}/").content.decode()
    assert "<dl" not in page
    assert "revocado" in page
    assert signed_in.get(PDF).status_code == 404
    assert signed_in.post(GET).headers["Location"] == PDF  # none is issued in its place
    assert Certificate.objects.count() == 1


def test_it_outlives_the_account(issued: Certificate, client: Client) -> None:
    issued.enrollment.user.delete()
    assert client.get(f"/certificado/{issued.code}/").status_code == 200


def test_an_instructor_revokes_those_of_their_cohort_in_the_administration(client: Client, issued: Certificate) -> None:
    says = {"name": "Otra", "titles": {"es": "x"}, "hours": 1, "language": "es", "issued_at": timezone.now()}
    other = Certificate.objects.create(enrollment=EnrollmentFactory(), **says)
    teacher = EnrollmentFactory(cohort=issued.enrollment.cohort, role="instructor", user=UserFactory(is_staff=True))
    allowed = Permission.objects.filter(codename__in=["view_certificate", "change_certificate"])
    teacher.user.user_permissions.set(allowed)
    client.force_login(teacher.user, backend=BACKEND)
    chosen = {"action": "revoke", "_selected_action": [issued.pk, other.pk]}
    client.post("/admin/courses/certificate/", chosen)
    issued.refresh_from_db()
    other.refresh_from_db()
    assert issued.revoked_at
    assert not other.revoked_at
    assert not site.get_model_admin(Certificate).has_delete_permission(client.request().wsgi_request)
