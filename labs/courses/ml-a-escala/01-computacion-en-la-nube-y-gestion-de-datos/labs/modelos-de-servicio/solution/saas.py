"""SaaS: el programa, la máquina y los datos los tiene otro. Nos queda decidir quién entra, y llevarnos lo nuestro."""

from urllib.parse import quote

import requests


def _pedir(metodo: str, direccion: str, clave: str, **mas: object) -> dict:
    respuesta = requests.request(metodo, direccion, headers={"Authorization": f"Bearer {clave}"}, timeout=10, **mas)
    respuesta.raise_for_status()
    return respuesta.json()


def incorporar(url: str, clave: str, miembros: dict[str, str]) -> None:
    """Deja en el inquilino a estos miembros, cada uno con su rol, y a nadie más que a quien lo dio de alta."""
    hay = _pedir("GET", f"{url}/miembros", clave)
    for correo, rol in miembros.items():
        if hay.get(correo) != rol:  # pedirlo otra vez le cambiaría la clave a quien ya trabaja con ella
            _pedir("PUT", f"{url}/miembros/{quote(correo)}", clave, json={"rol": rol})
    for correo in hay.keys() - miembros.keys() - {"alta"}:
        _pedir("DELETE", f"{url}/miembros/{quote(correo)}", clave)


def exportar(url: str, clave: str) -> dict[str, dict]:
    """El resumen de cada día que guarda el inquilino: lo que haría falta para irse a otra parte."""
    resumenes, desde = {}, 0
    while desde is not None:
        pagina = _pedir("GET", f"{url}/dias", clave, params={"desde": desde})
        for dia in pagina["dias"]:
            resumenes[dia] = _pedir("GET", f"{url}/resumenes/{quote(dia)}", clave)
        desde = pagina["siguiente"]
    return resumenes
