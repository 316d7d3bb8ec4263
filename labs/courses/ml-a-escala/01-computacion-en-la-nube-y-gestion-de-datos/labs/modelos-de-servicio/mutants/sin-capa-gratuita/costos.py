"""Qué cuesta al mes cada modelo, y desde cuántas peticiones conviene otro."""

import math


def costo_maquina(precios: dict, uso: dict) -> float:
    """IaaS: se pagan horas, haya peticiones o no. Las máquinas que pide el momento de más carga, y al menos una."""
    maquina = precios["maquina"]
    maquinas = max(1, math.ceil(uso["pico_por_s"] / uso["atiende_por_s"]))
    cada_una = (maquina["hora"] + maquina["ipv4_hora"]) * precios["horas_al_mes"]
    return maquinas * (cada_una + uso["disco_gib"] * maquina["disco_gib_mes"])


def costo_funcion(precios: dict, uso: dict) -> float:
    """PaaS: se pagan peticiones y GiB·segundo, por encima de los que no se cobran."""
    funcion = precios["funcion"]
    gib_segundos = uso["peticiones"] * math.ceil(uso["ms"]) / 1000 * uso["memoria_mb"] / 1024
    return (
        max(0, uso["peticiones"] - funcion["gratis_peticiones"]) / 1e6 * funcion["millon_de_peticiones"]
        + max(0, gib_segundos) * funcion["gib_segundo"]
    )


def costo_servicio(precios: dict, uso: dict) -> float:
    """SaaS: se pagan personas, pidan mucho o poco."""
    servicio = precios["servicio"]
    return uso["lectores"] * servicio["lector_mes"] + uso["analistas"] * servicio["analista_mes"]


def equilibrio(precios: dict, uso: dict) -> int:
    """Las peticiones al mes desde las que la función deja de ser más barata que la máquina."""
    meta = costo_maquina(precios, uso)
    bajo, alto = 0, 1
    while costo_funcion(precios, {**uso, "peticiones": alto}) < meta:
        bajo, alto = alto, alto * 2
    while alto - bajo > 1:  # el costo nunca baja al subir las peticiones: se busca por mitades
        medio = (bajo + alto) // 2
        if costo_funcion(precios, {**uso, "peticiones": medio}) < meta:
            bajo = medio
        else:
            alto = medio
    return alto
