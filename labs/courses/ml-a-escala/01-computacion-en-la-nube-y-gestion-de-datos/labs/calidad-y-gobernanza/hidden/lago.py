"""A small lake of Delta tables, made on the grader's side, and what is left of it after the student's code."""

import base64
import io
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake
from labkit import Failed, Lab

MOST = 3 << 20


@dataclass
class Remains:
    """A table as it is: the rows that a reader sees and the files that hold them, and all that lies in its folder."""

    rows: pd.DataFrame
    files: dict[str, pd.DataFrame]
    live: set[str]
    log: str
    operations: list[str]


@dataclass
class Lake:
    """Tables that know a person, by one of ``names``: which, and on which of their lines."""

    tables: dict[str, pd.DataFrame]
    mine: dict[str, list[int]]
    names: tuple[str, str]

    def wrong(self, left: dict[str, Remains]) -> dict[str, tuple[int, int]]:
        """Tables that don't hold everyone else's lines and no other: how many they have and should have."""
        wanted = {table: sorted(set(rows["linea"]) - set(self.mine[table])) for table, rows in self.tables.items()}
        got = {table: sorted(left[table].rows["linea"]) if table in left else [] for table in self.tables}
        return {table: (len(got[table]), len(lines)) for table, lines in wanted.items() if got[table] != lines}

    def still_there(self, left: dict[str, Remains]) -> list[str]:
        """Files with a line of the person, whether or not the table still uses them."""
        return [
            f"{table}/{path}"
            for table, lines in self.mine.items()
            for path, content in left[table].files.items()
            if set(content.get("linea", ())) & set(lines)
        ]

    def telling(self, left: dict[str, Remains]) -> list[str]:
        """Tables whose log names the person."""
        logs = {table: remains.log.lower() for table, remains in left.items()}
        return [table for table, log in logs.items() if any(name.lower() in log for name in self.names)]


def plant(
    lab: Lab,
    name: str,
    tables: dict[str, pd.DataFrame],
    *,
    partition: str | None = None,
    deleted: tuple[str, list[int]] | None = None,
) -> set[str]:
    """Makes the tables here and lays them over the student's workspace; the files of the last one. ``deleted``: the
    lines that one of them has lost already, without a VACUUM.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / name
        for table, rows in tables.items():
            write_deltalake(
                place / table,
                pa.Table.from_pandas(rows, preserve_index=False),
                partition_by=partition,
                configuration={"delta.dataSkippingStatsColumns": "linea"},
            )
        if deleted:
            DeltaTable(place / deleted[0]).delete(f"linea IN ({', '.join(map(str, deleted[1]))})")
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(place, name)
        lab.put(archive.getvalue())
        return {str(file.relative_to(place / table)) for file in (place / table).rglob("*.parquet")}


def receive(lab: Lab, name: str) -> dict[str, Remains]:
    """The tables under ``name``, read here: what the student's side would say of them doesn't count."""
    packed = lab.shell(f"tar -cf - {name} | gzip -1 | base64 -w0").stdout
    target = Path(tempfile.mkdtemp())
    try:
        _unpack(base64.b64decode(packed), target)
        return {place.name: _remains(place) for place in sorted((target / name).iterdir()) if place.is_dir()}
    except Exception as error:
        raise Failed(
            es=f"Las tablas Delta de `{name}` ya no se pueden leer: {error}",
            en=f"The Delta tables of `{name}` can't be read any more: {error}",
        ) from None
    finally:
        shutil.rmtree(target, ignore_errors=True)


def _remains(place: Path) -> Remains:
    table = DeltaTable(place)
    # A checkpoint of the log is Parquet, too.
    files = [file for file in place.rglob("*.parquet") if "_delta_log" not in file.parts]
    return Remains(
        table.to_pandas(),
        {str(file.relative_to(place)): pq.ParquetFile(file).read().to_pandas() for file in files},
        {uri.split(f"{place.name}/", 1)[-1] for uri in table.file_uris()},
        "".join(file.read_text(errors="replace") for file in (place / "_delta_log").glob("*.json")),
        [str(entry.get("operation")) for entry in table.history()],
    )


def _unpack(packed: bytes, target: Path) -> None:
    """Regular files only, and below the target: the archive was made where the student's code runs."""
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
        members = tar.getmembers()
        if sum(member.size for member in members) > MOST:
            raise ValueError("too large")
        for member in members:
            place, content = (target / member.name).resolve(), tar.extractfile(member) if member.isreg() else None
            if content and place.is_relative_to(target.resolve()):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content.read())
