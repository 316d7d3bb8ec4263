"""What the sandbox programs themselves cost, measured in the same run as everything that is built on them."""

from __future__ import annotations

import statistics
import subprocess
import time

COMMANDS = {
    "docker": ["docker", "run", "--rm", "--network", "none", "debian:bookworm-slim", "true"],
    "bubblewrap": ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "true"],
}


def seconds(driver: str, times: int = 5) -> float:
    """The median time of ``docker run true`` or ``bwrap true``."""
    taken = []
    for _ in range(times):
        began = time.monotonic()
        subprocess.run(COMMANDS[driver], check=True, stdin=subprocess.DEVNULL, capture_output=True)
        taken.append(time.monotonic() - began)
    return statistics.median(taken)
