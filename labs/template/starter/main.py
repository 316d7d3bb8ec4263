def media(datos: list[float]) -> float | None:
    """La media de ``datos``; None si no hay ninguno."""
    # Falta: esto solo sirve para que el programa corra.
    return datos[0]


if __name__ == "__main__":
    print(media([1, 2, 3]))
