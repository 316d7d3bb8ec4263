"""Every save can be gone back to, and going back is a save of its own."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.courses.models import Enrollment
from portal.labsessions.models import FileVersion, Workspace, WorkspaceFile
from tests.portal.factories import EnrollmentFactory

FILES = "/lab/suma/archivos/"
VERSIONS = "/lab/suma/versiones/"


def put(client: Client, path: str, text: str, base: int = 0) -> Any:
    return client.put(f"{FILES}{path}", {"text": text, "base_version": base}, content_type="application/json")


def save_all(client: Client, *entries: Any) -> Any:
    return client.post(FILES, {"save": list(entries)}, content_type="application/json")


def entry(path: str, text: str, base: int) -> dict[str, Any]:
    return {"path": path, "text": text, "base_version": base}


@pytest.fixture
def own(signed_in: Client) -> Client:
    """main.py saved twice, a note of the student's once."""
    put(signed_in, "main.py", "uno\n")
    put(signed_in, "main.py", "dos\n", 1)
    put(signed_in, "notas.md", "nota\n")
    return signed_in


def test_each_save_of_a_file_is_listed_with_time_and_size(own: Client) -> None:
    saves = own.get(f"{VERSIONS}main.py").json()["saves"]
    assert [(save["version"], save["size"]) for save in saves] == [(2, 4), (1, 4)]
    assert saves[0]["saved_at"] > saves[1]["saved_at"]
    assert [save["path"] for save in own.get(VERSIONS).json()["saves"]] == ["notas.md", "main.py", "main.py"]
    assert own.get(f"{VERSIONS}extra.py").json() == {"saves": []}


def test_each_version_can_be_read_and_the_labs_own_too(own: Client) -> None:
    def text(version: str) -> Any:
        return own.get(f"{VERSIONS}main.py", {"version": version}).json()

    assert (text("1"), text("2")) == ({"text": "uno\n"}, {"text": "dos\n"})
    assert text("0")["text"].startswith("def suma")
    for version in ("3", "-1", "x", "9" * 30, ""):
        assert text(version)["error"]["code"] == "missing"
    assert own.get(f"{VERSIONS}notas.md", {"version": "0"}).status_code == 404
    assert own.get(f"{VERSIONS}falta.py").status_code == 404


def test_the_workspace_is_shown_as_it_was_at_a_time(own: Client) -> None:
    first, second = FileVersion.objects.filter(file__path="main.py").order_by("version")
    then = own.get(VERSIONS, {"at": first.saved_at.isoformat()}).json()["files"]
    assert then == {"main.py": "uno\n", "extra.py": "# tuyo\n"}
    own.delete(f"{FILES}notas.md")
    before = FileVersion.objects.get(file__path="notas.md").saved_at.isoformat()
    assert own.get(VERSIONS, {"at": before}).json()["files"]["notas.md"] == "nota\n", "deleted later"
    assert own.get(VERSIONS, {"at": second.saved_at.isoformat()}).json()["files"]["main.py"] == "dos\n"
    starter = own.get(VERSIONS, {"at": "starter"}).json()["files"]
    assert set(starter) == {"main.py", "extra.py"}
    assert starter["main.py"].startswith("def suma")


@pytest.mark.parametrize("moment", ["", "ayer", "2026-02-31T00:00:00Z", "2026-01-01T00:00:00", "9" * 400])
def test_what_is_no_time_is_refused(own: Client, moment: str) -> None:
    answer = own.get(VERSIONS, {"at": moment})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_time")


def test_going_back_is_a_new_version_and_so_can_be_undone(own: Client) -> None:
    saved = save_all(own, entry("main.py", "uno\n", 2), entry("extra.py", "mio\n", 0)).json()["files"]
    assert [(file["path"], file["version"]) for file in saved] == [("main.py", 3), ("extra.py", 1)]
    assert own.get(f"{FILES}main.py").json()["text"] == "uno\n"
    save_all(own, entry("main.py", "dos\n", 3))
    assert own.get(f"{FILES}main.py").json()["text"] == "dos\n"
    assert FileVersion.objects.filter(file__path="main.py").count() == 4


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        (entry("main.py", "vieja\n", 1), 409, "conflict"),
        (entry("main.py", "", 2), 422, "empty"),
        (entry("../x.py", "x\n", 0), 422, "bad_name"),
        (entry("otro.py", "\x00", 0), 415, "binary"),
        ({"path": "main.py"}, 422, "no_text"),
        ("main.py", 422, "bad_name"),
    ],
)
def test_several_files_are_saved_all_or_none(own: Client, wrong: Any, status: int, code: str) -> None:
    before = list(WorkspaceFile.objects.values_list("path", "version"))
    answer = save_all(own, entry("extra.py", "mio\n", 0), wrong)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert list(WorkspaceFile.objects.values_list("path", "version")) == before
    if isinstance(wrong, dict):
        assert answer.json()["path"] == wrong["path"]


@pytest.mark.parametrize("save", [[], "main.py", None, [entry("main.py", "x", 0)] * 201])
def test_a_request_that_names_no_files_is_refused(own: Client, save: Any) -> None:
    assert own.post(FILES, {"save": save}, content_type="application/json").status_code == 422


def test_an_empty_file_may_be_the_students_own_but_never_one_that_is_graded(own: Client) -> None:
    assert put(own, "paquete/__init__.py", "").status_code == 200
    assert own.get(f"{FILES}paquete/__init__.py").json()["text"] == ""
    assert put(own, "extra.py", "").json()["error"]["code"] == "empty"


def test_nobody_reads_another_students_versions(own: Client, student: Enrollment) -> None:
    teacher = EnrollmentFactory(cohort=student.cohort, role=Enrollment.Role.INSTRUCTOR).user
    for reader in (EnrollmentFactory().user, teacher, User.objects.create_superuser("jefa")):
        other = Client()
        other.force_login(reader, backend="portal.accounts.sessions.PortalBackend")
        expected = 404 if reader.is_superuser else 200  # their own workspace, which is empty
        assert other.get(VERSIONS).status_code == expected
        assert "dos" not in other.get(VERSIONS, {"at": "2099-01-01T00:00:00Z"}).content.decode()
        assert other.get(f"{VERSIONS}main.py", {"version": "2"}).status_code == 404
        assert other.get(f"{VERSIONS}notas.md").status_code == 404
        save_all(other, entry("main.py", "ajeno\n", 2))
    assert Client().get(VERSIONS).status_code == 401
    assert Client().get(f"{VERSIONS}main.py").status_code == 401
    assert save_all(Client(), entry("main.py", "ajeno\n", 2)).status_code == 401
    assert own.get(f"{FILES}main.py").json()["text"] == "dos\n"


def test_looking_stores_nothing(signed_in: Client) -> None:
    assert signed_in.get(VERSIONS).json() == {"saves": []}
    assert signed_in.get(VERSIONS, {"at": "2099-01-01T00:00:00Z"}).json()["files"]["extra.py"] == "# tuyo\n"
    assert not Workspace.objects.exists()
