"""Tables that cross, and those made to hurt their reader: run on the environment's Python, where pyarrow is."""

from __future__ import annotations

import subprocess

import pytest

from tests.labs.kit.roles import KIT, built

TOOLS = f"""
import sys
sys.path.insert(0, {str(KIT.parents[1])!r})
import pyarrow as pa
from labs.kit import arrow

def sent(table, **options):
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return out.getvalue().to_pybytes()

words = pa.table({{"n": [1, 2], "w": ["x", None], "d": pa.array(["p", "q"]).dictionary_encode(), "l": [[1], [2, 3]]}})
"""


def run(program: str) -> str:
    python = built("base") / "bin" / "python"
    done = subprocess.run([python, "-c", TOOLS + program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_table_arrives_as_it_was() -> None:
    assert run("print(arrow.read(arrow.write(words)).equals(words))") == "True"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("sent(pa.table({'a': [0] * 1_000_000}), compression='zstd')", "compressed"),
        ("sent(pa.table({'d': pa.array(['p' * 500] * 2).dictionary_encode()}), compression='lz4')", "compressed"),
        ("sent(pa.table({'a': pa.array(['x'], type=pa.string_view())}))", "string_view"),
        ("sent(pa.table({'a': pa.RunEndEncodedArray.from_arrays([5_000_000], ['x' * 100])}))", "run_end_encoded"),
        ("sent(pa.table({'a': pa.array([[1]], type=pa.list_view(pa.int64()))}))", "list_view"),
        ("sent(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=['a', 'a']))", "one name"),
        ("sent(pa.table({'a': pa.nulls(5_000_001)}))", "too many rows"),
        ("sent(words)[:200]", "not Arrow"),
        ("b''", "not Arrow"),
        ("b'junk' * 100", "not Arrow"),
    ],
)
def test_one_made_to_hurt_is_refused(data: str, reason: str) -> None:
    program = f"""
try:
    print("read", arrow.read({data}).num_rows)
except arrow.BadTable as error:
    print("refused", error)
"""
    said = run(program)
    assert said.startswith("refused"), said
    assert reason in said
