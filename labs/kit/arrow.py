"""Tables between G and S in Arrow's IPC stream format, read as if the sender meant harm.

What is refused besides nonsense: compressed batches and types that let a few bytes stand for many (run ends, views),
so that a table takes no more memory than what was sent for it.
"""

from __future__ import annotations

import struct
from typing import Any

MAX_ROWS = 5_000_000
# Arrow's Message.fbs: the union MessageHeader, and the places of fields in their tables.
_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3
_HEADER_TYPE, _HEADER = 1, 2
_DICTIONARY_DATA = 1
_COMPRESSION = 3


class BadTable(ValueError):
    """Bytes that are not a table, or not one that may cross."""


def write(table: Any) -> bytes:
    """The stream. Without metadata: pandas would otherwise rebuild index and types from what the sender claims."""
    import pyarrow

    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata(None))
    return sink.getvalue().to_pybytes()


def read(data: bytes) -> Any:
    """The pyarrow.Table. Raises BadTable."""
    import pyarrow

    try:
        buffer = pyarrow.py_buffer(bytes(data))
        if any(_compressed(bytes(message.metadata)) for message in pyarrow.ipc.MessageReader.open_stream(buffer)):
            raise BadTable("compressed data")
        with pyarrow.ipc.open_stream(buffer) as reader:
            _check(reader.schema)
            batches, rows = [], 0
            for batch in reader:
                rows += batch.num_rows
                if rows > MAX_ROWS:
                    raise BadTable("too many rows")
                batch.validate(full=True)  # offsets that point outside the data would be read otherwise
                batches.append(batch)
            return pyarrow.Table.from_batches(batches, reader.schema).replace_schema_metadata(None)
    except (pyarrow.ArrowException, OSError, TypeError, struct.error) as error:
        raise BadTable(f"not Arrow data: {str(error)[:200]}") from None


def _check(schema: Any) -> None:
    if len(set(schema.names)) < len(schema.names):
        raise BadTable("two columns have one name")
    for field in schema:
        _check_type(field.type)


def _check_type(kind: Any) -> None:
    from pyarrow import types

    if types.is_dictionary(kind):
        _check_type(kind.value_type)
    elif types.is_nested(kind):
        if not (types.is_struct(kind) or types.is_list(kind) or types.is_large_list(kind) or types.is_map(kind)):
            raise BadTable(f"columns of {kind}")
        for at in range(kind.num_fields):
            _check_type(kind.field(at).type)
    elif types.is_string_view(kind) or types.is_binary_view(kind) or types.is_run_end_encoded(kind):
        raise BadTable(f"columns of {kind}")


def _compressed(message: bytes) -> bool:
    """Whether the message (a flatbuffer, already verified by Arrow) is a batch with a BodyCompression."""
    root = struct.unpack_from("<I", message)[0]
    kind = _field(message, root, _HEADER_TYPE)
    if kind is None or message[kind] not in (_RECORD_BATCH, _DICTIONARY_BATCH):
        return False
    batch = _table(message, root, _HEADER)
    if message[kind] == _DICTIONARY_BATCH:
        batch = _table(message, batch, _DICTIONARY_DATA)
    return _field(message, batch, _COMPRESSION) is not None


def _field(message: bytes, table: int, number: int) -> int | None:
    """Where a table's field lies; None when it has its default. See flatbuffers' internals, "vtables"."""
    vtable = table - struct.unpack_from("<i", message, table)[0]
    if 4 + 2 * number >= struct.unpack_from("<H", message, vtable)[0]:
        return None
    offset: int = struct.unpack_from("<H", message, vtable + 4 + 2 * number)[0]
    return table + offset if offset else None


def _table(message: bytes, table: int, number: int) -> int:
    at = _field(message, table, number)
    if at is None:
        raise BadTable("a batch without data")
    return at + int(struct.unpack_from("<I", message, at)[0])
