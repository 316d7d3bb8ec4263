"""Values that cross between G and S: JSON, data frames by Arrow, arrays as raw bytes. Nothing pickled.

What JSON can't say is written as an object with one ``$`` key. Both sides decode as if the other meant harm;
the result is built anew from primitives, so no method of the sender's comes along.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from . import arrow

ARRAY_TYPES = frozenset("<" + kind for kind in ("i2", "i4", "i8", "u2", "u4", "u8", "f4", "f8")) | {"|i1", "|u1", "|b1"}
MAX_DEPTH = 32


class BadValue(ValueError):
    """A value that can't cross, or bytes that are not one."""


class SparkFrame:
    """Wraps a pandas frame that S should receive as a Spark DataFrame."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame


class _Spark:
    def __repr__(self) -> str:
        return "SPARK"


SPARK = _Spark()
"""As an argument of ``call``: the sandbox's SparkSession."""


def encode(value: Any, buffers: list[bytes], depth: int = MAX_DEPTH) -> Any:
    """The JSON form; bulk data is appended to ``buffers``. Raises BadValue."""
    if depth == 0:
        raise BadValue("nested too deeply")
    if value is None or isinstance(value, bool | str):
        return value if value is None or type(value) in (bool, str) else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": str(float(value))}
    if isinstance(value, int):
        return int(value)
    if isinstance(value, list | tuple):
        return [encode(item, buffers, depth - 1) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {str(key): encode(item, buffers, depth - 1) for key, item in value.items()}
        return {"$pairs": [[encode(k, buffers, depth - 1), encode(v, buffers, depth - 1)] for k, v in value.items()]}
    if isinstance(value, bytes | bytearray):
        return {"$bytes": _add(buffers, bytes(value))}
    if value is SPARK:
        return {"$spark": True}
    return _encode_data(value, buffers, depth)


def _encode_data(value: Any, buffers: list[bytes], depth: int) -> Any:
    import numpy
    import pandas
    import pyarrow

    if isinstance(value, SparkFrame):
        return {"$spark_frame": _add(buffers, arrow.write(_table(value.frame)))}
    if isinstance(value, pandas.DataFrame):
        return {"$frame": _add(buffers, arrow.write(_table(value)))}
    if isinstance(value, pandas.Series):
        return {"$series": _add(buffers, arrow.write(_table(value.to_frame(str(value.name or "value")))))}
    if isinstance(value, pyarrow.Table):
        return {"$table": _add(buffers, arrow.write(value))}
    if isinstance(value, numpy.generic):
        return encode(value.item(), buffers, depth - 1)
    if isinstance(value, numpy.ndarray):
        array = numpy.ascontiguousarray(value)
        array = array.astype(array.dtype.newbyteorder("<")) if array.dtype.byteorder == ">" else array
        if array.dtype.str not in ARRAY_TYPES:
            raise BadValue(f"array of {array.dtype}")
        return {"$array": _add(buffers, array.tobytes()), "type": array.dtype.str, "shape": list(value.shape)}
    if type(value).__module__.startswith("pyspark.sql") and hasattr(value, "toPandas"):
        return encode(value.toPandas(), buffers, depth - 1)
    raise BadValue(type(value).__name__)


def _add(buffers: list[bytes], data: bytes) -> int:
    buffers.append(data)
    return len(buffers) - 1


def _table(frame: Any) -> Any:
    import pandas
    import pyarrow

    if not isinstance(frame.index, pandas.RangeIndex):
        frame = frame.reset_index()
    frame = frame.rename(columns=str)
    try:
        return pyarrow.Table.from_pandas(frame, preserve_index=False)
    except (pyarrow.ArrowException, TypeError, ValueError) as error:
        raise BadValue(f"a column can't be read: {error}") from None


def decode(value: Any, buffers: Sequence[bytes]) -> Any:
    """The value back. Raises BadValue for anything ``encode`` would not have written."""
    if isinstance(value, list):
        return [decode(item, buffers) for item in value]
    if not isinstance(value, dict):
        return value
    tags = [key for key in value if key.startswith("$")]
    if not tags:
        return {key: decode(item, buffers) for key, item in value.items()}
    tag, content = tags[0], value[tags[0]]
    if tag == "$float" and content in ("nan", "inf", "-inf"):
        return float(content)
    if tag == "$pairs" and isinstance(content, list):
        return _pairs(content, buffers)
    if tag == "$spark":
        from .runner import spark_session

        return spark_session()
    if not isinstance(content, int) or isinstance(content, bool) or not 0 <= content < len(buffers):
        raise BadValue(f"no data for {tag[:20]}")
    return _decode_data(tag, value, buffers[content])


def _pairs(content: list[Any], buffers: Sequence[bytes]) -> dict[Any, Any]:
    result = {}
    for pair in content:
        if not isinstance(pair, list) or len(pair) != 2:
            raise BadValue("a pair has two parts")
        key = decode(pair[0], buffers)
        try:
            result[tuple(key) if isinstance(key, list) else key] = decode(pair[1], buffers)
        except TypeError:
            raise BadValue("a key that can't be one") from None
    return result


def _decode_data(tag: str, value: dict[str, Any], data: bytes) -> Any:
    if tag == "$bytes":
        return bytes(data)
    if tag == "$array":
        return _read_array(value, data)
    if tag not in ("$frame", "$series", "$table", "$spark_frame"):
        raise BadValue(f"unknown {tag[:20]}")
    try:
        table = arrow.read(data)
    except arrow.BadTable as error:
        raise BadValue(str(error)) from None
    if tag == "$table":
        return table
    frame = table.to_pandas()
    if tag == "$spark_frame":
        from .runner import spark_session

        return spark_session().createDataFrame(frame)
    return frame.iloc[:, 0] if tag == "$series" and len(frame.columns) else frame


def _read_array(value: dict[str, Any], data: bytes) -> Any:
    import numpy

    kind, shape = value.get("type"), value.get("shape")
    if kind not in ARRAY_TYPES or not isinstance(shape, list) or len(shape) > 8:
        raise BadValue("not an array")
    if not all(type(side) is int and 0 <= side < 2**40 for side in shape):
        raise BadValue("not a shape")
    if math.prod(shape) * numpy.dtype(kind).itemsize != len(data):
        raise BadValue("shape and data differ")
    return numpy.frombuffer(bytes(data), dtype=kind).reshape(shape)
