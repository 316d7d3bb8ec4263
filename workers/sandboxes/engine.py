"""Judges a Docker engine by what it says of itself: which protections it gives, and whether a known escape is open."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from workers.sandboxes.base import Protection

# Component → (first fixed version, Debian's own fixed revisions of older ones, what is open below it).
FLOORS: dict[str, tuple[tuple[int, int, int], tuple[str, ...], str]] = {
    "Engine": ((20, 10, 11), (), "CVE-2021-41091 and clone3 killed instead of refused"),
    "containerd": ((1, 6, 1), (), "CVE-2022-23648: reads host files"),
    "runc": ((1, 1, 12), ("1.1.5+ds1-1+deb12u",), "CVE-2024-21626: escape through a leaked descriptor"),
}
ADVISED = ((1, 2, 8), "CVE-2025-31133 and its kin, which need mounts or images of the attacker's choice: none here")


def protections(info: dict[str, Any], version: dict[str, Any]) -> list[Protection]:
    """Every protection that depends on the engine, with its state."""
    options = " ".join(info.get("SecurityOptions") or [])
    no_swap = len(Path("/proc/swaps").read_text().splitlines()) <= 1
    return [
        *_versions(version),
        _held("seccomp", "name=seccomp" in options, "the engine was built or started without seccomp"),
        _held("memory limit", bool(info.get("MemoryLimit")), "no memory control group on this host"),
        _held("swap limit", bool(info.get("SwapLimit")) or no_swap, "no swap accounting: boot with swapaccount=1"),
        _held("pids limit", bool(info.get("PidsLimit")), "no pids control group on this host"),
        _held("cpu limit", bool(info.get("CpuCfsQuota")), "no cpu quota on this host"),
        _held("init process", bool(info.get("InitBinary")), "docker-init is not installed"),
    ]


def _versions(version: dict[str, Any]) -> list[Protection]:
    details = {c["Name"]: f"{c['Version']} {c.get('Details', {}).get('GitCommit', '')}" for c in version["Components"]}
    found: list[Protection] = []
    for name, (floor, patched, why) in FLOORS.items():
        text = details.get(name, "")
        ok = parse(text) >= floor or any(revision in text for revision in patched)
        wanted = ".".join(map(str, floor))
        found.append(
            _held(f"{name} version", ok, f"{text.strip() or 'unknown'} is older than {wanted} ({why}): upgrade it")
        )
    runc = details.get("runc", "")
    newer = parse(runc) >= ADVISED[0]
    found.append(Protection("runc advisories", newer, False, "" if newer else f"{runc or 'unknown'} has {ADVISED[1]}"))
    return found


def parse(text: str) -> tuple[int, ...]:
    """The leading ``1.2.3`` of a version; an unknown one is older than all."""
    match = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in match.groups()) if match else (0, 0, 0)


def _held(name: str, ok: bool, why: str) -> Protection:
    return Protection(name, ok, True, "" if ok else why)
