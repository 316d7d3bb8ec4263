"""Recibe eventos de OpenLineage por HTTP, como haría Marquez, y los dibuja: http://127.0.0.1:5001."""

import json
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

EVENTOS: list[dict] = []
PAGINA = """<!doctype html><html lang="es"><meta charset="utf-8"><title>Linaje</title>
<meta http-equiv="refresh" content="5">
<style>body{font:15px system-ui;margin:1.5rem;color:#222;background:#fff}table{border-collapse:collapse;margin:1rem 0}
td,th{border:1px solid #bbb;padding:.25rem .6rem;text-align:left}</style><h1>Linaje</h1>"""


def _tabla(titulos: list[str], filas: list[list[str]]) -> str:
    cabeza = "".join(f"<th>{escape(titulo)}</th>" for titulo in titulos)
    cuerpo = "".join("<tr>" + "".join(f"<td>{escape(celda)}</td>" for celda in fila) + "</tr>" for fila in filas)
    return f"<table><tr>{cabeza}</tr>{cuerpo}</table>"


def _nombres(tablas: list[dict]) -> str:
    return ", ".join(str(tabla.get("name")) for tabla in tablas)


def _pagina() -> str:
    ejecuciones: dict[str, list[dict]] = {}
    columnas: dict[tuple[str, str], str] = {}
    for evento in EVENTOS:
        ejecuciones.setdefault(evento["run"]["runId"], []).append(evento)
        for tabla in evento.get("outputs", []) if evento.get("eventType") == "COMPLETE" else []:
            campos = tabla.get("facets", {}).get("columnLineage", {}).get("fields", {})
            for campo, de in campos.items():
                fuentes = [f"{fuente['name']}.{fuente['field']}" for fuente in de["inputFields"]]
                columnas[tabla["name"], campo] = ", ".join(fuentes)
    filas = []
    for contados in reversed(ejecuciones.values()):
        ultimo, estados = contados[-1], " → ".join(str(evento.get("eventType")) for evento in contados)
        lee, escribe = (_nombres(ultimo.get(lado, [])) for lado in ("inputs", "outputs"))
        filas.append([ultimo["job"]["name"], estados, lee, escribe])
    return (
        PAGINA
        + _tabla(["paso", "estados", "lee", "escribe"], filas)
        + _tabla(["columna", "sale de"], [[f"{tabla}.{campo}", de] for (tabla, campo), de in columnas.items()])
    )


class Panel(BaseHTTPRequestHandler):
    def _responder(self, tipo: str, texto: str, estado: int = 200) -> None:
        cuerpo = texto.encode()
        self.send_response(estado)
        self.send_header("Content-Type", f"{tipo}; charset=utf-8")
        self.send_header("Content-Length", str(len(cuerpo)))
        self.end_headers()
        self.wfile.write(cuerpo)

    def do_GET(self) -> None:
        if self.path == "/eventos":
            self._responder("application/json", json.dumps(EVENTOS))
        else:
            self._responder("text/html", _pagina())

    def do_POST(self) -> None:
        evento = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        EVENTOS.append(evento)
        self._responder("application/json", "{}", 201)


ThreadingHTTPServer(("127.0.0.1", 5001), Panel).serve_forever()
