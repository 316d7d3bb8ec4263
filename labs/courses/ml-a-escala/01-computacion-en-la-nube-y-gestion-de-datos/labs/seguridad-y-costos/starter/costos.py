"""La factura, y cómo bajarla sin perder datos ni rendimiento."""

DIAS = (30, 60, 90, 180, 365, 730)
"""Los días en que una regla puede mover un objeto a otra clase."""
ORDEN = ("STANDARD", "STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
"""De la más cara de guardar a la más barata: solo se baja."""
CPU, MEMORIA = 0.70, 0.85
"""Hasta qué parte de una máquina se puede usar: la CPU en su percentil 95, la memoria en su máximo."""


def factura(precios: dict, grupos: list[dict], maquinas: list[dict]) -> dict:
    """Lo que se paga hoy en un mes: todo lo que se conserva en STANDARD, y cada máquina por sus horas."""
    raise NotImplementedError("factura (costos.py)")


def costo(precios: dict, grupo: dict, plan: list[tuple[int, str]]) -> float:
    """Lo que cuestan, en toda su vida, los datos que llegan en un mes. El plan dice desde qué día, en qué clase."""
    total = 0.0
    finales = [dia for dia, _ in plan[1:]] + [grupo["conservar_dias"]]
    for (desde, nombre), hasta in zip(plan, finales, strict=True):
        clase = precios["clases"][nombre]
        total += grupo["gib"] * clase["gib_mes"] * (hasta - desde) / 30  # ¿y lo demás que se paga?
    return total


def reglas(precios: dict, grupos: list[dict]) -> dict:
    """La configuración de ciclo de vida más barata: una regla por prefijo, que borra cuando ya no hay que conservar."""
    raise NotImplementedError("reglas (costos.py)")


def ajustar(precios: dict, maquinas: list[dict]) -> dict[str, dict]:
    """Para cada máquina, la clase y la forma de compra más baratas que aguantan su uso."""
    raise NotImplementedError("ajustar (costos.py)")
