"""Pulsa Ejecutar: prueba lo que llevas hecho. Este archivo no se califica; cámbialo cuanto quieras."""

import csv
import json
import shutil
from pathlib import Path

import archivos
import bloques
import boto3
import medidas
import objetos

CUBO, CLAVE = "laboratorio", "vuelos.csv"
VUELOS = Path("datos/vuelos-2013-01-02.csv")
IMAGEN, CAPA = "disco.img", "capa.qcow2"


def formato() -> str:
    bloques.formatear(IMAGEN, 8, "datos", "vuelos")
    return f"{IMAGEN}: {Path(IMAGEN).stat().st_size >> 20} MiB con {len(list(Path('datos').iterdir()))} archivos"


def crecimiento() -> str:
    bloques.crecer(IMAGEN, 12)
    return f"{IMAGEN}: {Path(IMAGEN).stat().st_size >> 20} MiB"


def capas() -> str:
    Path(CAPA).unlink(missing_ok=True)
    bloques.crear_capa(IMAGEN, CAPA)
    return f"{CAPA} ocupa {Path(CAPA).stat().st_size >> 10} KiB sobre una base de {Path(IMAGEN).stat().st_size >> 20} MiB"


def instantaneas() -> str:
    for nombre in ("limpio", "entrenado"):
        bloques.fotografiar(CAPA, nombre)
    bloques.volver(CAPA, "limpio")
    return f"fotos: {', '.join(bloques.fotos(CAPA))}"


def bloque_en_red() -> str:
    bloques.cambiar_en_disco(4090, b"cambiado")
    return "8 bytes cambiados: mira el registro del servicio «Disco en red»"


def archivo_en_red() -> str:
    copia = Path("datos/copia.csv")
    shutil.copy(VUELOS, copia)
    try:
        archivos.agregar(copia.name, b"fin\n")
        mas = copia.stat().st_size - VUELOS.stat().st_size
        return f"{archivos.leer_tramo(copia.name, 0, 18)!r}; {mas} bytes más"
    finally:
        copia.unlink()


def objeto() -> str:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=CUBO)
    s3.put_object(Bucket=CUBO, Key=CLAVE, Body=VUELOS.read_bytes())
    objetos.cambiar_en_objeto(CUBO, CLAVE, 0, b"ID")
    return f"{objetos.leer_tramo(CUBO, CLAVE, 0, 12)!r}: para cambiar 2 bytes viajaron dos veces {VUELOS.stat().st_size}"


def partes() -> str:
    return f"{objetos.subir_por_partes(CUBO, 'partes.csv', str(VUELOS), 10_000)} partes"


def tabla() -> str:
    registro = json.loads(Path("fio.json").read_text())
    if not registro:
        raise NotImplementedError("medir: fio medir.fio --output-format=json --output=fio.json")
    filas = medidas.resumir(registro)
    with Path("tabla.csv").open("w", newline="") as archivo:
        salida = csv.DictWriter(archivo, medidas.COLUMNAS, lineterminator="\n")
        salida.writeheader()
        salida.writerows(filas)
    return "".join(f"\n    {fila['trabajo']:22}{fila['iops']:7} op/s{fila['mib_s']:9} MiB/s{fila['p99_us']:8} µs" for fila in filas)


for paso in (formato, crecimiento, capas, instantaneas, bloque_en_red, archivo_en_red, objeto, partes, tabla):
    try:
        print(f"● {paso.__name__}: {paso()}")
    except NotImplementedError as falta:
        print(f"○ {paso.__name__}: falta {falta}")
    except Exception as error:  # lo que falte de un paso no impide ver los demás
        print(f"○ {paso.__name__}: {type(error).__name__}: {str(error).splitlines()[0][:150]}")
