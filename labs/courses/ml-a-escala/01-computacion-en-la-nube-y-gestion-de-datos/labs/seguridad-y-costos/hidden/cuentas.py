"""Inventories that nobody has seen, and the reference for what they cost and how far they can be cut."""

import csv
import math
import random
from itertools import combinations, product
from pathlib import Path
from typing import Any

DAYS = (30, 60, 90, 180, 365, 730)
ORDER = ("STANDARD", "STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
CPU, MEMORY = 0.70, 0.85
Plan = list[tuple[int, str]]


def prices(base: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The lab's price table with each price a little different; the order of the classes stays."""

    def about(value: float) -> float:
        return round(value * rng.uniform(0.93, 1.07), 7)

    money = ("gib_mes", "leer_gib", "pasar_mil")
    return {
        "horas_al_mes": rng.choice([720, 730, 744]),
        "descuento_por_compromiso": round(rng.uniform(0.2, 0.4), 2),
        "clases": {
            name: {key: about(value) if key in money else value for key, value in each.items()}
            for name, each in base["clases"].items()
        },
        "maquinas": {name: {**each, "hora": about(each["hora"])} for name, each in base["maquinas"].items()},
    }


def groups(rng: random.Random) -> list[dict[str, Any]]:
    """One of each kind that a mistake about storage classes shows on, in any order."""

    def group(name: str, gib: float, objects: int, keep: int, wait: int, reads: list[list[float]]) -> dict[str, Any]:
        return {
            "prefijo": f"{name}-{rng.randint(10, 99)}/",
            "gib": gib,
            "objetos": objects,
            "conservar_dias": keep,
            "espera_maxima_s": wait,
            "lecturas_al_mes": reads,
        }

    size = rng.randint(200, 700)
    keep = rng.choice([1095, 1825, 2555])
    rare, often = round(rng.uniform(0.01, 0.03), 3), round(rng.uniform(0.5, 0.6), 2)
    found = [
        group("crudos", size, size * rng.randint(10, 40), keep, 86400, [[0, 30, 2.0], [30, 60, 0.2], [60, keep, 0.0]]),
        group("tablas", rng.randint(150, 400), 4000, 730, 1, [[0, 90, 4.0], [90, 730, rare]]),
        group("modelos", rng.randint(40, 90), 300, 365, 1, [[0, 365, round(rng.uniform(2.0, 4.0), 1)]]),
        group("eventos", rng.randint(15, 30), rng.randint(6, 9) * 10**6, 365, 1, [[0, 30, 1.0], [30, 365, 0.01]]),
        group("informes", rng.randint(100, 300), 900, 240, 1, [[0, 60, 2.0], [60, 240, often]]),
        group("recientes", rng.randint(300, 900), 5000, rng.randint(33, 36), 86400, [[0, 30, 1.0], [30, 36, 0.0]]),
        group("auditoria", rng.randint(100, 300), 2000, 2555, 20000, [[0, 30, 0.5], [30, 2555, 0.001]]),
    ]
    rng.shuffle(found)
    return found


def cost(prices: dict[str, Any], group: dict[str, Any], plan: Plan) -> float:
    """What the data of one month cost in all their life."""
    total = 0.0
    for number, (since, name) in enumerate(plan):
        until = plan[number + 1][0] if number + 1 < len(plan) else group["conservar_dias"]
        each = prices["clases"][name]
        size = max(group["gib"], group["objetos"] * each["kib_minimos"] / 1024**2)
        total += size * each["gib_mes"] * max(until - since, each["dias_minimos"]) / 30
        total += group["objetos"] / 1000 * each["pasar_mil"] if number else 0.0
        for start, end, times in group["lecturas_al_mes"]:
            days = max(0, min(until, end) - max(since, start))
            total += group["gib"] * times * days / 30 * each["leer_gib"]
    return total


def plans(group: dict[str, Any], classes: list[str]) -> list[Plan]:
    days = [day for day in DAYS if day < group["conservar_dias"]]
    return [
        [(0, "STANDARD"), *zip(when, which, strict=True)]
        for steps in range(3)
        for when, which in product(combinations(days, steps), combinations(classes, steps))
    ]


def best(prices: dict[str, Any], group: dict[str, Any]) -> float:
    """The least that the group can cost with classes that answer in time."""
    classes = [name for name in ORDER[1:] if prices["clases"][name]["espera_s"] <= group["espera_maxima_s"]]
    return min(cost(prices, group, plan) for plan in plans(group, classes))


def some_plan(rng: random.Random, group: dict[str, Any]) -> Plan:
    return rng.choice([plan for plan in plans(group, list(ORDER[1:])) if len(plan) > 1])


def machines(rng: random.Random, data: Path) -> list[dict[str, Any]]:
    """Servers whose work follows the departures of an airport, and one that is idle but for a part of the day."""
    with (data / "datos/salidas.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    start = rng.randrange(24) * 7
    rows = rows[start : start + 168]
    found = []
    for airport in ("EWR", "JFK", "LGA"):
        weight, base, each = rng.uniform(0.02, 0.12), rng.uniform(0.5, 3), rng.uniform(0.05, 0.3)
        found.append(
            {
                "nombre": f"{airport.lower()}-{rng.randint(100, 999)}",
                "clase": rng.choice(["m7g.2xlarge", "c7g.2xlarge"]),
                "horas": rng.choice([600, 650, 700]),
                "vcpu": [round(int(row[airport]) * weight, 4) for row in rows],
                "memoria_gib": [round(base + int(row[airport]) * each, 3) for row in rows],
            }
        )
    # Hungry for memory, and for CPU a few hours a week only: neither mean nor maximum tell what it needs.
    peaks = set(rng.sample(range(len(rows)), 5))
    found.append(
        {
            "nombre": f"lotes-{rng.randint(100, 999)}",
            "clase": "m7g.2xlarge",
            "horas": rng.choice([100, 150, 200]),
            "vcpu": [round(5.5 if hour in peaks else rng.uniform(1.5, 2.7), 4) for hour in range(len(rows))],
            "memoria_gib": [round(rng.uniform(18, 26), 3) for _ in rows],
        }
    )
    # Quiet but for one hour in ten: its mean says a quarter of what its 95th percentile does.
    busy = set(rng.sample(range(len(rows)), len(rows) // 10))
    found.append(
        {
            "nombre": f"informes-{rng.randint(100, 999)}",
            "clase": "m7g.2xlarge",
            "horas": rng.choice([600, 650, 700]),
            "vcpu": [round(rng.uniform(2.2, 2.7) if hour in busy else 0.3, 4) for hour in range(len(rows))],
            "memoria_gib": [round(rng.uniform(1, 2.5), 3) for _ in rows],
        }
    )
    rng.shuffle(found)
    return found


def needs(machine: dict[str, Any]) -> tuple[float, float]:
    ordered = sorted(machine["vcpu"])
    return ordered[math.ceil(0.95 * len(ordered)) - 1], max(machine["memoria_gib"])


def fits(prices: dict[str, Any], machine: dict[str, Any], name: str) -> bool:
    cpu, memory = needs(machine)
    size = prices["maquinas"][name]
    return cpu <= CPU * size["vcpu"] and memory <= MEMORY * size["gib"]


def monthly(prices: dict[str, Any], machine: dict[str, Any], name: str, purchase: str) -> float:
    hour = prices["maquinas"][name]["hora"]
    if purchase == "compromiso":
        return hour * prices["horas_al_mes"] * (1 - prices["descuento_por_compromiso"])
    return hour * machine["horas"]


def cheapest(prices: dict[str, Any], machine: dict[str, Any]) -> float:
    return min(
        monthly(prices, machine, name, purchase)
        for name in prices["maquinas"]
        if fits(prices, machine, name)
        for purchase in ("demanda", "compromiso")
    )


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def near(got: object, right: float) -> bool:
    return isinstance(got, int | float) and is_number(got) and abs(got - right) <= 1e-6 * max(1.0, right)
