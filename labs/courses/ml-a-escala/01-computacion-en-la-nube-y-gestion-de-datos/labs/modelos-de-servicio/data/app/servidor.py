"""El programa como servidor, para una máquina: `python3 servidor.py PUERTO CARPETA`.

`PUT /dias/2013-01-02` guarda un CSV en la carpeta; `GET /dias/2013-01-02` devuelve su resumen.
"""

from __future__ import annotations

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from resumen import resumir

CARPETA = Path(sys.argv[2])
DIA = re.compile(r"/dias/([0-9-]{10})")


class Servidor(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        archivo = self.archivo()
        if archivo is None or not archivo.is_file():
            self.responder(404, {"error": "no hay ese día"})
        else:
            self.responder(200, resumir(archivo.read_text()))

    def do_PUT(self) -> None:
        archivo = self.archivo()
        if archivo is None:
            self.responder(404, {"error": "la dirección es /dias/AAAA-MM-DD"})
            return
        archivo.write_bytes(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.responder(200, resumir(archivo.read_text()))

    def archivo(self) -> Path | None:
        partes = DIA.fullmatch(self.path)
        return CARPETA / f"{partes[1]}.csv" if partes else None

    def responder(self, estado: int, cuerpo: dict) -> None:
        texto = json.dumps(cuerpo).encode()
        self.send_response(estado)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(texto)))
        self.end_headers()
        self.wfile.write(texto)

    def log_message(self, *args: object) -> None:
        """Sin registro: lo que interesa es la respuesta."""


ThreadingHTTPServer(("", int(sys.argv[1])), Servidor).serve_forever()
