def media(datos: list[float]) -> float | None:
    """La media de ``datos``; None si no hay ninguno."""
    return sum(datos) / len(datos) if datos else None


if __name__ == "__main__":
    print(media([1, 2, 3]))
