"""A lake on the emulator's S3 with fresh days, and what Athena would read of it by the catalogue alone."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from random import Random
from typing import Any
from urllib.parse import urlparse

import boto3
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from labkit import Lab

KINDS = {
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
"""Of Glue, and the type of Arrow that is read as each."""

SCRIPT = """import os, urllib.request
body = os.environ["dia"] + " " + os.environ["capa"]
url = os.environ["AWS_ENDPOINT_URL"] + "/{bucket}/hecho/" + os.environ["dia"]
urllib.request.urlopen(urllib.request.Request(url, data=body.encode(), method="PUT"))
"""


class Cloud:
    """The emulator's clients, from the grader's side."""

    def __init__(self, address: str) -> None:
        def client(name: str) -> Any:
            return boto3.client(
                name,
                endpoint_url=f"http://{address}",
                region_name="us-east-1",
                aws_access_key_id="lab",
                aws_secret_access_key="laboratorio",  # noqa: S106 -- the emulator's, of no use elsewhere
            )

        self.s3, self.glue = client("s3"), client("glue")

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def catalogued(self, bucket: str, base: str, table: str, rows: pd.DataFrame) -> None:
        """A table of one file, in the catalogue."""
        self.s3.create_bucket(Bucket=bucket)
        self.put(bucket, f"{table}/a.parquet", rows.to_parquet(index=False))
        self.glue.create_database(DatabaseInput={"Name": base})
        columns = [{"Name": name, "Type": "string"} for name in rows]
        entry = {
            "Name": table,
            "Parameters": {"classification": "parquet"},
            "StorageDescriptor": {"Location": f"s3://{bucket}/{table}/", "Columns": columns},
        }
        self.glue.create_table(DatabaseName=base, TableInput=entry)

    def read_partitions(self, base: str, table: str) -> dict[str, list[int]]:
        """The ids that Athena would find in each partition: what lies under the location that the catalogue names."""
        pages = self.glue.get_paginator("get_partitions").paginate(DatabaseName=base, TableName=table)
        found: dict[str, list[int]] = {}
        for partition in [each for page in pages for each in page["Partitions"]]:
            place = urlparse(str(partition.get("StorageDescriptor", {}).get("Location", "")))
            prefix = place.path.lstrip("/").rstrip("/") + "/"
            listed = self.s3.list_objects_v2(Bucket=place.netloc or "none", Prefix=prefix).get("Contents", [])
            ids = []
            for key in [item["Key"] for item in listed if not _hidden(item["Key"][len(prefix) :])]:
                body = self.s3.get_object(Bucket=place.netloc, Key=key)["Body"].read()
                ids += pq.read_table(io.BytesIO(body), columns=["id"])["id"].to_pylist()
            found["/".join(partition["Values"])] = sorted(ids)
        return found


def _hidden(key: str) -> bool:
    return any(part.startswith(("_", ".")) for part in key.split("/"))


@contextmanager
def cloud(lab: Lab) -> Iterator[Cloud]:
    lab.service("ministack").wait("ready")
    with lab.connect(4566, timeout=60) as address:
        yield Cloud(address)


def parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def wide(rng: Random, names: list[str]) -> tuple[pa.Table, list[dict[str, str]]]:
    """A table of few rows with columns of random types, and how Glue calls them."""
    kinds = [*KINDS, *rng.choices(list(KINDS), k=max(0, len(names) - len(KINDS)))]
    rng.shuffle(kinds)
    columns = list(zip(names, kinds[: len(names)], strict=True))
    table = pa.table({name: pa.nulls(3, KINDS[kind]) for name, kind in columns})
    return table, [{"Name": name, "Type": kind} for name, kind in columns]


def days(rng: Random, count: int) -> list[str]:
    first = date(2013, rng.randint(1, 12), rng.randint(1, 20))
    return [(first + timedelta(days=number)).isoformat() for number in range(count)]


def flights(rng: Random, day: str, count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": rng.sample(range(1_000_000), count),
            "origen": rng.choices(["EWR", "JFK", "LGA"], k=count),
            "retraso": [rng.choice([None, *map(float, range(-10, 90))]) for _ in range(count)],
            "salida": f"{day}T12:00Z",
        }
    )


def table_facts(
    table: dict[str, Any], place: str, columns: list[dict[str, str]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the catalogue says of a table, and what it should."""
    storage = table.get("StorageDescriptor", {})
    got = {
        "TableType": table.get("TableType"),
        "classification": table.get("Parameters", {}).get("classification"),
        "Location": str(storage.get("Location")).rstrip("/"),
        "PartitionKeys": [(each["Name"], each.get("Type")) for each in table.get("PartitionKeys", [])],
        "SerDe": str(storage.get("SerdeInfo", {}).get("SerializationLibrary")).rsplit(".", 1)[-1],
        "InputFormat": str(storage.get("InputFormat")).rsplit(".", 1)[-1],
        "Columns": [(each["Name"], each.get("Type")) for each in storage.get("Columns", [])],
    }
    return got, {
        "TableType": "EXTERNAL_TABLE",
        "classification": "parquet",
        "Location": place.rstrip("/"),
        "PartitionKeys": [("dia", "string")],
        "SerDe": "ParquetHiveSerDe",
        "InputFormat": "MapredParquetInputFormat",
        "Columns": [(each["Name"], each["Type"]) for each in columns],
    }


def as_athena_says(rows: pd.DataFrame) -> list[dict[str, str | None]]:
    """The columns id, origen and retraso, all as text."""
    delays = [None if pd.isna(delay) else str(delay) for delay in rows["retraso"]]
    return [
        {"id": str(ident), "origen": origin, "retraso": delay}
        for ident, origin, delay in zip(rows["id"], rows["origen"], delays, strict=True)
    ]


def script(bucket: str) -> bytes:
    """Of a job that leaves its arguments in the bucket. Standard library alone: boto3 takes seconds to import."""
    return SCRIPT.replace("{bucket}", bucket).encode()
