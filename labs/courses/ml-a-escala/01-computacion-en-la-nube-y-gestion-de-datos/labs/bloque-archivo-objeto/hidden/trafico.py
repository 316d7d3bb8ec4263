"""What crossed the network, by the logs of nbdkit and diod, which say every request with its size."""

import re
import time
from typing import Any

from labkit import Failed, Lab

BLOCK = 4096
_NBD = re.compile(r"(Read|Write) id=\d+ offset=0x([0-9a-f]+) count=0x([0-9a-f]+)")
_9P = re.compile(r"P9_T(READ|WRITE) .*?offset (\d+) count (\d+)")


def random_bytes(lab: Lab, count: int) -> bytes:
    return lab.rng.randbytes(count)


def sonda(lab: Lab, function: str, *arguments: Any) -> dict[str, Any]:
    """What hidden/sonda.py saw of S3's client."""
    called = {"tramo": "leer_tramo", "partes": "subir_por_partes"}[function]
    seen: dict[str, Any] = lab.probe(function, *arguments, like={"operaciones": [{"bytes": int}]}, called=called)
    return seen


def _requests(lab: Lab, service: str, pattern: re.Pattern[str], base: int, mark: int) -> list[tuple[str, int, int]]:
    """Kind, offset and size of each request in the log, up to the last one at the mark."""
    for _ in range(50):
        found = [
            (kind, int(at, base), int(size, base)) for kind, at, size in pattern.findall(lab.service(service).log())
        ]
        ends = [place for place, (_, at, _) in enumerate(found) if at == mark]
        if ends:
            return found[: ends[-1]]
        time.sleep(0.1)
    raise Failed(
        es=f"El servicio `{service}` no dice en su registro lo que se le pidió. ¿Está en marcha?",
        en=f"The service `{service}` doesn't say in its log what it was asked for. Is it running?",
    )


def _since(requests: list[tuple[str, int, int]], mark: int) -> list[tuple[str, int, int]]:
    starts = [place for place, (_, at, _) in enumerate(requests) if at == mark]
    return requests[starts[-1] + 1 :] if starts else requests


def _sums(requests: list[tuple[str, int, int]]) -> tuple[int, int]:
    sizes = [(kind.lower(), size) for kind, _, size in requests]
    return sum(size for kind, size in sizes if kind == "read"), sum(size for kind, size in sizes if kind == "write")


def disk_traffic(lab: Lab, block: int, position: int, changed: bytes) -> tuple[bytes, bytes, int, int]:
    """Three blocks of the disk before and after a change, and the bytes read and written for it."""
    from hidden.cliente import Disk

    start, end = (place * BLOCK for place in lab.rng.sample(range(1_000, 1_400), 2))
    before = random_bytes(lab, 3 * BLOCK)
    with lab.connect(10809) as address, Disk(address) as disk:
        disk.write(block * BLOCK, before)
        disk.read(start, BLOCK)
    lab.probe("disco", position, changed.hex(), end, called="cambiar_en_disco")
    between = _since(_requests(lab, "disco", _NBD, 16, end), start)
    with lab.connect(10809) as address, Disk(address) as disk:
        after = disk.read(block * BLOCK, 3 * BLOCK)
    return before, after, *_sums(between)


def file_traffic(lab: Lab, function: str, name: str, arguments: list[Any]) -> tuple[str | None, int, int]:
    """What a call of archivos.py answered, and the bytes read and written for it."""
    start, end = lab.rng.sample(range(1_000_000_000, 2_000_000_000), 2)
    value = lab.probe("archivo", function, name, arguments, start, end, called=function)
    between = _since(_requests(lab, "carpeta", _9P, 10, end), start)
    return value if isinstance(value, str) else None, *_sums(between)
