"""The periodic sweep (portal.celery's beat). Queue ``portal``."""

from __future__ import annotations

from portal.celery import app
from portal.operations import services


@app.task(name="portal.sweep")
def sweep() -> None:
    services.sweep()
