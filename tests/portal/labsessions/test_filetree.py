"""A deleted file can always come back; the lab's own files can't go; nobody touches another student's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.labsessions.models import FileVersion, Workspace, WorkspaceFile
from tests.portal.factories import EnrollmentFactory

URL = "/lab/suma/archivos/"


def put(client: Client, path: str, text: str, base: int = 0) -> Any:
    return client.put(f"{URL}{path}", {"text": text, "base_version": base}, content_type="application/json")


def post(client: Client, **body: Any) -> Any:
    return client.post(URL, body, content_type="application/json")


def paths(client: Client, kind: str = "files") -> list[str]:
    return [entry["path"] for entry in client.get(URL).json()[kind]]


@pytest.fixture
def own(signed_in: Client) -> Client:
    """A student with two files of their own in a folder, and a note."""
    for path in ("util/a.py", "util/b.py", "notas.md"):
        assert put(signed_in, path, f"# {path}\n").status_code == 200
    return signed_in


def test_the_list_says_which_files_are_the_labs(own: Client) -> None:
    listed = own.get(URL).json()["files"]
    assert [(file["path"], file["fixed"], file["version"]) for file in listed] == [
        ("main.py", True, 0),
        ("extra.py", True, 0),
        ("notas.md", False, 1),
        ("util/a.py", False, 1),
        ("util/b.py", False, 1),
    ]
    assert all(file["size"] > 0 for file in listed)


def test_a_file_is_read_with_its_version(own: Client) -> None:
    assert own.get(f"{URL}notas.md").json() == {
        "path": "notas.md",
        "text": "# notas.md\n",
        "version": 1,
        "starter": None,
    }
    assert own.get(f"{URL}main.py").json()["starter"].startswith("def suma")
    assert own.get(f"{URL}falta.py").status_code == 404


def test_a_deleted_file_leaves_the_manifest_and_comes_back_with_its_versions(own: Client) -> None:
    put(own, "notas.md", "dos\n", 1)
    assert own.delete(f"{URL}notas.md").json() == {"deleted": ["notas.md"]}
    workspace = Workspace.objects.get()
    assert "notas.md" not in workspace.manifest()
    assert workspace.deleted() == ["notas.md"]
    assert own.get(f"{URL}notas.md").status_code == 404
    assert paths(own, "deleted") == ["notas.md"]
    assert "notas.md" not in paths(own)

    assert post(own, restore=["notas.md"]).json()["files"][0]["version"] == 2
    assert own.get(f"{URL}notas.md").json()["text"] == "dos\n"
    assert FileVersion.objects.filter(file__path="notas.md").count() == 2
    assert Workspace.objects.get().deleted() == []


def test_a_folder_goes_and_comes_back_whole(own: Client) -> None:
    assert own.delete(f"{URL}util").json() == {"deleted": ["util/a.py", "util/b.py"]}
    assert "util/a.py" not in paths(own)
    assert len(post(own, restore=["util/a.py", "util/b.py"]).json()["files"]) == 2
    assert {"util/a.py", "util/b.py"} <= set(paths(own))


def test_a_new_file_may_take_a_deleted_ones_name(own: Client) -> None:
    own.delete(f"{URL}notas.md")
    assert put(own, "notas.md", "otra\n").json()["version"] == 2
    assert own.get(f"{URL}notas.md").json()["text"] == "otra\n"
    assert paths(own, "deleted") == []


def test_typing_on_in_another_window_brings_a_deleted_file_back(own: Client) -> None:
    own.delete(f"{URL}notas.md")
    assert put(own, "notas.md", "sigo\n", 1).json()["version"] == 2
    assert own.get(f"{URL}notas.md").json()["text"] == "sigo\n"


def test_what_took_the_place_meanwhile_is_not_overwritten(own: Client) -> None:
    own.delete(f"{URL}util")
    put(own, "util", "ahora un archivo\n")
    answer = post(own, restore=["util/a.py"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_name")
    assert put(own, "util/a.py", "sigo\n", 1).json()["error"]["code"] == "bad_name"


@pytest.mark.parametrize("path", ["main.py", "extra.py"])
def test_the_labs_own_files_stay(own: Client, path: str) -> None:
    put(own, path, "mio\n")
    for answer in (own.delete(f"{URL}{path}"), post(own, rename=path, to="otro.py")):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "fixed")
    assert path in paths(own)


def test_a_file_and_a_folder_are_renamed(own: Client) -> None:
    moved = post(own, rename="notas.md", to="textos/notas.md").json()["files"]
    assert [(file["from"], file["path"], file["version"]) for file in moved] == [("notas.md", "textos/notas.md", 1)]
    post(own, rename="util", to="lib")
    assert paths(own)[2:] == ["lib/a.py", "lib/b.py", "textos/notas.md"]
    assert sorted(Workspace.objects.get().deleted()) == ["notas.md", "util/a.py", "util/b.py"]
    post(own, rename="lib", to="util")
    assert own.get(f"{URL}util/a.py").json()["text"] == "# util/a.py\n"


@pytest.mark.parametrize(
    ("source", "to", "status"),
    [
        ("notas.md", "util/a.py", 409),
        ("notas.md", "main.py", 409),
        ("notas.md", "../x.md", 422),
        ("notas.md", "util/a.py/x.md", 422),
        ("notas.md", "notas.md", 422),
        ("util", "util/dentro", 422),
        ("notas.md", 7, 422),
        ("falta.md", "x.md", 404),
    ],
)
def test_a_rename_that_cannot_be_changes_nothing(own: Client, source: str, to: Any, status: int) -> None:
    before = list(WorkspaceFile.objects.values_list("path", "version", "deleted_at"))
    assert post(own, rename=source, to=to).status_code == status
    assert list(WorkspaceFile.objects.values_list("path", "version", "deleted_at")) == before


@pytest.mark.parametrize("body", [{"restore": "notas.md"}, {"restore": []}, {"restore": ["falta.md"]}, {}])
def test_a_request_that_names_nothing_is_refused(own: Client, body: dict[str, Any]) -> None:
    assert post(own, **body).status_code in {404, 422}


def test_only_the_owner_reaches_a_file(own: Client) -> None:
    stranger, other = Client(), Client()
    other.force_login(EnrollmentFactory().user, backend="portal.accounts.sessions.PortalBackend")
    for client, status in ((stranger, 401), (other, 404)):
        assert client.get(f"{URL}notas.md").status_code == status
        assert client.delete(f"{URL}notas.md").status_code == status
        assert post(client, rename="notas.md", to="mia.md").status_code == status
        assert post(client, restore=["notas.md"]).status_code == status
    assert stranger.get(URL).status_code == 401
    assert "notas.md" not in paths(other)
    assert "notas.md" in paths(own)


def test_looking_stores_nothing(signed_in: Client) -> None:
    assert signed_in.get(URL).status_code == 200
    assert not Workspace.objects.exists()


def test_listing_takes_few_queries(own: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(12):
        own.get(URL)
