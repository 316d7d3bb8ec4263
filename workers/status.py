"""What a host says of itself to the portal."""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict
from typing import Any

from workers import sessions
from workers.host import Host
from workers.sandboxes.base import PreflightError, Protection

PREFLIGHT_EVERY = 600.0
_checked: dict[str, tuple[float, list[dict[str, Any]]]] = {}


def protections(host: Host) -> list[dict[str, Any]]:
    """The driver's preflight, done again every ten minutes: it starts a sandbox of its own."""
    known = _checked.get(host.driver.name)
    if known is None or time.monotonic() - known[0] > PREFLIGHT_EVERY:
        try:
            found = host.driver.preflight()
        except PreflightError as error:
            found = [Protection("preflight", False, True, str(error))]
        known = _checked[host.driver.name] = (time.monotonic(), [asdict(p) for p in found])
    return known[1]


def host_report(host: Host) -> dict[str, Any]:
    return {
        "host": host.config.host,
        "driver": host.driver.name,
        "protections": protections(host),
        "sandboxes": len(host.driver.list()),
        "sessions": sessions.routed(host.run_dir),
        "slots": host.config.session_slots,
        "gpus": host.config.gpus,
        "disk_free": shutil.disk_usage(host.config.var_dir).free,
        "at": time.time(),
    }
