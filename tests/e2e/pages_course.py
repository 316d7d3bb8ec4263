"""A course whose labs open the web pages of each environment's tools, for test_web_pages.py."""

from __future__ import annotations

from pathlib import Path

from tests.workers.course import CHECKS
from workers.config import ROOT

SPARK = """from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
print("filas", spark.range(1000).repartition(4).count())
"""
DASK = """import subprocess
import sys
import time

from distributed import Client

subprocess.Popen([sys.executable, "-m", "http.server", "8123", "--bind", "127.0.0.1"])
with Client("tcp://127.0.0.1:8786") as client:
    client.wait_for_workers(2)
    print("trabajadores", len(client.scheduler_info()["workers"]), flush=True)
    pieces = client.map(lambda number: time.sleep(0.5) or number, range(2000))
    client.gather(pieces)
"""
MLOPS = """import mlflow
from tensorboard.summary import Writer

mlflow.set_experiment("paginas")
with mlflow.start_run(run_name="carrera-azul"):
    mlflow.log_metric("error", 0.25)
    mlflow.log_text("hola", "nota.txt")
writer = Writer("runs/uno")
writer.add_scalar("perdida", 0.25, 1)
writer.close()
print("anotado")
"""
CLUSTER = """
services:
  - id: scheduler
    title: {es: Planificador, en: Scheduler}
    command: [dask, scheduler, --host=127.0.0.1, --port=8786, "--dashboard-address=127.0.0.1:8787"]
    ready: {port: 8786}
  - id: workers
    title: {es: Trabajadores, en: Workers}
    command: [dask, worker, "tcp://127.0.0.1:8786", --nworkers=2, --nthreads=1, --memory-limit=400MiB, --no-dashboard]
uis:
  - id: dashboard
    title: {es: Panel de Dask, en: Dask dashboard}
    port: 8787
    service: scheduler
    path: /status
"""
SLOW_AND_BROKEN = """
services:
  - id: tienda
    title: {es: Tienda, en: Store}
    command: [python, -m, http.server, "8200", "--bind", "127.0.0.1"]
    start: demand
    ready: {port: 8200, command: [test, -e, surtida.txt]}
  - id: rota
    title: {es: Rota, en: Broken}
    command: [python, -c, "raise SystemExit('sin mercancía')"]
    start: demand
    restart: false
    ready: {port: 8201}
uis:
  - {id: tienda, title: {es: Tienda, en: Store}, port: 8200, service: tienda}
  - {id: rota, title: {es: Rota, en: Broken}, port: 8201, service: rota}
"""
LABS = {
    "chispa": ("spark", SPARK, ""),
    "tablero": ("dask", DASK, CLUSTER),
    "carreras": ("mlops", MLOPS, ""),
    "servicios": ("dask", 'print("listo")\n', CLUSTER),
    "esperas": ("base", 'open("surtida.txt", "w").close()\n', SLOW_AND_BROKEN),
}


def _lab(environment: str, program: str, more: str) -> dict[str, str]:
    spec = (
        f"title: {{es: Páginas de {environment}, en: Pages of {environment}}}\nsummary: {{es: Uno., en: One.}}\n"
        f"environment: {environment}\nfiles: [main.py]\nminutes: 5\n"
        "checks:\n  - {id: suma, title: {es: Suma, en: Sum}, points: 60}\n"
        f"  - {{id: salida, title: {{es: Salida, en: Output}}, points: 40}}\n{more}"
    )
    return {
        "lab.yaml": spec,
        "checks.py": CHECKS,
        "instructions.es.md": "Abre las páginas.\n",
        "instructions.en.md": "Open the pages.\n",
        "starter/main.py": program,
        "solution/main.py": program,
    }


def write(folder: Path) -> Path:
    """The content folder, with this repository's kit and environments."""
    names = ", ".join(LABS)
    files = {
        "course.yaml": "title: {es: Curso, en: Course}\nsummary: {es: Uno., en: One.}\nmodules: [01-uno]\n",
        "01-uno/module.yaml": "number: 1\ntitle: {es: Uno, en: One}\nsummary: {es: Uno., en: One.}\nhours: 1\n"
        "topics:\n  - {id: 01-uno, number: '1.1', title: {es: Uno, en: One}, hours: 1, pages: "
        f"[{{id: uno, title: {{es: Uno, en: One}}, labs: [{names}]}}]}}\n",
        "01-uno/pages/01-uno/uno.es.md": "Hola.\n",
        "01-uno/pages/01-uno/uno.en.md": "Hello.\n",
    }
    for lab, parts in LABS.items():
        files |= {f"01-uno/labs/{lab}/{name}": text for name, text in _lab(*parts).items()}
    for name, text in files.items():
        path = folder / "courses" / "paginas" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for shared in ("kit", "environments"):
        (folder / shared).symlink_to(ROOT / "labs" / shared)
    return folder
