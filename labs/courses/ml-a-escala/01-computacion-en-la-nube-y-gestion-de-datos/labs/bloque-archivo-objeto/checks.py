"""Checks of the lab bloque-archivo-objeto. Images are copied and looked at here; what crossed the network is read from
the servers' own logs. Nothing is timed: fio's figures are the student's, and must agree with each other.
"""

import copy
import csv
import io
import json
from typing import Any

import boto3
from botocore.client import BaseClient
from hidden.imagenes import content, copied, header, qcow2, sound
from hidden.trafico import disk_traffic, file_traffic, random_bytes, sonda
from labkit import Failed, Lab

BLOCK = 4096
JOBS = {
    "secuencial-escritura": ("write", "1M"),
    "secuencial-lectura": ("read", "1M"),
    "aleatoria-lectura": ("randread", "4k"),
    "aleatoria-escritura": ("randwrite", "4k"),
}
DECIMALS = {"iops": 0, "mib_s": 1, "p99_us": 0}


def formato(lab: Lab) -> None:
    files, label = _folder(lab), f"d{lab.seed % 100_000}"
    size = lab.rng.randint(5, 9)
    lab.call("bloques.py", "formatear", "_prueba/nuevo.img", size, "_prueba/origen", label)
    with copied(lab, "_prueba/nuevo.img") as (image,):
        told = header(image)
        got = {
            "MiB": image.stat().st_size >> 20,
            "ext4": "extent" in told.get("Filesystem features", ""),
            "etiqueta / label": told.get("Filesystem volume name"),
            "bloque / block": told.get("Block size"),
            "reservados / reserved": told.get("Reserved block count"),
        }
        wanted = dict(zip(got, (size, True, label, "4096", "0"), strict=True))
        _expect_files(lab, image, files, 0.0)
    different = {name: value for name, value in got.items() if value != wanted[name]}
    lab.expect(
        not different,
        es="La imagen lleva los archivos, pero no es como se pidió.",
        en="The image holds the files, but isn't as it was asked for.",
        got=f"{different}",
        expected=f"{ {name: wanted[name] for name in different} }",
        score=0.5,
    )


def _folder(lab: Lab) -> dict[str, bytes]:
    """A few files of this attempt's own, in the student's workspace."""
    lab.shell("rm -rf _prueba && mkdir -p _prueba")
    files = {
        f"v{lab.rng.randint(10, 99)}.csv": random_bytes(lab, lab.rng.randint(9_000, 60_000)),
        f"lote/{lab.rng.randint(100, 999)}.bin": random_bytes(lab, lab.rng.randint(100, 9_000)),
    }
    for name, data in files.items():
        lab.write(f"_prueba/origen/{name}", data)
    return files


def _expect_files(lab: Lab, image: Any, files: dict[str, bytes], score: float) -> None:
    lab.expect(
        header(image) and sound(image),
        es="La imagen no es un sistema de archivos sano: e2fsck -f -n encuentra errores.",
        en="The image is no sound file system: e2fsck -f -n finds errors.",
        score=score,
    )
    wrong = [name for name, data in files.items() if content(image, name) != data]
    lab.expect(
        not wrong,
        es="Dentro de la imagen falta un archivo, o no tiene el contenido del original.",
        en="Inside the image a file is missing, or doesn't have the content of the original.",
        got=", ".join(wrong),
        score=score,
    )


def crecimiento(lab: Lab) -> None:
    files = _folder(lab)
    lab.call("bloques.py", "formatear", "_prueba/crece.img", 6, "_prueba/origen", "crece")
    size = lab.rng.randint(9, 14)
    lab.call("bloques.py", "crecer", "_prueba/crece.img", size)
    with copied(lab, "_prueba/crece.img") as (image,):
        _expect_files(lab, image, files, 0.0)
        told = header(image)
        inside = int(told.get("Block count") or 0) * int(told.get("Block size") or 0)
        got = (image.stat().st_size >> 20, inside >> 20)
    lab.expect(
        got == (size, size),
        es="Crecen dos cosas: el disco y el sistema de archivos que lleva dentro.",
        en="Two things grow: the disk, and the file system inside.",
        got=f"disco / disk: {got[0]} MiB; ext4: {got[1]} MiB",
        expected=f"{size} MiB; {size} MiB",
        score=0.4,
    )


def _write(lab: Lab, image: str, pattern: int, at: int) -> None:
    """64 KiB of a pattern into a qcow2, as a machine that uses it would write."""
    run = lab.shell(f"qemu-io -f qcow2 -c 'write -P {pattern} {at}k 64k' {image}")
    lab.expect(
        run.error is None,
        es="No se puede escribir en la capa: no es un qcow2 con una base que se encuentre.",
        en="The layer can't be written to: it is no qcow2 whose base can be found.",
        got=(run.stderr or run.stdout).strip()[-300:],
    )


def _base(lab: Lab, name: str) -> bytes:
    base = random_bytes(lab, 64 << 10) * 32  # 2 MiB
    lab.shell(f"mkdir -p _prueba && rm -f _prueba/{name}*")
    lab.write(f"_prueba/{name}.img", base)
    lab.call("bloques.py", "crear_capa", f"_prueba/{name}.img", f"_prueba/{name}.qcow2")
    return base


def capas(lab: Lab) -> None:
    base = _base(lab, "capa")
    pattern, at = lab.rng.randint(1, 255), 64 * lab.rng.randint(1, 20)
    _write(lab, "_prueba/capa.qcow2", pattern, at)
    size = len(lab.read("_prueba/capa.qcow2", 16 << 20))
    with copied(lab, "_prueba/capa.qcow2") as (layer,):
        told = qcow2(layer)
    got = (told.get("format"), told.get("virtual-size"), told.get("backing-filename-format"), size < len(base))
    lab.expect(
        got == ("qcow2", len(base), "raw", True) and lab.read("_prueba/capa.img", 16 << 20) == base,
        es="La capa es un qcow2 sobre la base, del mismo tamaño, que guarda solo lo cambiado y no toca la base.",
        en="The layer is a qcow2 over the base, of its size, that keeps only what changed and leaves the base alone.",
        got=f"{got[0]}, {got[1]}, base {got[2]}; {size:,} bytes",
        expected=f"qcow2, {len(base)}, base raw; < {len(base):,} bytes",
    )
    lab.call("bloques.py", "fusionar", "_prueba/capa.qcow2")
    merged = bytearray(base)
    merged[at << 10 : (at + 64) << 10] = bytes([pattern]) * (64 << 10)
    lab.expect(
        lab.read("_prueba/capa.img", 16 << 20) == bytes(merged),
        es="Después de fusionar, la base debe llevar lo que la capa cambió y conservar lo demás.",
        en="After merging, the base should hold what the layer changed and keep the rest.",
        score=0.5,
    )


def instantaneas(lab: Lab) -> None:
    _base(lab, "foto")
    image, names = "_prueba/foto.qcow2", [f"f{number}" for number in lab.rng.sample(range(100, 999), 2)]
    first, second = lab.rng.sample(range(1, 255), 2)
    for pattern, name in zip((first, second), names, strict=True):
        _write(lab, image, pattern, 128)
        lab.call("bloques.py", "fotografiar", image, name)
    _write(lab, image, 255, 128)
    told = lab.call("bloques.py", "fotos", image)
    lab.expect(
        isinstance(told, list) and [f"{each}" for each in told] == names,
        es="`fotos` debe dar los nombres de las fotos, de la primera a la última.",
        en="`fotos` should give the names of the snapshots, from the first to the last.",
        got=f"{told}"[:300],
        expected=f"{names}",
    )
    for name, pattern in ((names[0], first), (names[1], second), (names[0], first)):
        lab.call("bloques.py", "volver", image, name)
        run = lab.shell(f"qemu-io -f qcow2 -c 'read -P {pattern} 128k 64k' {image}")
        lab.expect(
            run.error is None and "failed" not in run.stdout,
            es=f"Después de volver a `{name}`, el disco no tiene lo que tenía en esa foto. Se vuelve más de una vez.",
            en=f"After going back to `{name}` the disk doesn't hold what it held then. One goes back more than once.",
            score=0.4,
        )


def bloque_en_red(lab: Lab) -> None:
    """A few bytes across the border of two blocks: what crossed the network were whole blocks, and only those."""
    block = lab.rng.randint(5, 400)
    changed = random_bytes(lab, lab.rng.randint(20, 200))
    position = block * BLOCK + BLOCK - lab.rng.randint(5, 15)
    before, after, read, written = disk_traffic(lab, block, position, changed)
    wanted = bytearray(before)
    wanted[position - block * BLOCK : position - block * BLOCK + len(changed)] = changed
    lab.expect(
        after == bytes(wanted),
        es="En el disco deben cambiar los bytes pedidos, y sus vecinos del mismo bloque quedarse como estaban.",
        en="On the disk the bytes asked for should change, and their neighbours in the same block stay as they were.",
        got=f"{sum(a != b for a, b in zip(after, before, strict=False))} bytes",
        expected=f"{sum(a != b for a, b in zip(wanted, before, strict=False))} bytes",
    )
    lab.expect(
        read <= 2 * BLOCK and written <= 2 * BLOCK,
        es=f"Para cambiar {len(changed)} bytes viajaron {read} de lectura y {written} de escritura. Tocan 2 bloques.",
        en=f"To change {len(changed)} bytes {read} were read and {written} written. They touch 2 blocks.",
        got=f"{read}, {written}",
        expected=f"≤ {2 * BLOCK}, ≤ {2 * BLOCK}",
        score=0.5,
    )


def archivo_en_red(lab: Lab) -> None:
    name = f"_prueba{lab.seed % 1000}.bin"
    data = random_bytes(lab, 150_000)
    lab.write(f"datos/{name}", data)
    at, length = lab.rng.randint(1_000, 30_000), lab.rng.randint(70_000, 90_000)
    value, read, written = file_traffic(lab, "leer_tramo", name, [at, length])
    lab.expect(
        value == data[at : at + length].hex() and read == length and written == 0,
        es=f"`leer_tramo` debe dar {length} bytes desde {at}, y leer esos y no otros.",
        en=f"`leer_tramo` should give {length} bytes from {at}, and read those and no others.",
        got=f"{len(value or '') // 2} bytes; leídos / read: {read}",
        expected=f"{length} bytes; {length}",
    )
    changed, more = random_bytes(lab, 50), random_bytes(lab, 77)
    _, read_in_place, in_place = file_traffic(lab, "cambiar_en_archivo", name, [at, changed.hex()])
    _, read_at_end, at_end = file_traffic(lab, "agregar", name, [more.hex()])
    wanted = data[:at] + changed + data[at + len(changed) :] + more
    lab.expect(
        lab.read(f"datos/{name}") == wanted,
        es="El archivo debe cambiar en su sitio y crecer por el final, y conservar todo lo demás.",
        en="The file should change in place and grow at its end, and keep all the rest.",
        score=0.3,
    )
    got = (read_in_place + read_at_end, in_place + at_end)
    lab.expect(
        got == (0, len(changed) + len(more)),
        es="Un archivo se cambia por trozos: no hace falta leer nada ni escribir más que lo nuevo.",
        en="A file is changed in pieces: nothing need be read, and nothing written but what is new.",
        got=f"leídos / read: {got[0]}; escritos / written: {got[1]}",
        expected=f"0; {len(changed) + len(more)}",
        score=0.6,
    )


def _s3(address: str) -> BaseClient:
    return boto3.client("s3", endpoint_url=f"http://{address}")


def objeto(lab: Lab) -> None:
    bucket, data = f"objeto-{lab.seed}", random_bytes(lab, 40_000)
    with lab.connect(4566) as address:
        _s3(address).create_bucket(Bucket=bucket)
        _s3(address).put_object(Bucket=bucket, Key="datos", Body=data)
    at, length = lab.rng.randint(100, 9_000), lab.rng.randint(500, 5_000)
    told = sonda(lab, "tramo", bucket, "datos", at, length)
    brought = sum(each["bytes"] for each in told["operaciones"])
    lab.expect(
        told.get("valor") == data[at : at + length].hex() and brought == length,
        es=f"`leer_tramo` debe dar {length} bytes y traer esos y no otros: un GET con Range.",
        en=f"`leer_tramo` should give {length} bytes and bring those and no others: a GET with Range.",
        got=f"{brought} bytes",
        expected=f"{length} bytes",
    )
    own, others = (lab.rng.randint(100, 15_000), "propio " * 9), (lab.rng.randint(20_000, 39_000), "ajeno " * 9)
    lab.probe("con_rival", bucket, "datos", list(own), list(others), called="cambiar_en_objeto")
    with lab.connect(4566) as address:
        after = _s3(address).get_object(Bucket=bucket, Key="datos")["Body"].read()
    there = [after[position : position + len(text)] == text.encode() for position, text in (own, others)]
    wanted = bytearray(data)
    for position, text in (own, others):
        wanted[position : position + len(text)] = text.encode()
    lab.expect(
        after == bytes(wanted),
        es="Otro cambió el objeto entre tu lectura y tu escritura, y los dos cambios deben quedar.",
        en="Another changed the object between your reading and your writing, and both changes should stay.",
        got=f"propio / own: {there[0]}; ajeno / other: {there[1]}",
        expected="True; True",
        score=0.4,
    )


def partes(lab: Lab) -> None:
    bucket, count = f"partes-{lab.seed}", lab.rng.randint(4, 6)
    size = lab.rng.randint(20_000, 40_000)
    data = random_bytes(lab, size * (count - 1) + 777)
    lab.write("_prueba/grande.bin", data)
    with lab.connect(4566) as address:
        _s3(address).create_bucket(Bucket=bucket)
    told = sonda(lab, "partes", bucket, "grande", "_prueba/grande.bin", size, 0)
    failed = sonda(lab, "partes", bucket, "otro", "_prueba/grande.bin", size, 3)
    with lab.connect(4566) as address:
        found = _s3(address).get_object(Bucket=bucket, Key="grande")
        body, etag = found["Body"].read(), str(found["ETag"]).strip('"')
        pending = _s3(address).list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    lab.expect(
        body == data and told.get("valor") == count and etag.endswith(f"-{count}"),
        es=f"El objeto debe llegar entero en {count} partes, y la función decir cuántas fueron.",
        en=f"The object should arrive whole in {count} parts, and the function tell how many there were.",
        got=f"{len(body)} bytes; {told.get('valor')}; ETag {etag}",
        expected=f"{len(data)} bytes; {count}; ETag …-{count}",
    )
    lab.expect(
        failed.get("error") == "SlowDown" and not pending,
        es="Una parte falló: el error debe salir, y la subida a medias anularse, porque sus partes se pagan.",
        en="A part failed: the error should come out, and the half upload be aborted, for its parts are paid for.",
        got=f"error: {failed.get('error')}; a medias / half done: {len(pending)}",
        expected="error: SlowDown; 0",
        score=0.5,
    )


def medidas(lab: Lab) -> None:
    log = json.loads((lab.hidden / "fio.json").read_text())
    for job in log["jobs"]:
        for side in ("read", "write"):
            job[side]["iops"] = lab.rng.uniform(100, 9_000)
            job[side]["bw_bytes"] = lab.rng.randint(1 << 20, 1 << 30)
            job[side].setdefault("clat_ns", {})["percentile"] = {
                "50.000000": lab.rng.randint(1_000, 9_999),
                "99.000000": lab.rng.randint(10_000, 9_999_999),
            }
        job["job options"]["bs"] = lab.rng.choice(["4k", "16k", "1M"])
    told = lab.call("medidas.py", "resumir", copy.deepcopy(log))
    wanted = _summary(log)
    lab.expect(
        _same_rows(told, wanted),
        es="`resumir` no da lo que dice el registro de fio: una fila por trabajo, en el sentido en que trabaja.",
        en="`resumir` doesn't give what fio's log says: one row for each job, in the direction in which it works.",
        got=f"{told[:2] if isinstance(told, list) else told}"[:400],
        expected=f"{wanted[:2]}",
    )
    own = _own_log(lab)
    text = lab.read("tabla.csv", 1 << 16).decode(errors="replace")
    rows = list(csv.DictReader(io.StringIO(text, newline=None)))
    lab.expect(
        _same_rows(rows, own),
        es="`tabla.csv` no es la tabla de tu `fio.json`. Vuelve a medir y ejecuta main.py, que la escribe.",
        en="`tabla.csv` isn't the table of your `fio.json`. Measure again and run main.py, which writes it.",
        got=f"{rows[:2]}"[:400],
        expected=f"{own[:2]}",
        score=0.5,
    )


def _summary(log: Any) -> list[dict[str, Any]]:
    rows = []
    for job in log["jobs"]:
        options = {**log.get("global options", {}), **job["job options"]}
        side = job["write" if "write" in options["rw"] else "read"]
        rows.append(
            {
                "trabajo": job["jobname"],
                "rw": options["rw"],
                "bs": options["bs"],
                "iops": round(side["iops"]),
                "mib_s": round(side["bw_bytes"] / 2**20, 1),
                "p99_us": round(side["clat_ns"]["percentile"]["99.000000"] / 1000),
            }
        )
    return rows


def _same_rows(rows: Any, wanted: list[dict[str, Any]]) -> bool:
    return (
        isinstance(rows, list)
        and len(rows) == len(wanted)
        and all(_same_row(row, right) for row, right in zip(rows, wanted, strict=True))
    )


def _same_row(row: Any, right: dict[str, Any]) -> bool:
    """The same job and figures with the decimals asked for; one that was cut off is as good as one rounded."""
    if not isinstance(row, dict) or row.keys() != right.keys():
        return False
    for name, value in right.items():
        if name not in DECIMALS:
            if str(row[name]) != str(value):
                return False
            continue
        try:
            figure = float(row[name])
        except (ValueError, TypeError, OverflowError):
            return False
        if round(figure, DECIMALS[name]) != figure or abs(figure - value) > 1.5 * 10 ** -DECIMALS[name]:
            return False
    return True


def _own_log(lab: Lab) -> list[dict[str, Any]]:
    """The rows of the student's own measurement, which must be one of the four jobs of medir.fio."""
    try:
        log = json.loads(lab.read("fio.json", 1 << 20))
        rows = _summary(log)
        whole = (
            str(log["fio version"]).startswith("fio-")
            and {row["trabajo"]: (row["rw"], row["bs"]) for row in rows} == JOBS
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        whole, rows = False, []
    if not whole:
        raise Failed(
            es="`fio.json` no es el registro de los cuatro trabajos de `medir.fio`.",
            en="`fio.json` isn't the log of the four jobs of `medir.fio`.",
            expected=", ".join(JOBS),
            score=0.5,
        )
    return rows
