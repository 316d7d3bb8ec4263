"""Runs in the student's sandbox: drives the three clouds in few calls, and replica.py between clouds of its own.

Those are in memory, have the same methods, and note what they are asked for. One can damage what is read or refuse what
is written, so that nothing is left to luck.
"""

import hashlib
import importlib

MOST_PAGES = 50


def _cloud(tipo, cubo):
    return getattr(importlib.import_module("nubes"), tipo)(cubo)


def _plain(value):
    """Bytes as hexadecimal, dictionaries and lists of them; anything else by its type's name."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return f"<{type(value).__name__}>"


def objetos(tipo, cubo, dados, falta):
    """Objects stored, read and told of; then one that isn't there; then one stored again."""
    cloud = _cloud(tipo, cubo)
    cloud.crear()
    cloud.crear()
    for key, text, metadata in dados:
        cloud.poner(key, bytes.fromhex(text), metadata)
    seen = {key: [_plain(cloud.leer(key)), _plain(cloud.ficha(key))] for key, _, _ in dados}
    try:
        missing = _plain(cloud.leer(falta))
    except KeyError:
        missing = "KeyError"
    first = dados[0][0]
    cloud.poner(first, b"otra cosa")
    again = [_plain(cloud.leer(first)), _plain(cloud.ficha(first))]
    cloud.borrar(first)
    cloud.borrar(first)
    return {
        "vistos": seen,
        "falta": [missing, _plain(cloud.ficha(falta))],
        "otra": again,
        "fin": _plain(cloud.ficha(first)),
    }


def paginas(tipo, cubo, claves, prefijo, tamano):
    """The pages of a prefix."""
    cloud = _cloud(tipo, cubo)
    cloud.crear()
    for key in claves:
        cloud.poner(key, key.encode())
    pages = []
    for page in cloud.paginas(prefijo, tamano):
        pages.append(_plain(list(page)))
        if len(pages) == MOST_PAGES:
            break
    return pages


def clases(tipo, cubo, dadas):
    """The class that is told of each object."""
    cloud = _cloud(tipo, cubo)
    cloud.crear()
    for name in dadas:
        cloud.poner(name, b"x", clase=name)
    return {name: _plain((cloud.ficha(name) or {}).get("clase")) for name in dadas}


def enlaces(tipo, cubo, claves, segundos):
    """Two objects, and the link to the first."""
    cloud = _cloud(tipo, cubo)
    cloud.crear()
    for key in claves:
        cloud.poner(key, f"contenido de {key}".encode())
    return _plain(cloud.enlace(claves[0], segundos))


def versiones(cubo, clave, textos):
    """An object written over and over, and got back twice, which tells what is left; one that has no other version."""
    cloud = _cloud("S3", cubo)
    cloud.crear()
    for text in textos:
        cloud.poner(clave, text.encode())
        cloud.poner(f"{clave}.otro", text.encode())
    answers = [_plain(call(clave)) for _ in range(2) for call in (cloud.recuperar, cloud.leer)]
    cloud.poner("sola", b"sola")
    answers.append(_plain(cloud.recuperar("sola")))
    return [*answers, _plain(cloud.leer(f"{clave}.otro"))]


class Memoria:
    """A cloud in memory. ``danos``: how many reads of a key come damaged; ``niega``: keys it doesn't take."""

    def __init__(self, objetos, danos=None, niega=()):
        self.objetos = {key: (data.encode(), {"dueño": key}, "ocasional") for key, data in objetos.items()}
        self.danos, self.niega = dict(danos or {}), set(niega)
        self.leidos, self.puestos, self.borrados, self.fichas = [], [], [], 0

    def crear(self):
        pass

    def leer(self, clave):
        self.leidos.append(clave)
        if self.danos.get(clave, 0) > 0:
            self.danos[clave] -= 1
            return self.objetos[clave][0][:-1] + b"?"
        return self.objetos[clave][0]

    def poner(self, clave, datos, metadatos=None, clase="frecuente"):
        if clave in self.niega:
            raise ConnectionError(f"{clave}: la nube no responde")
        self.puestos.append(clave)
        self.objetos[clave] = (datos, metadatos or {}, clase)

    def _breve(self, clave):
        data = self.objetos[clave][0]
        return {"clave": clave, "bytes": len(data), "md5": hashlib.md5(data, usedforsecurity=False).hexdigest()}

    def ficha(self, clave):
        self.fichas += 1
        if clave not in self.objetos:
            return None
        return {**self._breve(clave), "metadatos": self.objetos[clave][1], "clase": self.objetos[clave][2]}

    def paginas(self, prefijo, tamano):
        keys = sorted(key for key in self.objetos if key.startswith(prefijo))
        for start in range(0, max(1, len(keys)), min(tamano, 3)):
            yield [self._breve(key) for key in keys[start : start + min(tamano, 3)]]

    def borrar(self, clave):
        self.borrados.append(clave)
        self.objetos.pop(clave, None)


def replicas(origen, destino, prefijo, borrar, danos, niega, pasadas):
    """Copies from one cloud in memory to another, as often as asked; what it refuses, it takes from the second time."""
    source, target = Memoria(origen, danos), Memoria(destino, niega=niega)
    told = []
    for _ in range(pasadas):
        for cloud in (source, target):
            cloud.leidos, cloud.puestos, cloud.borrados, cloud.fichas = [], [], [], 0
        try:
            report = _plain(importlib.import_module("replica").replicar(source, target, prefijo, borrar))
        except ValueError:
            report = "ValueError"
        told.append(
            {
                "informe": report,
                "leidos": sorted(source.leidos),
                "puestos": sorted(target.puestos),
                "borrados": sorted(target.borrados),
                "fichas": source.fichas + target.fichas,
                "destino": {
                    key: [data.decode(errors="replace"), metadata.get("dueño", ""), kind]
                    for key, (data, metadata, kind) in target.objetos.items()
                },
            }
        )
        target.niega = set()
    return told


def hibrida(desde, hacia, cubo, dados):
    """A real copy between two of the three clouds, twice."""
    source, target = _cloud(desde, f"{cubo}-o"), _cloud(hacia, f"{cubo}-d")
    source.crear()
    target.crear()
    for key, text in dados.items():
        source.poner(key, text.encode(), {"lote": "7"}, "ocasional")
    replicar = importlib.import_module("replica").replicar
    reports = [_plain(replicar(source, target, "")) for _ in range(2)]
    return {
        "informes": reports,
        "vistos": {key: [_plain(target.leer(key)), _plain(target.ficha(key))] for key in dados},
    }
