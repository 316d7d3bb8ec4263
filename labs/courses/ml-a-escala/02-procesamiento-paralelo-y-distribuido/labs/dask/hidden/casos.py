"""What the checks share: this attempt's flights, and what the cluster did while a student's function ran."""

import importlib.util
import io
import tarfile
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from labkit import Lab
from labkit.dask import DaskLog

ROWS = 4_000  # a file; 48 files
FOLDER = "_registro"
LOG = "registro-dask.jsonl"


class Watched(NamedTuple):
    """What a function gave, and the scheduler's log of that time."""

    value: Any
    log: DaskLog


def _deliver(lab: Lab) -> pd.DataFrame:
    """Lays the files into the workspace; gives the table that they are together."""
    spec = importlib.util.spec_from_file_location("generar", lab.data / "generar.py")
    if spec is None or spec.loader is None:
        raise ImportError("generar.py")
    generar = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generar)
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as scratch, tarfile.open(fileobj=buffer, mode="w") as archive:
        target = Path(scratch, FOLDER)
        real = pd.read_parquet(lab.data / "datos/vuelos.parquet")
        generar.generar(real, target, ROWS, np.random.default_rng(lab.seed))
        archive.add(target, FOLDER)
        archive.add(lab.data / "piezas.py", "piezas.py")
        parts = [
            pd.read_parquet(path, partitioning=None).assign(
                mes=int(path.parent.name.removeprefix("mes=")), archivo=str(path.relative_to(scratch))
            )
            for path in sorted(target.glob("*/*.parquet"))
        ]
    lab.put(buffer.getvalue())
    return pd.concat(parts, ignore_index=True)


def year(lab: Lab) -> pd.DataFrame:
    return lab.once("year", lambda: _deliver(lab))


def watched(lab: Lab, function: str, *args: Any) -> Watched:
    """The student's function by way of the probe, and the log of what it made the cluster do."""
    year(lab)
    before = _log(lab).end
    value = lab.probe(function, *args, timeout=100)
    return Watched(value, _log(lab).since(before))


def _log(lab: Lab) -> DaskLog:
    return DaskLog.parse(lab.read(LOG).decode(errors="replace"))


def arrow_bytes(table: pd.DataFrame) -> int:
    """What these columns take in memory as Dask reads them."""
    texts = {name: "string[pyarrow]" for name in table.columns if table[name].dtype == object}
    return int(table.astype(texts).memory_usage(index=False, deep=True).sum())


def gathered(log: DaskLog) -> int:
    """The largest result that has no others beside it: of the tasks ('name-token', 0), ('name-token', 1) … a layer.

    Pieces on their way to other workers may be as large as all groups are in the end, but there are several of them.
    """
    layers: dict[str, dict[str, int]] = defaultdict(dict)
    for task in log.tasks:
        layers[task.key.split(",")[0]][task.key] = task.nbytes
    return max((max(layer.values()) for layer in layers.values() if len(layer) == 1), default=0)


def numbers(value: Any, length: int) -> bool:
    """Whether it is a list of so many finite numbers."""
    return (
        isinstance(value, list)
        and len(value) == length
        and all(type(item) in (int, float) and np.isfinite(item) for item in value)
    )
