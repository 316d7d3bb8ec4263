"""A save is stored before it is acknowledged; what can't be stored leaves the earlier version alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.core import blobs
from portal.labsessions import files
from portal.labsessions.models import FileVersion, WorkspaceFile
from tests.portal.factories import EnrollmentFactory


def save(client: Client, path: str, text: Any, base: Any = 0):
    body = {"text": text, "base_version": base}
    return client.put(f"/lab/suma/archivos/{path}", body, content_type="application/json")


def test_every_version_is_kept(signed_in: Client) -> None:
    assert save(signed_in, "main.py", "uno\n").json()["version"] == 1
    assert save(signed_in, "main.py", "dos\n", 1).json()["version"] == 2
    kept = [blobs.get(version.sha256).decode() for version in FileVersion.objects.order_by("version")]
    assert kept == ["uno\n", "dos\n"]
    shown = signed_in.get("/lab/suma/").context["config"]["files"]
    assert [(file["path"], file["version"]) for file in shown] == [("main.py", 2), ("extra.py", 0)]
    assert shown[0]["text"] == "dos\n"
    assert shown[0]["starter"].startswith("def suma")


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("", 422, "empty"),
        ("  \n", 422, "empty"),
        ("a\x00b", 415, "binary"),
        ("\x7fELF\x01\x02", 415, "binary"),
        ("caf\ud800", 415, "not_utf8"),
        ("x" * (1024 * 1024 + 1), 413, "too_big"),
        (None, 422, "no_text"),
        (["a"], 422, "no_text"),
    ],
)
def test_what_is_no_text_file_is_refused_with_the_reason(signed_in: Client, text: Any, status: int, code: str) -> None:
    save(signed_in, "main.py", "antes\n")
    answer = save(signed_in, "main.py", text, 1)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"]
    current = WorkspaceFile.objects.get()
    assert (current.version, blobs.get(current.sha256)) == (1, b"antes\n")


def test_fifty_megabytes_are_refused_unread(signed_in: Client) -> None:
    answer = save(signed_in, "main.py", "x" * 50_000_000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_big")


@pytest.mark.parametrize("body", [b"\xff\xfe{}", b"[]", b"{", b"[" * 100_000, b"null"])
def test_a_body_that_is_no_json_object_is_refused(signed_in: Client, body: bytes) -> None:
    answer = signed_in.put("/lab/suma/archivos/main.py", body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_json")


@pytest.mark.parametrize(
    "path",
    ["../x.py", "a/../../x", "/etc/passwd", "ñ.py", ".git/config", "a/.b", "x\n.py", "a/b/c/d/e/f/g.py", "x" * 130],
)
def test_names_that_could_hurt_are_refused(signed_in: Client, path: str) -> None:
    from urllib.parse import quote

    answer = save(signed_in, quote(path, safe=""), "hola\n")
    assert answer.status_code in {404, 422}
    assert not WorkspaceFile.objects.exists()


def test_a_new_file_may_be_added_up_to_the_limit(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 3)
    assert save(signed_in, "util/ayuda.py", "x = 1\n").status_code == 200
    assert save(signed_in, "otro.py", "x = 1\n").json()["error"]["code"] == "too_many"
    assert save(signed_in, "util", "x = 1\n").status_code == 422


def test_a_save_from_an_old_version_overwrites_nothing(signed_in: Client) -> None:
    save(signed_in, "main.py", "mia\n")
    save(signed_in, "main.py", "otra ventana\n", 1)
    answer = save(signed_in, "main.py", "mia 2\n", 1)
    assert answer.status_code == 409
    assert (answer.json()["version"], answer.json()["text"]) == (2, "otra ventana\n")
    assert answer.json()["error"]["code"] == "conflict"


def test_a_save_whose_answer_was_lost_may_be_repeated(signed_in: Client) -> None:
    save(signed_in, "main.py", "mia\n")
    assert save(signed_in, "main.py", "mia\n").json()["version"] == 1


def test_each_student_has_their_own(signed_in: Client) -> None:
    save(signed_in, "main.py", "mia\n")
    other = Client()
    other.force_login(EnrollmentFactory().user, backend="portal.accounts.sessions.PortalBackend")
    assert "mia" not in other.get("/lab/suma/").context["config"]["files"][0]["text"]
