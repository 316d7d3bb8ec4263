"""El producto de otra empresa: resúmenes de retrasos como servicio, con inquilinos, miembros y roles. No es tuyo.

Guarda todo en memoria. `GET /` muestra los inquilinos; `GET /condiciones`, qué promete el contrato.
"""

import html
import json
import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qs, unquote, urlsplit

sys.path.insert(0, "app")
from resumen import resumir

POR_PAGINA = 4
PUEDEN = {  # qué hace cada rol
    "lector": {"leer"},
    "analista": {"leer", "subir"},
    "administracion": {"leer", "subir", "miembros"},
}
CONDICIONES = """Nos ocupamos de las máquinas, del programa, de sus parches, de que aguante y de que lo guardado
esté cifrado. Hacemos copias para recuperarnos de nuestros fallos. Lo que borre o cambie un miembro de su equipo no
se restaura: exporte sus datos. Quién entra y qué datos sube lo decide, y lo responde, usted.
"""
INQUILINOS: dict[str, dict] = {}
CANDADO = Lock()


class Servicio(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.atender("GET")

    def do_POST(self) -> None:
        self.atender("POST")

    def do_PUT(self) -> None:
        self.atender("PUT")

    def do_DELETE(self) -> None:
        self.atender("DELETE")

    def atender(self, metodo: str) -> None:
        cuerpo = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        direccion = urlsplit(self.path)
        primero, _, resto = unquote(direccion.path).strip("/").partition("/")
        with CANDADO:
            if (metodo, primero) == ("GET", ""):
                return self.responder(200, pagina(), "text/html; charset=utf-8")
            if (metodo, primero) == ("GET", "condiciones"):
                return self.responder(200, CONDICIONES, "text/plain; charset=utf-8")
            if (metodo, primero) == ("POST", "inquilinos"):
                return self.responder(201, alta(cuerpo))
            clave = self.headers.get("Authorization", "").removeprefix("Bearer ")
            inquilino, correo = quien(clave)
            if inquilino is None:
                return self.responder(401, {"error": "clave desconocida"})
            permiso = {"miembros": "miembros", "dias": "leer" if metodo == "GET" else "subir", "resumenes": "leer"}
            if permiso.get(primero) not in PUEDEN[inquilino["miembros"][correo]["rol"]]:
                return self.responder(403, {"error": "su rol no lo permite"})
            estado, respuesta = pedir(metodo, primero, resto, inquilino, cuerpo, parse_qs(direccion.query))
            return self.responder(estado, respuesta)

    def responder(self, estado: int, cuerpo: object, tipo: str = "application/json") -> None:
        texto = (cuerpo if isinstance(cuerpo, str) else json.dumps(cuerpo)).encode()
        self.send_response(estado)
        self.send_header("Content-Type", tipo)
        self.send_header("Content-Length", str(len(texto)))
        self.end_headers()
        self.wfile.write(texto)

    def log_message(self, *args: object) -> None:
        """Sin registro."""


def alta(cuerpo: bytes) -> dict:
    nombre, clave = str(json.loads(cuerpo)["nombre"]), secrets.token_hex(12)
    INQUILINOS[nombre] = {"miembros": {"alta": {"rol": "administracion", "clave": clave}}, "dias": {}, "cambios": 0}
    return {"inquilino": nombre, "clave": clave}


def quien(clave: str) -> tuple[dict | None, str]:
    """El inquilino y el miembro de una clave: de ahí sale qué datos ve, no de lo que pida."""
    for inquilino in INQUILINOS.values():
        for correo, miembro in inquilino["miembros"].items():
            if secrets.compare_digest(miembro["clave"], clave):
                return inquilino, correo
    return None, ""


def pedir(metodo: str, que: str, cual: str, inquilino: dict, cuerpo: bytes, pedido: dict) -> tuple[int, object]:
    miembros, dias = inquilino["miembros"], inquilino["dias"]
    match metodo, que:
        case "GET", "miembros":
            return 200, {correo: miembro["rol"] for correo, miembro in miembros.items()}
        case "PUT", "miembros":
            rol = json.loads(cuerpo).get("rol")
            if rol not in PUEDEN:
                return 400, {"error": f"el rol es uno de {', '.join(PUEDEN)}"}
            miembros[cual] = {"rol": rol, "clave": secrets.token_hex(12)}
            inquilino["cambios"] += 1
            return 200, {"correo": cual, "clave": miembros[cual]["clave"]}
        case "DELETE", "miembros":
            return (200, {}) if miembros.pop(cual, None) else (404, {"error": "no hay ese miembro"})
        case "PUT", "dias":
            dias[cual] = cuerpo.decode()
            return 200, {}
        case "GET", "dias":
            orden, desde = sorted(dias), int(pedido.get("desde", ["0"])[0])
            siguiente = desde + POR_PAGINA if desde + POR_PAGINA < len(orden) else None
            return 200, {"dias": orden[desde : desde + POR_PAGINA], "siguiente": siguiente}
        case "GET", "resumenes" if cual in dias:
            return 200, resumir(dias[cual])
    return 404, {"error": "no hay nada ahí"}


def pagina() -> str:
    filas = "".join(
        f"<tr><td>{html.escape(nombre)}<td>{len(de['dias'])}<td>"
        + ", ".join(html.escape(f"{correo} ({m['rol']})") for correo, m in de["miembros"].items())
        for nombre, de in INQUILINOS.items()
    )
    return (
        "<!doctype html><meta charset=utf-8><title>Retrasos como servicio</title>"
        "<style>body{font:16px system-ui;margin:2rem;color-scheme:light dark}"
        "td,th{padding:.4rem 1rem;text-align:left}</style>"
        f"<h1>Retrasos como servicio</h1><table><tr><th>inquilino<th>días<th>miembros{filas}</table>"
        f"<p>{html.escape(CONDICIONES)}"
    )


ThreadingHTTPServer(("127.0.0.1", 8090), Servicio).serve_forever()
