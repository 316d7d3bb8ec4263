"""What a reader has read and where they were: kept by name, so that a sync loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from labs.catalog import load
from portal.courses.models import Enrollment, LastPlace, Page, PageRead, Topic
from portal.courses.progress import QuizCard, register_quizzes
from portal.courses.sync import sync
from tests.portal.factories import CohortFactory, EnrollmentFactory, UserFactory

BACKEND = "portal.accounts.sessions.PortalBackend"
PAGE = "/curso/ml/paralelismo/"


def read(client: Client, path: str = PAGE, said: str = "yes") -> int:
    return client.post(f"{path}leida", {"read": said}, headers={"X-Requested-With": "fetch"}).status_code


def quiz(topic: Topic, *, passed: bool) -> QuizCard:
    return QuizCard(
        key=topic.slug,
        module=topic.module_id,
        topic=topic.pk,
        title=topic.title,
        url="/",
        questions=1,
        due_at=None,
        points=float(passed),
        max_points=1,
        passed=passed,
        attempts=1,
        open=False,
    )


def test_a_page_is_marked_and_the_mark_is_taken_back(signed_in: Client, student: Enrollment) -> None:
    assert read(signed_in) == 204
    assert read(signed_in) == 204
    assert list(student.reads.values_list("page", flat=True)) == ["paralelismo"]
    assert signed_in.get(PAGE).context["read"]
    read(signed_in, said="no")
    assert not student.reads.exists()
    assert not signed_in.get(PAGE).context["read"]


def test_without_a_script_the_mark_leads_back_to_the_page(signed_in: Client) -> None:
    answer = signed_in.post(f"{PAGE}leida", {"read": "yes"})
    assert answer.headers["Location"] == f"{PAGE}#read-mark"


def test_each_kind_of_progress_has_its_own_count(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.courses.progress._card_sources", [])
    first, second = Topic.objects.all()
    register_quizzes(lambda _course, _enrollment, _topic: [quiz(first, passed=True), quiz(second, passed=False)])
    read(signed_in)
    context = signed_in.get("/curso/ml/").context
    for reached in (context["reached"], context["modules"][0].reached):
        assert (reached.pages, reached.quizzes, reached.labs) == ((1, 2), (1, 2), (0, 2))


def test_a_course_without_quizzes_counts_none(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.courses.progress._card_sources", [])
    assert signed_in.get("/curso/ml/").context["reached"].quizzes == (0, 0)


def test_the_course_leads_on_from_the_last_page_and_its_heading(signed_in: Client, student: Enrollment) -> None:
    assert not signed_in.get("/curso/ml/").context["been_here"]
    signed_in.get("/curso/ml/spark/")
    signed_in.post("/curso/ml/spark/lugar", {"anchor": "primera-parte"})
    place = signed_in.get("/curso/ml/").context["place"]
    assert (place.url, place.heading) == ("/curso/ml/spark/#primera-parte", "Primera parte")
    signed_in.post("/curso/ml/spark/lugar", {"anchor": "no-hay"})
    assert signed_in.get("/curso/ml/").context["place"].url == "/curso/ml/spark/"


def test_a_heading_of_a_page_that_was_left_long_ago_is_no_place(signed_in: Client, student: Enrollment) -> None:
    signed_in.get(PAGE)
    signed_in.post("/curso/ml/spark/lugar", {"anchor": "primera-parte"})
    assert signed_in.get("/curso/ml/").context["place"].url == PAGE


def test_the_course_leads_on_to_a_lab(signed_in: Client, student: Enrollment) -> None:
    signed_in.get(PAGE)
    assert signed_in.post("/lab/suma/abierto").status_code == 204
    assert signed_in.get("/curso/ml/").context["place"].url == "/lab/suma/"


def test_a_sync_that_writes_pages_anew_loses_nothing(signed_in: Client, student: Enrollment, content: Path) -> None:
    read(signed_in)
    signed_in.get(PAGE)
    Page.objects.all().delete()
    sync(load(content))
    assert PageRead.objects.filter(enrollment=student, page="paralelismo").exists()
    assert signed_in.get(PAGE).context["read"]
    assert signed_in.get("/curso/ml/").context["place"].url == PAGE


def test_a_page_that_is_gone_is_no_place_to_go_on(signed_in: Client, student: Enrollment) -> None:
    signed_in.get("/curso/ml/spark/")
    LastPlace.objects.update(slug="ya-no")
    assert signed_in.get("/curso/ml/").context["place"].url == PAGE


def test_reading_time_counts_words_and_code(course: None) -> None:
    assert Page.objects.get(slug="spark").minutes == {"es": 1, "en": 1}


@pytest.mark.parametrize("path", [f"{PAGE}leida", f"{PAGE}lugar", "/lab/suma/abierto"])
def test_marks_are_for_who_is_enrolled(client: Client, course: None, path: str) -> None:
    assert client.post(path).status_code in (302, 401)
    for user in (UserFactory(), UserFactory(is_staff=True)):
        client.force_login(user, backend=BACKEND)
        assert client.post(path, {"read": "yes"}).status_code == 404
    assert not PageRead.objects.exists()


def _after(content: Path) -> None:
    module = content / "courses/ml/02-paralelo/module.yaml"
    module.write_text(
        module.read_text().replace("marked: true, labs: [cuenta]", "after: [paralelismo], labs: [cuenta]")
    )
    sync(load(content))


def test_prerequisites_are_shown_and_free_by_default(signed_in: Client, student: Enrollment, content: Path) -> None:
    _after(content)
    page = signed_in.get("/curso/ml/spark/")
    assert [(card.slug, card.read) for card in page.context["before"]] == [("paralelismo", False)]
    read(signed_in)
    assert signed_in.get("/curso/ml/spark/").context["before"][0].read


def test_a_cohort_can_have_its_pages_read_in_order(signed_in: Client, student: Enrollment, content: Path) -> None:
    _after(content)
    student.cohort.enforce_order = True
    student.cohort.save()
    refused = signed_in.get("/curso/ml/spark/")
    assert "courses/first.html" in [template.name for template in refused.templates]
    assert [card.slug for card in refused.context["first"]] == ["paralelismo"]
    read(signed_in)
    assert "body" in signed_in.get("/curso/ml/spark/").context


@pytest.mark.parametrize("role", ["instructor", "staff"])
def test_who_teaches_reads_in_any_order(client: Client, course: None, content: Path, role: str) -> None:
    _after(content)
    cohort = CohortFactory(enforce_order=True)
    user = UserFactory(is_staff=role == "staff")
    if role == "instructor":
        EnrollmentFactory(user=user, cohort=cohort, role="instructor")
    client.force_login(user, backend=BACKEND)
    assert "body" in client.get("/curso/ml/spark/").context


@pytest.mark.parametrize(("role", "filters"), [("student", False), ("instructor", True)])
def test_only_who_teaches_filters_by_the_syllabus_marks(client: Client, course: None, role: str, filters: bool) -> None:
    enrollment = EnrollmentFactory(role=role)
    client.force_login(enrollment.user, backend=BACKEND)
    assert client.get("/curso/ml/?marcadas").context["only_marked"] is filters


def test_a_page_brings_the_definitions_of_its_own_terms(signed_in: Client, content: Path) -> None:
    folder = content / "courses/ml/glossary"
    folder.mkdir()
    (folder / "uno.yaml").write_text(
        "terms:\n"
        "  - {id: nodo, term: {es: nodo, en: node}, definition: {es: Una máquina., en: A machine.}}\n"
        "  - {id: otro, term: {es: otro, en: other}, definition: {es: Otra cosa., en: Else.}}\n"
    )
    for language in ("es", "en"):
        page = content / f"courses/ml/02-paralelo/pages/02-spark/spark.{language}.md"
        page.write_text(page.read_text() + "\nUn [nodo](glosario:nodo).\n")
    sync(load(content))
    terms = signed_in.get("/curso/ml/spark/").context["reading"]["terms"]
    assert terms == {"nodo": {"term": "nodo", "other": "node", "definition": "Una máquina."}}


def test_the_worker_looks_after_the_whole_portal_but_is_never_stale(client: Client, db: None) -> None:
    answer = client.get("/lector.js")
    assert answer.headers["Content-Type"] == "text/javascript"
    assert "no-cache" in answer.headers["Cache-Control"]
    answer.close()


def test_the_page_for_no_connection_names_nobody(client: Client, db: None) -> None:
    assert b"data-reader" not in client.get("/sin-conexion/").content
