"""What a file holds, for the page to show: the first rows of a table, a picture, or the start of a text.

``python -m labkit.preview NAME`` reads the file from standard input and prints the preview as JSON. It is a process
of its own, under limits of its own: a file made to hurt its reader ends that process and nothing else.
"""

from __future__ import annotations

import base64
import codecs
import contextlib
import csv
import json
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

ROWS, COLUMNS, CELL = 100, 60, 200
"""Rows, columns and letters of a cell that are shown."""
TEXT_BYTES = 256 << 10
IMAGE_BYTES = 8 << 20
ANSWER_BYTES = 12 << 20
COUNT_SECONDS = 5.0
CPU_SECONDS = 20
MEMORY_BYTES = 3 << 30
"""Of addresses, not of memory: the sandbox's own limit is what holds that."""
_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


class Unreadable(Exception):
    """A file that can't be shown; ``code`` has a text in the page's catalogue, the message is the reader's own."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail[:300])
        self.code = code


def preview(name: str, file: BinaryIO) -> dict[str, Any]:
    """``kind``: table, image, markdown, text, binary or empty, with what belongs to it. Raises Unreadable.

    Table: ``columns`` (name, type), ``rows`` (text, or None where there is no value), ``row_count`` (None: too long to
    count), ``column_count``, and for CSV ``bad_rows`` and ``encoding``.
    """
    size = os.fstat(file.fileno()).st_size
    shown: dict[str, Any] = {"size": size}
    if size == 0:
        return shown | {"kind": "empty"}
    ending = name.rpartition(".")[2].lower()
    start = os.pread(file.fileno(), 64 << 10, 0)
    if ending == "parquet" or start[:4] == b"PAR1":
        return shown | {"kind": "table"} | _parquet(file)
    if kind := _image(start, ending):
        return shown | _picture(file, size, kind)
    if _is_binary(start):
        return shown | {"kind": "binary"}
    if ending in ("csv", "tsv"):
        return shown | {"kind": "table"} | _csv(file, start)
    return shown | {"kind": "markdown" if ending in ("md", "markdown") else "text"} | _text(file, size)


def _image(start: bytes, ending: str) -> str | None:
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    if ending == "svg" and b"<svg" in start:
        return "image/svg+xml"
    found = next((kind for magic, kind in _IMAGES if start.startswith(magic)), None)
    if found is None and ending in ("png", "jpg", "jpeg", "gif", "webp"):
        raise Unreadable("corrupt")
    return found


def _picture(file: BinaryIO, size: int, kind: str) -> dict[str, Any]:
    if size > IMAGE_BYTES:
        raise Unreadable("too_large")
    content = file.read(IMAGE_BYTES)
    data = content.decode(errors="replace") if kind == "image/svg+xml" else base64.b64encode(content).decode()
    return {"kind": "image", "type": kind, "data": data}


def _is_binary(start: bytes) -> bool:
    return b"\x00" in start


def _encoding(start: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _text(file: BinaryIO, size: int) -> dict[str, Any]:
    content = file.read(TEXT_BYTES)
    encoding = _encoding(content)
    return {"text": content.decode(encoding, errors="replace"), "encoding": encoding, "cut": size > TEXT_BYTES}


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        text = value[:CELL].hex(" ")
    elif isinstance(value, float):
        text = repr(value) if math.isfinite(value) else str(value)
    else:
        text = str(value)
    return text if len(text) <= CELL else f"{text[:CELL]}…"


def _rows(batch: Any) -> list[list[str | None]]:
    """The first rows of an Arrow batch, column by column: each value as text."""
    columns = [[_value(column, row) for row in range(min(ROWS, len(column)))] for column in batch.columns[:COLUMNS]]
    return [list(row) for row in zip(*columns, strict=True)]


def _value(column: Any, row: int) -> str | None:
    try:
        return _cell(column[row].as_py())
    except (ValueError, OverflowError):  # a date that Python has no word for
        return str(column[row])[:CELL]


def _columns(schema: Any) -> dict[str, Any]:
    shown = [{"name": str(field.name)[:CELL], "type": str(field.type)[:CELL]} for field in list(schema)[:COLUMNS]]
    return {"columns": shown, "column_count": len(schema)}


def _parquet(file: BinaryIO) -> dict[str, Any]:
    import pyarrow
    from pyarrow import parquet

    pyarrow.set_cpu_count(1)
    try:
        table = parquet.ParquetFile(file, pre_buffer=False, thrift_string_size_limit=64 << 20)
        schema, metadata = table.schema_arrow, table.metadata
        batches = table.iter_batches(batch_size=ROWS, columns=schema.names[:COLUMNS], use_threads=False)
        first = next(batches, None)
        rows = _rows(first) if first is not None else []
    except (pyarrow.ArrowException, OSError, ValueError, MemoryError) as error:
        raise Unreadable("corrupt", str(error)) from None
    return {**_columns(schema), "rows": rows, "row_count": metadata.num_rows}


def _csv(file: BinaryIO, start: bytes) -> dict[str, Any]:
    import pyarrow
    from pyarrow import csv as arrow_csv

    pyarrow.set_cpu_count(1)
    encoding = _encoding(start)
    bad: list[int] = []

    def skip(row: Any) -> str:
        bad.append(row.number or 0)
        return "skip"

    reading = arrow_csv.ReadOptions(block_size=1 << 20, encoding=encoding, use_threads=False)
    delimiter = _delimiter(start.decode(encoding, errors="replace"))
    parsing = arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip)
    try:
        table = arrow_csv.open_csv(file, reading, parsing)
        schema, first = table.schema, next(table, None)
        rows = _rows(first) if first is not None else []
        file.seek(0)
        bad.clear()
        # Once more, as text and only the first column: that is quick, and no later value can be of the wrong type.
        types = dict.fromkeys(schema.names, pyarrow.string())
        counting = arrow_csv.ConvertOptions(include_columns=schema.names[:1], column_types=types)
        counted = _count(arrow_csv.open_csv(file, reading, parsing, counting))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise Unreadable("corrupt", str(error)) from None
    return {**_columns(schema), "rows": rows, "encoding": encoding, "row_count": counted, "bad_rows": len(bad)}


def _count(batches: Iterator[Any]) -> int | None:
    """The rows of all batches; None when that takes too long."""
    ends = time.monotonic() + COUNT_SECONDS
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        if time.monotonic() > ends:
            return None
    return rows


def _delimiter(start: str) -> str:
    line = start.splitlines()[0] if start.strip() else ""
    try:
        return csv.Sniffer().sniff(line[:4096], ",;\t|").delimiter
    except csv.Error:
        return ","


def main() -> None:
    """Print the preview of what is on standard input; an ``error`` code where there is none."""
    for limit, value in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS)):
        resource.setrlimit(limit, (value, value))
    signal.alarm(2 * CPU_SECONDS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # of all in the sandbox, this goes first
    try:
        answer: dict[str, Any] = preview(sys.argv[1], os.fdopen(0, "rb", buffering=0, closefd=False))
    except Unreadable as error:
        answer = {"error": error.code, "detail": str(error)}
    except (MemoryError, OSError) as error:
        answer = {"error": "too_large", "detail": str(error)[:300]}
    text = json.dumps(answer, ensure_ascii=True, allow_nan=False)
    if len(text) > ANSWER_BYTES:
        text = json.dumps({"error": "too_large", "detail": ""})
    sys.stdout.write(text)
    sys.stdout.flush()
    os._exit(0)  # Arrow's reading ahead may still go on, and ends the interpreter's own exit with an abort


if __name__ == "__main__":
    main()
