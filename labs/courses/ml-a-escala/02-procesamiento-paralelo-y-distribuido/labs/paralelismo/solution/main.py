"""Pulsa Ejecutar: prueba lo que llevas hecho. Este archivo no se califica; cámbialo cuanto quieras."""

import time
from concurrent.futures import ThreadPoolExecutor

from banco import Banco
from mapa import mapa
from modelo import amdahl, fraccion_serie, gustafson, procesos_para_plazo


def primos(limite: int) -> int:
    """Cuenta los primos menores que ``limite``: puro cálculo, ideal para ver qué hace el GIL."""
    return sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2, limite))


def leyes() -> str:
    medidos = {1: 100.4, 2: 54.6, 4: 32.2, 8: 21.5, 16: 15.4}
    serie = fraccion_serie(medidos)
    return (
        f"fracción en serie {serie:.3f}; con 16 procesos, Amdahl {amdahl(serie, 16):.2f}×, "
        f"Gustafson {gustafson(serie, 16):.2f}×; para 30 s hacen falta {procesos_para_plazo(100.4, serie, 30)}"
    )


def cuentas() -> str:
    banco = Banco({"caja": 1_000, "nomina": 1_000})
    with ThreadPoolExecutor(8) as hilos:
        list(hilos.map(lambda _: banco.ingresar("caja", 1), range(10_000)))
    ingresado = f"tras 10000 ingresos de 1, caja tiene {banco.saldo('caja')} (se esperaba 11000)"
    print(f"  cuentas: {ingresado}")
    with ThreadPoolExecutor(8) as hilos:
        ida, vuelta = ("caja", "nomina"), ("nomina", "caja")
        list(hilos.map(lambda i: banco.transferir(*(ida if i % 2 else vuelta), 5), range(10_000)))
    return f"tras 10000 transferencias el total es {banco.total()} (se esperaba 12000)"


def hilos_y_procesos() -> str:
    limites = [80_000] * 4
    inicio = time.perf_counter()
    seguidos = [primos(limite) for limite in limites]
    uno = time.perf_counter() - inicio
    inicio = time.perf_counter()
    with ThreadPoolExecutor(2) as hilos:
        con_hilos = list(hilos.map(primos, limites))
    dos_hilos = time.perf_counter() - inicio
    inicio = time.perf_counter()
    con_procesos = mapa(primos, limites, 2)
    dos_procesos = time.perf_counter() - inicio
    assert seguidos == con_hilos == con_procesos
    return f"seguidos {uno:.2f} s, 2 hilos {dos_hilos:.2f} s, 2 procesos {dos_procesos:.2f} s"


for paso in (leyes, cuentas, hilos_y_procesos):
    try:
        print(f"● {paso.__name__}: {paso()}")
    except NotImplementedError as falta:
        print(f"○ {paso.__name__}: falta {falta}")
