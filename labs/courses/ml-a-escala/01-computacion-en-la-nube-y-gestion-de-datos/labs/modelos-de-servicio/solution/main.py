"""Pulsa Ejecutar: prueba lo que llevas hecho. Este archivo no se califica; cámbialo cuanto quieras."""

import base64
import csv
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import boto3
import requests
from botocore.exceptions import BotoCoreError, ClientError
from costos import costo_funcion, costo_maquina, costo_servicio, equilibrio
from iaas import AWS, borrar, crear
from paas import desplegar
from saas import exportar, incorporar

DIAS = sorted(Path("datos").glob("*.csv"))
SERVICIO = "http://127.0.0.1:8090"
MAQUINA = {
    "nombre": "retrasos",
    "red": "10.20.0.0/16",
    "zonas": ["us-east-1a", "us-east-1b"],
    "puerto": 8088,
    "desde": "198.51.100.0/24",
    "imagen": "ami-08a311a6aaa3cd94a",  # Amazon Linux 2023, arm64
    "clase": "t4g.small",
    "disco_gib": 20,
    "etiquetas": {"equipo": "puntualidad", "entorno": "laboratorio"},
}
FUNCION = {"nombre": "retrasos", "memoria_mb": 256, "segundos": 15}
USO = {
    "peticiones": 2_000_000,
    "ms": 120,
    "memoria_mb": 256,
    "pico_por_s": 30,
    "atiende_por_s": 50,
    "disco_gib": 20,
    "lectores": 10,
    "analistas": 2,
}


def arrancar(instancia: str) -> subprocess.Popen:
    """Lo que el emulador no hace: ejecuta el user data de la máquina, con una carpeta en lugar de su disco."""
    atributo = boto3.client("ec2", **AWS).describe_instance_attribute(InstanceId=instancia, Attribute="userData")
    raiz = Path("maquina").absolute()
    shutil.rmtree(raiz, ignore_errors=True)
    raiz.mkdir()
    (raiz / "guion.sh").write_bytes(base64.b64decode(atributo["UserData"].get("Value", "")))
    return subprocess.Popen(["sh", raiz / "guion.sh"], env={**os.environ, "RAIZ": str(raiz)}, start_new_session=True)


def esperar(hacer, segundos: float = 30):
    """Lo que devuelve `hacer` en cuanto no falla."""
    fin = time.monotonic() + segundos
    while True:
        try:
            return hacer()
        except (OSError, ClientError):
            if time.monotonic() > fin:
                raise
            time.sleep(0.2)


def iaas() -> str:
    # Cada prueba empieza con la nube vacía: lo que dejó un intento a medias no estorba al siguiente.
    requests.post(f"{AWS['endpoint_url']}/moto-api/reset", timeout=10)
    hecho = crear(MAQUINA)
    if crear(MAQUINA) != hecho:
        return "la segunda llamada hizo otra máquina"
    proceso = arrancar(hecho["instancia"])
    try:
        url = f"http://127.0.0.1:{MAQUINA['puerto']}/dias/{DIAS[0].stem}"
        esperar(lambda: requests.put(url, data=DIAS[0].read_bytes(), timeout=5), 5)
        resumen = requests.get(url, timeout=5).json()
    finally:
        os.killpg(proceso.pid, signal.SIGKILL)
    borrar("retrasos")
    return f"{DIAS[0].stem}: {resumen}"


def paas() -> str:
    hecho, s3 = desplegar(FUNCION), boto3.client("s3")
    for dia in DIAS:
        s3.upload_file(str(dia), hecho["deposito"], f"dias/{dia.name}")
    claves = [f"resumenes/{dia.stem}.json" for dia in DIAS]
    leidos = [esperar(lambda c=clave: s3.get_object(Bucket=hecho["deposito"], Key=c)) for clave in claves]
    resumen = json.load(leidos[0]["Body"])
    return f"versión {hecho['version']}, {len(leidos)} días resumidos; {DIAS[0].stem}: {resumen}"


def saas() -> str:
    clave = requests.post(f"{SERVICIO}/inquilinos", json={"nombre": "puntualidad"}, timeout=5).json()["clave"]
    incorporar(SERVICIO, clave, {"ana@ejemplo.edu": "lector", "luis@ejemplo.edu": "analista"})
    for dia in DIAS:
        cabecera = {"Authorization": f"Bearer {clave}"}
        requests.put(f"{SERVICIO}/dias/{dia.stem}", data=dia.read_bytes(), headers=cabecera, timeout=5)
    todos = exportar(SERVICIO, clave)
    return f"{len(todos)} días exportados; {DIAS[0].stem}: {todos.get(DIAS[0].stem)}"


def responsabilidades() -> str:
    filas = list(csv.DictReader(Path("responsabilidades.csv").read_text(encoding="utf-8").splitlines()))
    if not all(fila["iaas"] for fila in filas):
        raise NotImplementedError("llenar responsabilidades.csv")
    cuentas = {modelo: sum(fila[modelo] == "nosotros" for fila in filas) for modelo in ("iaas", "paas", "saas")}
    return f"nos toca a nosotros, de {len(filas)} tareas: {cuentas}"


def costos() -> str:
    precios = json.loads(Path("precios.json").read_text(encoding="utf-8"))
    lineas = [f"desde {equilibrio(precios, USO):,} peticiones al mes la función deja de ser más barata"]
    for peticiones in (100_000, 2_000_000, 20_000_000, 50_000_000):
        uso = {**USO, "peticiones": peticiones}
        tres = [costo(precios, uso) for costo in (costo_maquina, costo_funcion, costo_servicio)]
        lineas.append(f"    {peticiones:>10,}: " + "  ".join(f"{valor:8.2f} USD" for valor in tres))
    return "\n".join(lineas)


for paso in (iaas, paas, saas, responsabilidades, costos):
    try:
        print(f"● {paso.__name__}: {paso()}")
    except NotImplementedError as falta:
        print(f"○ {paso.__name__}: falta {falta}")
    except (OSError, BotoCoreError, ClientError, KeyError, ValueError) as error:
        print(f"○ {paso.__name__}: {type(error).__name__}: {str(error).splitlines()[0][:160]}")
