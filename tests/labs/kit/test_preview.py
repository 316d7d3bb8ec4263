"""Previews: the first rows with types and count; a file made to hurt its reader is told, and nothing else happens."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from labs.kit import preview
from tests.labs.kit.roles import Session, built

PARQUET = """
import datetime, sys
import pandas as pd
frame = pd.DataFrame({"id": range(1000), "texto": ["x" * 500] * 1000, "valor": [None, 1.5] * 500,
    "cuando": [datetime.datetime(2020, 1, 2)] * 1000, "a.b": [[1, 2]] * 1000})
for number in range(80):
    frame[f"c{number}"] = number
frame.to_parquet(sys.argv[1])
"""


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("parquet") / "t.parquet"
    subprocess.run([str(built("base") / "bin" / "python"), "-c", PARQUET, str(path)], check=True)
    return path.read_bytes()


def look(session: Session, name: str, content: bytes) -> tuple[int, dict[str, Any]]:
    address = quote(name)
    assert session.request("PUT", f"/lab/files/{address}", content)[0] == 204
    status, answer = session.request("GET", f"/lab/preview/{address}")
    found: dict[str, Any] = json.loads(answer)
    return status, found.get("error", found)


def test_a_parquet_file_shows_rows_types_and_count_within_caps(session: Session, parquet: bytes) -> None:
    status, found = look(session, "t.parquet", parquet)
    assert (status, found["kind"], found["row_count"], found["column_count"]) == (200, "table", 1000, 85)
    types = {column["name"]: column["type"] for column in found["columns"]}
    assert (types["id"], types["texto"], types["valor"]) == ("int64", "string", "double")
    assert (len(found["columns"]), len(found["rows"])) == (preview.COLUMNS, preview.ROWS)
    first = found["rows"][0]
    assert (first[0], first[2], first[3], first[4]) == ("0", None, "2020-01-02 00:00:00", "[1, 2]")
    assert len(first[1]) == preview.CELL + 1
    assert all(len(row) == preview.COLUMNS for row in found["rows"])


def test_a_csv_file_is_counted_to_its_end(session: Session) -> None:
    rows = "".join(f'{n},"uno\ndos",{n / 2}\n' for n in range(120_000))
    status, found = look(session, "t.csv", f"id,texto,valor\n{rows}".encode())
    assert (status, found["row_count"], found["bad_rows"]) == (200, 120_000, 0)
    assert [column["type"] for column in found["columns"]] == ["int64", "string", "double"]
    assert found["rows"][1] == ["1", "uno\ndos", "0.5"]


def test_other_separators_encodings_and_ragged_rows_are_read_and_told(session: Session) -> None:
    found = look(session, "españa.csv", "año;valor\n1;2,5\n2;b\n3\n".encode("latin-1"))[1]
    assert [column["name"] for column in found["columns"]] == ["año", "valor"]
    assert (found["row_count"], found["bad_rows"], found["encoding"]) == (2, 1, "latin-1")
    assert look(session, "cabecera.csv", b"a,b\n")[1]["row_count"] == 0


def test_a_number_column_that_turns_into_words_late_still_has_its_rows(session: Session) -> None:
    late = b"a,b\n" + b"1,2\n" * 600_000 + b"uno,dos\n"
    found = look(session, "tarde.csv", late)[1]
    assert (found["row_count"], found["rows"][0]) == (600_001, ["1", "2"])


def test_pictures_markdown_text_binary_and_nothing_are_told_apart(session: Session) -> None:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + b"IHDR"
        + header
        + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    assert look(session, "punto.png", png)[1]["type"] == "image/png"
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    assert look(session, "dibujo.svg", svg)[1] == {
        "size": len(svg),
        "kind": "image",
        "type": "image/svg+xml",
        "data": svg.decode(),
    }
    assert look(session, "nota.md", b"# Hola\n")[1]["kind"] == "markdown"
    assert look(session, "largo.txt", b"x" * (preview.TEXT_BYTES + 1))[1]["cut"] is True
    assert look(session, "a.bin", b"\x00\x01\x02")[1] == {"size": 3, "kind": "binary"}
    assert look(session, "vacio.csv", b"")[1] == {"size": 0, "kind": "empty"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("roto.parquet", b"PAR1 y nada mas"),
        ("texto.parquet", b"no soy parquet"),
        ("foto.png", b"no soy una imagen"),
        ("dos.csv", b"a,b\n" + b'"' + b"x" * (3 << 20)),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_told(session: Session, name: str, content: bytes) -> None:
    status, error = look(session, name, content)
    assert (status, error["code"]) == (422, "corrupt")


def test_a_parquet_file_with_any_of_its_bytes_changed_ends_no_session(session: Session, parquet: bytes) -> None:
    end = len(parquet)
    for place in range(4, end, max(1, end // 12)):
        hostile = parquet[:place] + bytes([parquet[place] ^ 0xFF]) + parquet[place + 1 :]
        assert look(session, "mutante.parquet", hostile)[0] in {200, 413, 422}
    footer = parquet[:-8] + struct.pack("<I", 0x7FFFFFFF) + b"PAR1"
    assert look(session, "pie.parquet", footer)[0] == 422
    assert json.loads(session.request("GET", "/lab/health")[1])["kernel"] == "idle"


def test_links_pipes_and_paths_that_leave_are_refused(session: Session) -> None:
    (session.work / "clave.csv").symlink_to("/etc/passwd")
    os.mkfifo(session.work / "tubo.csv")
    for path, status in (("clave.csv", 422), ("tubo.csv", 422), ("falta.csv", 404), ("..%2Fx.csv", 422)):
        assert session.request("GET", f"/lab/preview/{path}")[0] == status


def test_a_students_module_named_like_a_library_is_not_imported(session: Session) -> None:
    session.request("PUT", "/lab/files/csv.py", b"raise SystemExit('mine')")
    session.request("PUT", "/lab/files/pyarrow.py", b"raise SystemExit('mine')")
    assert look(session, "t2.csv", b"a\n1\n")[1]["row_count"] == 1
    for name in ("csv.py", "pyarrow.py"):
        session.request("DELETE", f"/lab/files/{name}")


def test_a_picture_or_answer_past_its_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "g.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    monkeypatch.setattr(preview, "IMAGE_BYTES", 50)
    with path.open("rb", buffering=0) as file, pytest.raises(preview.Unreadable) as refused:
        preview.preview("g.png", file)
    assert refused.value.code == "too_large"
