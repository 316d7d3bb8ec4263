"""El modelo roofline: un kernel va tan rápido como le dejan el cálculo o la memoria, lo que se acabe antes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tarjeta:
    """Lo que dice la hoja de datos de una GPU."""

    operaciones: float  # coma flotante, por segundo
    ancho: float  # bytes de memoria global, por segundo


def intensidad_axpy(bytes_por_numero: int) -> float:
    """Operaciones por byte de z = a · x + y: dos por elemento, que lee dos números y escribe uno."""
    return 2 / (3 * bytes_por_numero)


def intensidad_producto(m: int, n: int, k: int, tesela: int, bytes_por_numero: int) -> float:
    """Operaciones por byte del producto de m × k por k × n con teselas: cada elemento se lee una vez por tesela.

    Cada uno de los m · n resultados lee 2 · k números, y una tesela de lado t los comparte entre t hilos. Se supone que
    t divide a las dimensiones.
    """
    operaciones = 2 * m * n * k
    numeros = 2 * m * n * k / tesela + m * n
    return operaciones / (numeros * bytes_por_numero)


def alcanzable(tarjeta: Tarjeta, intensidad: float) -> float:
    """Operaciones por segundo que la tarjeta puede dar con esa intensidad."""
    return min(tarjeta.operaciones, intensidad * tarjeta.ancho)


def segundos(tarjeta: Tarjeta, operaciones: float, intensidad: float) -> float:
    """Lo menos que puede tardar."""
    return operaciones / alcanzable(tarjeta, intensidad)


def tesela_suficiente(tarjeta: Tarjeta, n: int, bytes_por_numero: int) -> int | None:
    """La menor potencia de dos, de 1 a n, con la que el producto de n × n deja de estar limitado por la memoria."""
    tesela = 1
    while tesela <= n:
        if intensidad_producto(n, n, n, tesela, bytes_por_numero) * tarjeta.ancho >= tarjeta.operaciones:
            return tesela
        tesela *= 2
    return None
