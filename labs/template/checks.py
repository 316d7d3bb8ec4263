"""One function for each check of lab.yaml, in that order. Helpers start with an underscore."""

import math

from labkit import Lab


def media(lab: Lab) -> None:
    numbers = [lab.rng.uniform(-100, 100) for _ in range(lab.rng.randint(5, 20))]
    expected = sum(numbers) / len(numbers)
    got = lab.call("main.py", "media", numbers)
    lab.expect(
        isinstance(got, int | float) and math.isclose(got, expected),
        es=f"La media de {len(numbers)} números no es la que debe.",
        en=f"The mean of {len(numbers)} numbers is not what it should be.",
        got=got,
        expected=expected,
    )


def vacio(lab: Lab) -> None:
    got = lab.call("main.py", "media", [])
    lab.expect(
        got is None,
        es="Sin datos no hay media: la función debe devolver None.",
        en="Without data there is no mean: the function must return None.",
        got=got,
        expected=None,
    )
