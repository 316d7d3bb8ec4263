"""Where things are inside a sandbox. Tests move them with ``LAB_RUN``, ``LAB_HOME`` and ``LAB_PEER``."""

from __future__ import annotations

import os
from pathlib import Path

RUN = Path(os.environ.get("LAB_RUN", "/run/lab"))
PEER = Path(os.environ.get("LAB_PEER", "/run/peer"))
HOME = Path(os.environ.get("LAB_HOME", "/home/lab"))
WORK = HOME / "work"

KERNEL_SOCKET = "kernel"
"""Sockets of a kernel are ``kernel-1`` (shell) to ``kernel-5``: Jupyter's ipc transport joins the name and a "port"."""
SHELL, IOPUB, STDIN, CONTROL, HEARTBEAT = 1, 2, 3, 4, 5
