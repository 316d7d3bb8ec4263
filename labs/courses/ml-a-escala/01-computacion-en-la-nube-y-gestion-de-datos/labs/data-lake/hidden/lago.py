"""The lake from the grader's side: its objects, its tables, and what was read of it by the emulator's own log."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError
from deltalake import DeltaTable
from labkit import Failed, Lab
from pyiceberg.table import StaticTable

S3 = 4566
KEYS = {"aws_access_key_id": "lab", "aws_secret_access_key": "laboratorio", "region_name": "us-east-1"}
BRONZE = "bronce/vuelos/"


class Lake:
    """A bucket of its own for one check, open on the grader's side."""

    def __init__(self, lab: Lab, name: str, address: str) -> None:
        self.lab, self.bucket, self.address = lab, name, address
        self.s3 = boto3.client("s3", endpoint_url=f"http://{address}", **KEYS)
        self.uri = f"s3://{name}/plata/vuelos"
        self.options = {
            "AWS_ENDPOINT_URL": f"http://{address}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": KEYS["region_name"],
            "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        }

    def files(self, prefix: str) -> dict[str, tuple[str, str]]:
        """Objects below a prefix, and what changes when one is written again. Markers of folders are none."""
        found = {}
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                if not item["Key"].endswith("/"):
                    found[item["Key"]] = (item["ETag"], str(item["LastModified"]))
        return found

    def put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)

    def get(self, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def put_table(self, key: str, rows: pa.Table) -> None:
        buffer = io.BytesIO()
        pq.write_table(rows, buffer)
        self.put(key, buffer.getvalue())

    def rows_of(self, keys: Any) -> list[dict[str, str]]:
        """The rows of Parquet files as text, without the columns of folders."""
        rows: list[dict[str, str]] = []
        for key in sorted(keys):
            table = pq.ParquetFile(io.BytesIO(self.get(key))).read()
            rows += [{k: _text(v) for k, v in row.items() if k != "fecha"} for row in table.to_pylist()]
        return rows

    def delta(self, version: int | None = None) -> DeltaTable:
        return DeltaTable(self.uri, version=version, storage_options=self.options)

    def active(self) -> set[str]:
        """Keys of the files that the newest version is made of."""
        return {uri.removeprefix(f"s3://{self.bucket}/") for uri in self.delta().file_uris()}

    def metadata(self) -> list[str]:
        """Iceberg's metadata files, one a commit, oldest first."""
        return sorted(key for key in self.files("oro/retrasos/metadata/") if key.endswith(".metadata.json"))

    def commits(self) -> int:
        """How often the gold table was changed: the number that its newest metadata file begins with."""
        newest = self.metadata()[-1:]
        found = re.match(r"(\d+)-", newest[0].rsplit("/", 1)[-1]) if newest else None
        return int(found.group(1)) if found else 0

    def iceberg(self) -> StaticTable:
        """The gold table as its newest metadata tell it."""
        commits = self.metadata()
        self.lab.expect(
            commits,
            es="No hay una tabla Iceberg `oro.retrasos` en el cubo.",
            en="There is no Iceberg table `oro.retrasos` in the bucket.",
            expected=f"s3://{self.bucket}/oro/retrasos/metadata/",
        )
        settings = {
            "s3.endpoint": f"http://{self.address}",
            "s3.access-key-id": KEYS["aws_access_key_id"],
            "s3.secret-access-key": KEYS["aws_secret_access_key"],
            "s3.region": KEYS["region_name"],
        }
        return StaticTable.from_metadata(f"s3://{self.bucket}/{commits[-1]}", properties=settings)

    @contextmanager
    def reads(self) -> Iterator[set[str]]:
        """The data files that were asked for while the block ran: the set is filled when it ends."""
        mark, seen = f"marca-{self.lab.rng.getrandbits(48):x}", set()
        self._touch(mark)
        yield seen
        self._touch(f"{mark}-fin")
        log = self.lab.service("s3").log()
        start, end = log.find(f"/{mark} "), log.find(f"/{mark}-fin ")
        if start < 0 or end < 0:
            raise Failed(
                es="Tu función hizo tantas peticiones que el registro de S3 no las guarda todas. Lee menos.",
                en="Your function made so many requests that the log of S3 doesn't hold them all. Read less.",
            )
        asked = re.findall(rf"GET /{re.escape(self.bucket)}/(\S+\.parquet) ->", log[start:end])
        seen.update(key.replace("%3D", "=") for key in asked)

    def _touch(self, key: str) -> None:
        """Leaves a line in the log of the emulator."""
        try:
            self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError:
            return


@contextmanager
def lake(lab: Lab, name: str, seconds: float = 60) -> Iterator[Lake]:
    lab.service("s3").wait("ready")
    with lab.connect(S3, timeout=seconds) as address:
        opened = Lake(lab, f"{name}-{lab.rng.getrandbits(40):x}", address)
        opened.s3.create_bucket(Bucket=opened.bucket)
        yield opened


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def dates_of(keys: Any) -> list[str]:
    """The dates that stand in the folders of these files."""
    return sorted({found.group(1) for key in keys if (found := re.search(r"/fecha=([^/]+)/", key))})
