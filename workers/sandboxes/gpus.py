"""The NVIDIA cards that a host lends (``LABS_GPUS``): ``all``, or the numbers that nvidia-smi gives them, by commas.

Every sandbox that is to have a GPU gets all of them. What a card's own memory holds isn't limited or divided.
"""

from __future__ import annotations

import stat
from pathlib import Path

import docker.types

from workers.sandboxes.base import PreflightError, Protection, SandboxError

DEV = Path("/dev")
CONTROL = ("nvidiactl", "nvidia-uvm")
"""Device files without which no program reaches a card: the driver's own, and that of unified memory."""


def nodes(gpus: str) -> list[Path]:
    """The device files of these cards. Raises PreflightError for one that this host lacks."""
    wanted = ["nvidia[0-9]*"] if gpus == "all" else [f"nvidia{number}" for number in gpus.split(",")]
    found = [_devices(pattern) for pattern in (*CONTROL, *wanted)]
    if missing := [pattern for pattern, devices in zip((*CONTROL, *wanted), found, strict=True) if not devices]:
        names = ", ".join(f"{DEV}/{name}" for name in missing)
        raise PreflightError(
            f"LABS_GPUS={gpus}, but this host has no {names}: install NVIDIA's driver (nvidia-smi shows its cards, "
            "`nvidia-modprobe -u -c=0` makes the device files), or leave LABS_GPUS empty"
        )
    return [device for devices in found for device in devices]


def _devices(pattern: str) -> list[Path]:
    return sorted(path for path in DEV.glob(pattern) if stat.S_ISCHR(path.stat().st_mode))


def request(gpus: str) -> docker.types.DeviceRequest:
    """What an engine with NVIDIA's container toolkit makes of them: device files and the driver's libraries."""
    which = {"count": -1} if gpus == "all" else {"device_ids": gpus.split(",")}
    return docker.types.DeviceRequest(driver="nvidia", capabilities=[["gpu", "compute", "utility"]], **which)


def lent(gpus: str) -> str:
    """``gpus``. Raises SandboxError on a host that lends none."""
    if not gpus:
        raise SandboxError("this host lends no GPU: set LABS_GPUS (docs/operations.md)")
    return gpus


def protections(gpus: str) -> list[Protection]:
    """What a host gives up that lends a card: said where its other protections are."""
    if not gpus:
        return []
    shared = f"sandboxes share NVIDIA {gpus}: its memory isn't divided, and the kernel's driver is in their reach"
    return [Protection("gpu apart", False, False, shared)]
