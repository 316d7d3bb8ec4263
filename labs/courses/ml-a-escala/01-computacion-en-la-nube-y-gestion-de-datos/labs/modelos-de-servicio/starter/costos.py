"""Qué cuesta al mes cada modelo, y desde cuántas peticiones conviene otro."""


def costo_maquina(precios: dict, uso: dict) -> float:
    """IaaS: se pagan horas, haya peticiones o no. Las máquinas que pide el momento de más carga, y al menos una."""
    return precios["maquina"]["hora"] * precios["horas_al_mes"]  # ¿solo una? ¿y lo demás que se paga?


def costo_funcion(precios: dict, uso: dict) -> float:
    """PaaS: se pagan peticiones y GiB·segundo, por encima de los que no se cobran."""
    raise NotImplementedError("costo_funcion (costos.py)")


def costo_servicio(precios: dict, uso: dict) -> float:
    """SaaS: se pagan personas, pidan mucho o poco."""
    raise NotImplementedError("costo_servicio (costos.py)")


def equilibrio(precios: dict, uso: dict) -> int:
    """Las peticiones al mes desde las que la función deja de ser más barata que la máquina."""
    raise NotImplementedError("equilibrio (costos.py)")
