"""The table of who does what, price tables that nobody has seen, and the reference for what they cost."""

import math
import random
from typing import Any

WHO = {  # task: IaaS, PaaS, SaaS; n(osotros) or p(roveedor)
    "Cuidar el edificio y cambiar los discos que fallan": "ppp",
    "Parchear el hipervisor sobre el que corren las máquinas": "ppp",
    "Parchear el sistema operativo en el que se ejecuta el programa": "npp",
    "Aplicar los parches de seguridad de Python 3.12": "npp",
    "Poner al día las bibliotecas que lleva el programa": "nnp",
    "Corregir un error en el cálculo del resumen": "nnp",
    "Añadir capacidad cuando llegan diez veces más peticiones": "npp",
    "Decidir qué puertos se ven desde Internet": "npp",
    "Pedir que lo guardado quede cifrado": "npp",
    "Poder recuperar un día que borramos por error": "nnn",
    "Decidir quién entra y con qué permisos": "nnn",
    "Responder por haber subido datos que no debíamos": "nnn",
}
MODELS = ("iaas", "paas", "saas")


def prices(rng: random.Random) -> dict[str, Any]:
    return {
        "horas_al_mes": rng.choice([720, 730, 744]),
        "maquina": {
            "hora": round(rng.uniform(0.01, 0.2), 4),
            "ipv4_hora": round(rng.uniform(0.002, 0.01), 4),
            "disco_gib_mes": round(rng.uniform(0.05, 0.15), 3),
        },
        "funcion": {
            "millon_de_peticiones": round(rng.uniform(0.1, 0.6), 2),
            "gib_segundo": round(rng.uniform(1e-5, 3e-5), 10),
            "gratis_peticiones": rng.choice([0, 500_000, 1_000_000, 2_000_000]),
            "gratis_gib_segundos": rng.choice([0, 200_000, 400_000]),
        },
        "servicio": {"lector_mes": round(rng.uniform(2, 9), 2), "analista_mes": round(rng.uniform(15, 60), 2)},
    }


def use(rng: random.Random) -> dict[str, Any]:
    serves = rng.randint(20, 60)
    return {
        "peticiones": rng.randint(3_000_000, 90_000_000),
        "ms": round(rng.uniform(20, 400), 1),
        "memoria_mb": rng.choice([128, 256, 512, 1024]),
        "pico_por_s": serves * rng.randint(1, 4) + rng.randint(1, serves - 1),
        "atiende_por_s": serves,
        "disco_gib": rng.randint(10, 200),
        "lectores": rng.randint(1, 40),
        "analistas": rng.randint(1, 9),
    }


def bills(prices: dict[str, Any], use: dict[str, Any]) -> dict[str, float]:
    machine, function, service = prices["maquina"], prices["funcion"], prices["servicio"]
    machines = max(1, math.ceil(use["pico_por_s"] / use["atiende_por_s"]))
    hours = prices["horas_al_mes"] * (machine["hora"] + machine["ipv4_hora"])
    seconds = use["peticiones"] * math.ceil(use["ms"]) / 1000 * use["memoria_mb"] / 1024
    calls = max(0, use["peticiones"] - function["gratis_peticiones"]) / 1e6 * function["millon_de_peticiones"]
    return {
        "costo_maquina": machines * (hours + use["disco_gib"] * machine["disco_gib_mes"]),
        "costo_funcion": calls + max(0, seconds - function["gratis_gib_segundos"]) * function["gib_segundo"],
        "costo_servicio": use["lectores"] * service["lector_mes"] + use["analistas"] * service["analista_mes"],
    }


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
