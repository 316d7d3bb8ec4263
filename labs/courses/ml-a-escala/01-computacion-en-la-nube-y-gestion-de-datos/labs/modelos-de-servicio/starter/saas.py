"""SaaS: el programa, la máquina y los datos los tiene otro. Nos queda decidir quién entra, y llevarnos lo nuestro."""

import requests


def _pedir(metodo: str, direccion: str, clave: str, **mas: object) -> dict:
    respuesta = requests.request(
        metodo, direccion, headers={"Authorization": f"Bearer {clave}"}, timeout=10, **mas
    )
    respuesta.raise_for_status()
    return respuesta.json()


def incorporar(url: str, clave: str, miembros: dict[str, str]) -> None:
    """Deja en el inquilino a estos miembros, cada uno con su rol, y a nadie más que a quien lo dio de alta."""
    raise NotImplementedError("incorporar (saas.py)")


def exportar(url: str, clave: str) -> dict[str, dict]:
    """El resumen de cada día que guarda el inquilino: lo que haría falta para irse a otra parte."""
    raise NotImplementedError("exportar (saas.py)")
