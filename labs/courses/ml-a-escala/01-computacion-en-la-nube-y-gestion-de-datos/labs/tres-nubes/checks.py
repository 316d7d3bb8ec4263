"""Checks of the lab tres-nubes: three emulators through the student's layer, and copies between clouds in memory."""

import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hidden.nubes_vistas import CLOUDS, passes, probe, report, sheet
from labkit import Failed, Lab

CLASSES = ("frecuente", "ocasional", "archivo")


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _bucket(lab: Lab, name: str) -> str:
    return f"{name}-{lab.seed}"


def _words(lab: Lab, count: int) -> list[str]:
    """Keys of this attempt's own, in no order."""
    return [f"{lab.rng.choice('abcdefgh')}{number}" for number in lab.rng.sample(range(100, 999), count)]


def _each_cloud(clouds: Any, check: Any) -> float | None:
    """Runs it for each cloud; the share that came out well, or the first failure with that share."""
    failures = []
    for cloud in clouds:
        try:
            check(cloud)
        except Failed as failed:
            failures.append(failed)
    if not failures:
        return None
    first = failures[0]
    raise Failed(
        es=first.message["es"],
        en=first.message["en"],
        got=first.got,
        expected=first.expected,
        score=0.8 * (1 - len(failures) / len(clouds)),
    )


def objetos(lab: Lab) -> float | None:
    given = [
        [f"lote/{key}.csv", lab.rng.randbytes(lab.rng.randint(200, 2_000)).hex(), {"fuente": key, "filas": str(rows)}]
        for rows, key in enumerate(_words(lab, 3), start=5)
    ]

    def check(cloud: str) -> None:
        keys = {key: list for key, _, _ in given}
        like = {"vistos": keys, "falta": list, "otra": list, "fin": None}
        told = probe(lab, "objetos", cloud, _bucket(lab, "objetos"), given, "nada", like=like)
        for key, text, metadata in given:
            data = bytes.fromhex(text)
            seen = told["vistos"][key]
            wanted = {"clave": key, "bytes": len(data), "md5": _md5(data), "metadatos": metadata, "clase": "frecuente"}
            got = sheet(seen[1])
            lab.expect(
                seen[0] == text and all(got.get(name) == value for name, value in wanted.items()),
                es=f"`{cloud}` no devuelve el objeto como se guardó: sus bytes, o lo que dice su ficha.",
                en=f"`{cloud}` doesn't give the object back as it was stored: its bytes, or what its sheet says.",
                got=f"{'bytes; ' if seen[0] != text else ''}{got or seen[1]}",
                expected=f"{wanted}",
            )
        again = told["otra"]
        lab.expect(
            told["falta"] == ["KeyError", None] and again[0] == b"otra cosa".hex() and told["fin"] is None,
            es=f"`{cloud}`: lo que no está da KeyError al leer y None en la ficha; poner reemplaza, y borrar no falla.",
            en=f"`{cloud}`: what isn't there: KeyError and, as its sheet, None; poner replaces, borrar never fails.",
            got=f"{told['falta']}; {again[0]}; {told['fin']}"[:300],
            expected=f"['KeyError', None]; {b'otra cosa'.hex()}; None",
        )

    return _each_cloud(CLOUDS, check)


def paginas(lab: Lab) -> float | None:
    keys = [f"dia/{word}" for word in _words(lab, 7)]
    others = [f"otro/{word}" for word in _words(lab, 2)]
    wanted = [{"clave": key, "bytes": len(key), "md5": _md5(key.encode())} for key in sorted(keys)]

    def check(cloud: str) -> None:
        told = probe(lab, "paginas", cloud, _bucket(lab, "paginas"), keys + others, "dia/", 3, like=[list])
        got = [{name: sheet(row).get(name) for name in ("clave", "bytes", "md5")} for page in told for row in page]
        lab.expect(
            got == wanted,
            es=f"`{cloud}.paginas` no da los {len(keys)} objetos del prefijo, en orden y con su tamaño y su md5.",
            en=f"`{cloud}.paginas` doesn't give the {len(keys)} objects of the prefix, in order, with size and md5.",
            got=f"{len(got)}: {got[:2]}",
            expected=f"{len(wanted)}: {wanted[:2]}",
        )
        sizes = [len(page) for page in told]
        lab.expect(
            cloud == "CloudStorage" or max(sizes) <= 3,  # its emulator gives all in one page, whatever it is asked
            es=f"`{cloud}.paginas` debe pedir páginas de 3.",
            en=f"`{cloud}.paginas` should ask for pages of 3.",
            got=f"{sizes}",
            expected="[3, 3, 1]",
        )

    return _each_cloud(CLOUDS, check)


def clases(lab: Lab) -> float | None:
    given = lab.rng.sample(CLASSES, 3)

    def check(cloud: str) -> None:
        told = probe(lab, "clases", cloud, _bucket(lab, "clases"), given)
        lab.expect(
            told == {name: name for name in given},
            es=f"`{cloud}`: la clase no llega al objeto, o la ficha no la traduce de vuelta.",
            en=f"`{cloud}`: the class doesn't reach the object, or the sheet doesn't translate it back.",
            got=f"{told}",
            expected=f"{ {name: name for name in given} }",
        )

    return _each_cloud(CLOUDS, check)


def enlaces(lab: Lab) -> float | None:
    keys, seconds = _words(lab, 2), lab.rng.randint(200, 3_000)

    def check(cloud: str) -> None:
        link = probe(lab, "enlaces", cloud, _bucket(lab, "enlaces"), keys, seconds)
        parts = urlsplit(link) if isinstance(link, str) else None
        lab.expect(
            parts and parts.query,
            es=f"`{cloud}.enlace` debe devolver una dirección firmada.",
            en=f"`{cloud}.enlace` should return a signed address.",
            got=f"{link}"[:200],
        )
        target = f"{parts.path}?{parts.query}" if parts else ""
        read = lab.fetch(CLOUDS[cloud], target)
        other = lab.fetch(CLOUDS[cloud], target.replace(keys[0], keys[1], 1))
        written = lab.fetch(
            CLOUDS[cloud], target, method="PUT", body=b"intruso", headers={"x-ms-blob-type": "BlockBlob"}
        )
        got = (read.status, read.text if read.status == 200 else "", other.status >= 400, written.status >= 400)
        lab.expect(
            got == (200, f"contenido de {keys[0]}", True, True),
            es=f"`{cloud}`: el enlace debe dejar leer ese objeto, y ni leer otro ni escribir.",
            en=f"`{cloud}`: the link should let one read that object, and neither read another nor write.",
            got=f"leer / read: {read.status}; otro / other: {other.status}; escribir / write: {written.status}",
            expected="200; ≥ 400; ≥ 400",
        )
        lasts = _lasting(parse_qs(parts.query) if parts else {}, seconds)
        lab.expect(
            lasts,
            es=f"`{cloud}`: el enlace debe valer {seconds} segundos.",
            en=f"`{cloud}`: the link should be good for {seconds} seconds.",
            got=parts.query[:200] if parts else "",
        )

    return _each_cloud(("S3", "AzureBlob"), check)


def _lasting(query: dict[str, list[str]], seconds: int) -> bool:
    """S3 signs how long it lasts, Azure until when; a minute's difference of clocks is none."""
    from datetime import UTC, datetime

    if "X-Amz-Expires" in query:
        return query["X-Amz-Expires"] == [str(seconds)]
    try:
        end = datetime.fromisoformat(query["se"][0].replace("Z", "+00:00"))
        left = (end - datetime.now(UTC)).total_seconds()
    except (KeyError, ValueError, TypeError):
        return False
    return seconds - 100 < left < seconds + 60


def versiones(lab: Lab) -> None:
    texts = [f"versión {number}" for number in lab.rng.sample(range(1_000), 3)]
    told = probe(lab, "versiones", _bucket(lab, "versiones"), "nota", texts)
    before, last = texts[1].encode().hex(), texts[2].encode().hex()
    wanted = [True, before, True, last, False, last]  # the second time to the one that was last, if it is still there
    lab.expect(
        told == wanted,
        es="`recuperar` debe volver a la versión anterior a la última de esa clave, sin borrar ninguna (repetida, "
        "a la que había), y decir False si no hay otra.",
        en="`recuperar` should go back to the version before the last and delete none (repeated, to the one "
        "there was), and say False when there is no other.",
        got=f"{told}"[:300],
        expected=f"{wanted}",
    )


def _clouds(lab: Lab, change: str = "!") -> tuple[dict[str, str], dict[str, str], list[str], list[str]]:
    """What the source and the copy hold, which keys differ, and all that the copy should have."""
    keys = [f"d/{word}" for word in _words(lab, 8)]
    source = {key: f"{key} {lab.rng.randint(100, 999)}" for key in keys} | {"fuera": "fuera"}
    target = {key: source[key] for key in keys[:5]} | {"d/viejo": "viejo", "e/ajeno": "ajeno"}
    target[keys[0]] = source[keys[0]][::-1] + change
    return source, target, sorted([keys[0], *keys[5:]]), sorted(keys)


def _as_stored(source: dict[str, str], keys: list[str]) -> dict[str, list[str]]:
    return {key: [source[key], key, "ocasional"] for key in keys}


def cambios(lab: Lab) -> None:
    source, target, changed, keys = _clouds(lab, change="")  # one of them has changed and kept its size
    first, second = passes(lab, source, target, "d/", False, {}, [], 2)
    got = {key: first["destino"].get(key) for key in keys}
    lab.expect(
        got == _as_stored(source, keys) and "fuera" not in first["destino"],
        es="Después de replicar, el destino debe tener lo del prefijo, con sus metadatos y su clase, y nada más.",
        en="After copying, the target should hold what is under the prefix, with its metadata and class, and no more.",
        got=f"{[value for key, value in got.items() if value != [source[key], key, 'ocasional']][:2]}",
        expected=f"{_as_stored(source, changed[:1])}",
    )
    wanted = {"copiados": changed, "iguales": len(keys) - len(changed), "fallidos": [], "borrados": []}
    lab.expect(
        first["puestos"] == changed and first["leidos"] == changed and second["leidos"] + second["puestos"] == [],
        es=f"Cambiaron {len(changed)} de {len(keys)} objetos: solo esos se leen y escriben, y la segunda vez ninguno.",
        en=f"{len(changed)} of {len(keys)} objects changed: only those are read and written, and the second time none.",
        got=f"leídos / read: {len(first['leidos'])}, {len(second['leidos'])}; puestos / put: {len(first['puestos'])}",
        expected=f"{len(changed)}, 0; {len(changed)}",
        score=0.4,
    )
    lab.expect(
        report(first) == wanted and first["fichas"] <= 2 * len(changed),
        es="El informe no dice lo que se hizo, o se pidió la ficha de objetos que el listado ya describe.",
        en="The report doesn't say what was done, or sheets were asked for of objects that the listing describes.",
        got=f"{report(first)}; fichas: {first['fichas']}",
        expected=f"{wanted}; fichas: ≤ {2 * len(changed)}",
        score=0.7,
    )


def hibrida(lab: Lab) -> None:
    """Between Cloud Storage and one of the others, either way, with everything that an object carries."""
    here, there = lab.rng.sample(["CloudStorage", lab.rng.choice(["S3", "AzureBlob"])], 2)
    given = {f"m/{word}": f"{word} {lab.rng.random()}" for word in _words(lab, 3)}
    like = {"informes": list, "vistos": dict.fromkeys(given, list)}
    told = probe(lab, "hibrida", here, there, _bucket(lab, "hibrida"), given, like=like)
    for key, text in given.items():
        seen = told["vistos"][key]
        got = sheet(seen[1])
        lab.expect(
            seen[0] == text.encode().hex() and (got.get("metadatos"), got.get("clase")) == ({"lote": "7"}, "ocasional"),
            es=f"De `{here}` a `{there}` un objeto pierde algo: sus bytes, sus metadatos o su clase.",
            en=f"From `{here}` to `{there}` an object loses something: its bytes, its metadata or its class.",
            got=f"{got}",
            expected="metadatos {'lote': '7'}, clase ocasional",
        )
    reports = told["informes"]
    lab.expect(
        [sheet(each).get("iguales") for each in reports] == [0, len(given)],
        es=f"De `{here}` a `{there}`, la segunda pasada debe encontrar los {len(given)} objetos iguales.",
        en=f"From `{here}` to `{there}` the second pass should find the {len(given)} objects equal.",
        got=f"{reports}"[:300],
        score=0.6,
    )


def verificacion(lab: Lab) -> None:
    """One object comes damaged once, another always."""
    source, target, changed, _ = _clouds(lab)
    once, always = lab.rng.sample(changed, 2)
    told = passes(lab, source, target, "d/", False, {once: 1, always: 99}, [], 1)[0]
    kept = target.get(always)
    got = (told["destino"].get(once, [None])[0], told["destino"].get(always, [None])[0])
    lab.expect(
        got == (source[once], kept),
        es="Un objeto llegó dañado y se escribió en la copia: compara lo leído con el md5 del origen antes de ponerlo.",
        en="An object came damaged and was written into the copy: compare what was read with the source's md5 first.",
        got=f"{got}",
        expected=f"{(source[once], kept)}",
    )
    lab.expect(
        report(told)["fallidos"] == [always] and once in report(told)["copiados"],
        es="El que llega dañado una vez se lee de nuevo y se copia; el que llega siempre dañado va a `fallidos`.",
        en="The one that comes damaged once is read again and copied; the one that always does goes to `fallidos`.",
        got=f"{report(told)}",
        expected=f"fallidos: [{always}]",
        score=0.5,
    )


def fallos(lab: Lab) -> None:
    """The target refuses one object in the first pass."""
    source, target, changed, keys = _clouds(lab)
    refused = lab.rng.choice(changed[:-1])
    first, second = passes(lab, source, target, "d/", False, {}, [refused], 2)
    rest = [key for key in changed if key != refused]
    lab.expect(
        first["puestos"] == rest and report(first)["fallidos"] == [refused],
        es="Un objeto que falla va a `fallidos` y no detiene a los demás.",
        en="An object that fails goes to `fallidos` and doesn't stop the others.",
        got=f"{report(first)}",
        expected=f"copiados: {rest}; fallidos: [{refused}]",
    )
    lab.expect(
        report(second)["copiados"] == [refused] and report(second)["iguales"] == len(keys) - 1,
        es="La segunda pasada debe seguir por donde se quedó la primera, y copiar solo el que faltaba.",
        en="The second pass should go on where the first stopped, and copy only the one that was missing.",
        got=f"{report(second)}",
        expected=f"copiados: [{refused}]; iguales: {len(keys) - 1}",
        score=0.5,
    )


def borrados(lab: Lab) -> None:
    source, target, _, keys = _clouds(lab)
    kept = passes(lab, source, target, "d/", False, {}, [], 1)[0]
    gone = passes(lab, source, target, "d/", True, {}, [], 1)[0]
    lab.expect(
        (kept["borrados"], gone["borrados"]) == ([], ["d/viejo"]),
        es="Sin `borrar` no se borra nada; con él, solo lo del prefijo que ya no está en el origen.",
        en="Without `borrar` nothing is deleted; with it, only what is under the prefix and no longer in the source.",
        got=f"{kept['borrados']}; {gone['borrados']}",
        expected="[]; ['d/viejo']",
    )
    empty = passes(lab, {"fuera": "x"}, target, "d/", True, {}, [], 1)[0]
    lab.expect(
        empty["informe"] == "ValueError" and empty["borrados"] == [],
        es=f"El origen no tenía nada bajo el prefijo y se borró la copia de {len(keys)}: mejor negarse con ValueError.",
        en=f"The source had nothing under the prefix, and the copy of {len(keys)} was deleted: refuse by ValueError.",
        got=f"{empty['informe']}; borrados / deleted: {len(empty['borrados'])}",
        expected="ValueError; 0",
        score=0.5,
    )
