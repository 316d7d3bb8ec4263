"""The few pages the gateway itself shows a reader, in both languages: it knows nobody's choice."""

from __future__ import annotations

from aiohttp import web

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}"
    "@media(prefers-color-scheme:dark){body{background:#14171c;color:#e6e8eb}}p[lang=en]{opacity:.75}"
)
_TEXTS = {
    "not_up": (
        "Todavía no responde nada en esta página. Se abrirá sola en cuanto el programa esté en marcha.",
        "Nothing answers on this page yet. It opens by itself as soon as the program runs.",
    ),
    "no_session": ("Esta sesión de laboratorio ha terminado.", "This lab session has ended."),
    "no_ticket": ("Abre esta página desde el laboratorio, en el portal.", "Open this page from the lab in the portal."),
    "expired": (
        "El enlace ha caducado. Vuelve a abrirlo desde el laboratorio.",
        "The link has expired. Open it again from the lab.",
    ),
}
_OTHER = ("No se puede abrir esta página.", "This page can't be opened.")


def error_response(status: int, code: str, message: str) -> web.Response:
    """An error for programs."""
    return web.json_response(
        {"error": {"code": code, "message": message}}, status=status, headers={"Cache-Control": "no-store"}
    )


def _page(status: int, code: str, embedders: str, refresh: int | None) -> web.Response:
    es, en = _TEXTS.get(code, _OTHER)
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    body = (
        f'<!doctype html><html lang="es"><head><meta charset="utf-8"><title>{es}</title>{again}'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f'<body><p role="status">{es}</p><p lang="en">{en}</p></body></html>'
    )
    policy = f"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self' {embedders}"
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return web.Response(status=status, text=body, content_type="text/html", headers=headers)


def error_page(status: int, code: str, embedders: str) -> web.Response:
    return _page(status, code, embedders, refresh=None)


def waiting_page(embedders: str) -> web.Response:
    """Shown until the program in the sandbox listens on that port."""
    return _page(503, "not_up", embedders, refresh=2)
