"""La factura, y cómo bajarla sin perder datos ni rendimiento."""

import math
from itertools import combinations, product

DIAS = (30, 60, 90, 180, 365, 730)
"""Los días en que una regla puede mover un objeto a otra clase."""
ORDEN = ("STANDARD", "STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
"""De la más cara de guardar a la más barata: solo se baja."""
CPU, MEMORIA = 0.70, 0.85
"""Hasta qué parte de una máquina se puede usar: la CPU en su percentil 95, la memoria en su máximo."""


def factura(precios: dict, grupos: list[dict], maquinas: list[dict]) -> dict:
    """Lo que se paga hoy en un mes: todo lo que se conserva en STANDARD, y cada máquina por sus horas."""
    estandar = precios["clases"]["STANDARD"]["gib_mes"]
    almacen = sum(grupo["gib"] * grupo["conservar_dias"] / 30 * estandar for grupo in grupos)
    computo = sum(precios["maquinas"][maquina["clase"]]["hora"] * maquina["horas"] for maquina in maquinas)
    return {"almacen": almacen, "computo": computo, "total": almacen + computo}


def costo(precios: dict, grupo: dict, plan: list[tuple[int, str]]) -> float:
    """Lo que cuestan, en toda su vida, los datos que llegan en un mes. El plan dice desde qué día, en qué clase."""
    total = 0.0
    finales = [dia for dia, _ in plan[1:]] + [grupo["conservar_dias"]]
    for (desde, nombre), hasta in zip(plan, finales, strict=True):
        clase = precios["clases"][nombre]
        gib = max(grupo["gib"], grupo["objetos"] * clase["kib_minimos"] / 1024**2)
        total += gib * clase["gib_mes"] * max(hasta - desde, clase["dias_minimos"]) / 30
        if desde:
            total += grupo["objetos"] / 1000 * clase["pasar_mil"]
        for inicio, fin, veces in grupo["lecturas_al_mes"]:
            dias = max(0, min(hasta, fin) - max(desde, inicio))
            total += grupo["gib"] * veces * dias / 30 * clase["leer_gib"]
    return total


def _planes(precios: dict, grupo: dict) -> list[list[tuple[int, str]]]:
    """No mover nada, y cada manera de bajar una o dos veces a clases que respondan a tiempo."""
    clases = [nombre for nombre in ORDEN[1:] if precios["clases"][nombre]["espera_s"] <= grupo["espera_maxima_s"]]
    dias = [dia for dia in DIAS if dia < grupo["conservar_dias"]]
    planes = [[(0, "STANDARD")]]
    for pasos in (1, 2):
        for cuando, cuales in product(combinations(dias, pasos), combinations(clases, pasos)):
            planes.append([(0, "STANDARD"), *zip(cuando, cuales, strict=True)])
    return planes


def reglas(precios: dict, grupos: list[dict]) -> dict:
    """La configuración de ciclo de vida más barata: una regla por prefijo, que borra cuando ya no hay que conservar."""
    resultado = []
    for grupo in grupos:
        plan = min(_planes(precios, grupo), key=lambda plan, grupo=grupo: costo(precios, grupo, plan))
        regla = {
            "ID": grupo["prefijo"].strip("/").replace("/", "-"),
            "Status": "Enabled",
            "Filter": {"Prefix": grupo["prefijo"]},
            "Expiration": {"Days": min(365, grupo["conservar_dias"])},
        }
        if len(plan) > 1:
            regla["Transitions"] = [{"Days": dia, "StorageClass": clase} for dia, clase in plan[1:]]
        resultado.append(regla)
    return {"Rules": resultado}


def ajustar(precios: dict, maquinas: list[dict]) -> dict[str, dict]:
    """Para cada máquina, la clase y la forma de compra más baratas que aguantan su uso."""
    elegidas = {}
    for maquina in maquinas:
        orden = sorted(maquina["vcpu"])
        p95 = orden[math.ceil(0.95 * len(orden)) - 1]
        memoria = max(maquina["memoria_gib"])
        valen = {
            nombre: clase["hora"]
            for nombre, clase in precios["maquinas"].items()
            if p95 <= CPU * clase["vcpu"] and memoria <= MEMORIA * clase["gib"]
        }
        nombre = min(valen, key=lambda cual: (valen[cual], cual))
        # El compromiso se paga por todas las horas del mes, con descuento; la demanda, por las que se usan.
        horas_pagadas = precios["horas_al_mes"] * (1 - precios["descuento_por_compromiso"])
        compra = "compromiso" if horas_pagadas < maquina["horas"] else "demanda"
        elegidas[maquina["nombre"]] = {"clase": nombre, "compra": compra}
    return elegidas
