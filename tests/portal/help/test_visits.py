"""Looking on and typing together: only who helps, only as long as the student lets them, and all written down."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient, Client

from portal.accounts.models import User
from portal.core import blobs, queue
from portal.courses.models import Enrollment
from portal.grading import services
from portal.help import hands, visits
from portal.help.models import AppendOnly, Entry, Typing, Visit
from portal.help.presenting import student_json, visit_json
from portal.labsessions.models import LabSession, Workspace
from portal.operations.services import sweep
from tests.portal.factories import UserFactory, WorkspaceFactory, soon
from tests.portal.help.conftest import BACKEND, browser_of
from workers import tickets


def acts() -> list[str]:
    """What the record says, oldest first."""
    return list(Entry.objects.order_by("pk").values_list("act", flat=True))


def put(client: Client, visit: Visit, text: str = "ayuda\n", base: int = 0) -> Any:
    body = {"text": text, "base_version": base}
    return client.put(f"/ayuda/visita/{visit.pk}/archivos/main.py", body, content_type="application/json")


def allow(visit: Visit) -> Typing:
    """The instructor asks, the student says yes."""
    typing = visits.ask(visit)
    visits.answer(visit.workspace, typing.pk, True)
    return typing


def ticket_of(client: Client, visit: Visit, session: LabSession, ui: str = "jupyter") -> Any:
    address = f"/ayuda/visita/{visit.pk}/sesion/{session.key}/ticket/"
    return client.post(address, {"ui": ui}, content_type="application/json")


def test_looking_shows_the_students_lab_and_tells_the_student(
    workspace: Workspace, signed_in: Client, theirs: Client, instructor: User
) -> None:
    signed_in.put("/lab/suma/archivos/main.py", {"text": "mío\n", "base_version": 0}, content_type="application/json")
    page = theirs.post(f"/ayuda/mirar/{workspace.pk}/", follow=True)
    config = page.context["config"]
    assert config["visit"]["student"] == str(workspace.enrollment.user)
    assert config["files"][0]["text"] == "mío\n"
    (seen,) = signed_in.get("/lab/suma/ayuda/").json()["visits"]
    assert (seen["name"], seen["typing"]) == (str(instructor), None)
    assert acts() == ["looked"]


def test_the_looking_page_knows_no_address_of_the_students_own(visit: Visit, theirs: Client) -> None:
    urls = theirs.get(f"/ayuda/visita/{visit.pk}/").context["config"]["urls"]
    assert "submissions" not in urls
    assert "stop" not in urls
    assert all(url.startswith(("/ayuda/visita/", "/entregas/")) for url in urls.values())


def test_a_second_window_is_the_same_visit(workspace: Workspace, instructor: User, visit: Visit) -> None:
    assert visits.begin(workspace, instructor) == visit
    assert acts() == ["looked"]


def test_who_may_not_look_finds_nothing(
    workspace: Workspace, visit: Visit, session: LabSession, strangers: dict[str, User]
) -> None:
    key = session.key
    addresses = [
        ("post", f"/ayuda/mirar/{workspace.pk}/"),
        *(("get", f"/ayuda/visita/{visit.pk}/{end}") for end in ("", "eventos/", "archivos/main.py")),
        *(("get", f"/ayuda/visita/{visit.pk}/sesion/{key}/{end}") for end in ("", "eventos/")),
        *(("post", f"/ayuda/visita/{visit.pk}/{end}") for end in ("terminar/", "teclado/", "sesion/")),
        ("delete", f"/ayuda/visita/{visit.pk}/teclado/"),
        ("put", f"/ayuda/visita/{visit.pk}/archivos/main.py"),
        ("post", f"/ayuda/visita/{visit.pk}/sesion/{key}/ticket/"),
    ]
    for who, user in {**strangers, "the student": workspace.enrollment.user}.items():
        client = browser_of(user)
        for method, address in addresses:
            assert getattr(client, method)(address).status_code == 404, (who, method, address)
    for method, address in addresses:
        assert getattr(Client(), method)(address).status_code in (302, 401), (method, address)
    assert acts() == ["looked"]


def test_another_instructors_visit_is_not_ones_own(visit: Visit) -> None:
    """Staff may look at every lab, by a visit of their own that the student sees."""
    admin = UserFactory(is_staff=True)
    client = browser_of(admin)
    assert client.get(f"/ayuda/visita/{visit.pk}/").status_code == 404
    assert client.post(f"/ayuda/mirar/{visit.workspace.pk}/", follow=True).status_code == 200
    assert [there["name"] for there in student_json(visit.workspace)["visits"]] == [str(visit.instructor), str(admin)]


def test_a_visit_ends_with_the_right_to_it(visit: Visit, theirs: Client) -> None:
    Enrollment.objects.filter(user=visit.instructor).update(role=Enrollment.Role.STUDENT)
    assert theirs.get(f"/ayuda/visita/{visit.pk}/archivos/main.py").status_code == 404


def test_a_visit_reaches_no_other_lab(visit: Visit, theirs: Client) -> None:
    other = WorkspaceFactory()
    now = soon()
    foreign = LabSession.objects.create(
        workspace=other, state="ready", created_at=now, changed_at=now, deadline=soon(hours=1)
    )
    assert ticket_of(theirs, visit, foreign).status_code == 404
    assert theirs.get(f"/ayuda/visita/{visit.pk}/sesion/{foreign.key}/").status_code == 404


def test_who_looks_gets_tickets_to_look_with_that_last_seconds(
    visit: Visit, session: LabSession, theirs: Client
) -> None:
    got = ticket_of(theirs, visit, session).json()
    found = tickets.verify(got["ticket"], session.key, "jupyter")
    assert (found.scope, found.grant) == ("read", f"visit-{visit.pk}")
    assert found.expires - soon().timestamp() <= visits.TICKET_SECONDS
    assert ticket_of(theirs, visit, session, "port-4040").status_code == 403


def test_who_looks_changes_nothing(visit: Visit, theirs: Client) -> None:
    answer = put(theirs, visit)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "read_only")
    visits.ask(visit)
    assert put(theirs, visit).status_code == 403, "asking is not having"
    assert not visit.workspace.files.exists()


def test_after_a_yes_the_instructor_types_and_it_says_who_did(
    visit: Visit, session: LabSession, theirs: Client, signed_in: Client
) -> None:
    theirs.post(f"/ayuda/visita/{visit.pk}/teclado/")
    asked = signed_in.get("/lab/suma/ayuda/").json()["visits"][0]["typing"]
    assert asked["state"] == "asked"
    body = {"request": asked["id"], "yes": True}
    said = signed_in.post("/lab/suma/ayuda/respuesta/", body, content_type="application/json").json()
    assert said["visits"][0]["typing"]["state"] == "granted"
    assert put(theirs, visit).json()["version"] == 1
    assert blobs.get(visit.workspace.files.get().sha256) == b"ayuda\n"
    entry = Entry.objects.get(act="saved")
    assert (entry.actor, entry.detail, entry.session) == (
        visit.instructor,
        {"path": "main.py", "version": 1},
        session.key,
    )
    found = tickets.verify(ticket_of(theirs, visit, session).json()["ticket"], session.key, "jupyter")
    assert (found.scope, found.grant) == ("write", f"typing-{asked['id']}")
    assert acts() == ["looked", "asked", "allowed", "saved"]


def test_two_who_type_at_once_overwrite_nothing(visit: Visit, theirs: Client, signed_in: Client) -> None:
    allow(visit)
    put(theirs, visit, "suyo\n")
    body = {"text": "mío\n", "base_version": 0}
    answer = signed_in.put("/lab/suma/archivos/main.py", body, content_type="application/json")
    assert (answer.status_code, answer.json()["text"]) == (409, "suyo\n")
    assert put(theirs, visit, "otra vez\n", 1).json()["version"] == 2
    assert put(theirs, visit, "tarde\n", 1).status_code == 409
    assert acts().count("saved") == 2, "what wasn't stored isn't in the record"


def test_the_student_ends_typing_at_once(visit: Visit, session: LabSession, theirs: Client, signed_in: Client) -> None:
    allow(visit)
    signed_in.delete(f"/lab/suma/ayuda/visitas/{visit.pk}/teclado/")
    assert put(theirs, visit).status_code == 403
    found = tickets.verify(ticket_of(theirs, visit, session).json()["ticket"], session.key, "jupyter")
    assert found.scope == "read"
    assert acts()[-1] == "revoked"


def test_the_student_ends_looking_at_once(visit: Visit, session: LabSession, theirs: Client, signed_in: Client) -> None:
    allow(visit)
    assert signed_in.delete(f"/lab/suma/ayuda/visitas/{visit.pk}/").json()["visits"] == []
    assert ticket_of(theirs, visit, session).status_code == 404
    assert put(theirs, visit).status_code == 404
    page = theirs.get(f"/ayuda/visita/{visit.pk}/")
    assert page.url == f"/ayuda/cohorte/{visit.workspace.enrollment.cohort_id}/"
    assert acts()[-1] == "left"
    assert not Typing.objects.filter(state__in=Typing.OPEN).exists()


def test_a_no_is_a_no(visit: Visit, theirs: Client, signed_in: Client) -> None:
    typing = visits.ask(visit)
    body = {"request": typing.pk, "yes": False}
    signed_in.post("/lab/suma/ayuda/respuesta/", body, content_type="application/json")
    assert put(theirs, visit).status_code == 403
    assert visit_json(visit)["last"] == "refused"
    assert acts() == ["looked", "asked", "refused"]


def test_no_answer_is_a_no(visit: Visit, theirs: Client, signed_in: Client) -> None:
    typing = visits.ask(visit)
    Typing.objects.update(until=soon(seconds=-1))
    body = {"request": typing.pk, "yes": True}
    answer = signed_in.post("/lab/suma/ayuda/respuesta/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "lapsed")
    sweep()
    typing.refresh_from_db()
    assert typing.state == "lapsed"
    assert put(theirs, visit).status_code == 403
    assert acts() == ["looked", "asked", "lapsed"]


@pytest.mark.parametrize("body", [{}, {"request": "x", "yes": True}, {"request": True, "yes": True}])
def test_an_answer_that_says_neither_is_refused(visit: Visit, signed_in: Client, body: dict[str, Any]) -> None:
    visits.ask(visit)
    assert signed_in.post("/lab/suma/ayuda/respuesta/", body, content_type="application/json").status_code == 422
    assert visits.may_type(visit) is None


def test_nobody_else_can_say_yes(visit: Visit, theirs: Client, strangers: dict[str, User]) -> None:
    body = {"request": visits.ask(visit).pk, "yes": True}
    for client in (theirs, *map(browser_of, strangers.values())):
        assert client.post("/lab/suma/ayuda/respuesta/", body, content_type="application/json").status_code in (
            404,
            409,
        )
        assert client.delete(f"/lab/suma/ayuda/visitas/{visit.pk}/").status_code == 404
        assert client.delete(f"/lab/suma/ayuda/visitas/{visit.pk}/teclado/").status_code == 404
    assert visits.may_type(visit) is None
    assert list(visits.going(visit.workspace)) == [visit]


def test_typing_ends_by_itself(visit: Visit, theirs: Client) -> None:
    allow(visit)
    Typing.objects.update(until=soon(seconds=-1))
    assert put(theirs, visit).status_code == 403
    sweep()
    assert acts()[-1] == "revoked"


def test_asking_all_the_time_is_refused_for_a_while(visit: Visit, theirs: Client) -> None:
    for _time in range(visits.ASKS):
        assert theirs.post(f"/ayuda/visita/{visit.pk}/teclado/").status_code == 200
        theirs.delete(f"/ayuda/visita/{visit.pk}/teclado/")
    assert theirs.post(f"/ayuda/visita/{visit.pk}/teclado/").status_code == 429


def test_a_page_that_went_away_looks_no_longer(visit: Visit, theirs: Client, instructor: User) -> None:
    Visit.objects.update(seen_at=soon() - visits.SILENT_AFTER)
    assert student_json(visit.workspace)["visits"] == []
    assert theirs.get(f"/ayuda/visita/{visit.pk}/archivos/main.py").status_code == 404
    sweep()
    visit.refresh_from_db()
    assert visit.ended_because == Visit.Why.SILENT
    assert visits.begin(visit.workspace, instructor) != visit
    assert acts() == ["looked", "left", "looked"]


def test_an_instructor_cannot_start_hand_in_or_stop_anything(visit: Visit, theirs: Client) -> None:
    allow(visit)
    answer = theirs.post(f"/ayuda/visita/{visit.pk}/sesion/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "off")
    services.submit(visit.workspace, "a-key-0001")
    assert theirs.get(f"/entregas/{visit.workspace.submissions.get().pk}/").status_code == 200
    assert not LabSession.objects.exists()


def test_the_students_own_session_stays_theirs(visit: Visit, session: LabSession, theirs: Client) -> None:
    """The addresses of the session itself know its owner only, whoever helps."""
    allow(visit)
    assert theirs.get(f"/sesion/{session.key}/").status_code == 404
    assert theirs.post(f"/sesion/{session.key}/parar/").status_code == 404
    assert theirs.post(f"/sesion/{session.key}/ticket/", {"ui": "jupyter"}, "application/json").status_code == 404


def test_the_record_is_the_students_to_read_and_nobodys_to_change(
    visit: Visit, signed_in: Client, theirs: Client, strangers: dict[str, User]
) -> None:
    hands.raise_hand(visit.workspace, "«ayuda»")
    page = signed_in.get("/ayuda/registro/")
    assert [entry.act for entry in page.context["entries"]] == ["raised", "looked"]
    assert str(visit.instructor) in page.text
    for client in (theirs, *map(browser_of, strangers.values())):
        assert list(client.get("/ayuda/registro/").context["entries"]) == []
    assert Client().get("/ayuda/registro/").status_code == 302
    entry = Entry.objects.latest("pk")
    for change in (entry.save, entry.delete, Entry.objects.all().delete, lambda: Entry.objects.update(act="left")):
        with pytest.raises(AppendOnly):
            change()


def test_staff_read_the_record_in_the_administration(visit: Visit) -> None:
    client = browser_of(UserFactory(is_staff=True, is_superuser=True))
    assert str(visit.instructor) in client.get("/admin/help/entry/").text
    entry = Entry.objects.get()
    assert client.post(f"/admin/help/entry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_streams_say_what_changed_and_end_with_the_visit(
    workspace: Workspace, instructor: User, session: LabSession
) -> None:
    visit = visits.begin(workspace, instructor)

    async def follow(address: str, then: Any) -> list[dict[str, Any]]:
        client = AsyncClient()
        await client.aforce_login(instructor, backend=BACKEND)
        answer = await client.get(address)
        assert answer.status_code == 200
        states: list[dict[str, Any]] = []
        async with asyncio.timeout(30):
            async for chunk in answer.streaming_content:
                for line in chunk.decode().splitlines():
                    if line.startswith("data: "):
                        states.append(json.loads(line.removeprefix("data: ")))
                        if len(states) == 1:
                            await sync_to_async(then)()
        return states

    def lower_the_curtain() -> None:
        allow(visit)
        visits.end(visit, Visit.Why.STUDENT, workspace.enrollment.user)

    states = async_to_sync(follow)(f"/ayuda/visita/{visit.pk}/eventos/", lower_the_curtain)
    assert states[0]["session"] == session.key
    assert states[-1] == {"going": False, "because": "student"}

    again = visits.begin(workspace, instructor)
    address = f"/ayuda/visita/{again.pk}/sesion/{session.key}/eventos/"

    def end() -> None:
        visits.end(again, Visit.Why.STUDENT, workspace.enrollment.user)
        queue.publish(f"session:{session.key}", {"t": "state"})

    assert [state["state"] for state in async_to_sync(follow)(address, end)] == ["ready"]
