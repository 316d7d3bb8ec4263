"""Makes notebooks for tests."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.labs.kit.roles import built


def code(ident: str, source: str, *, answer: bool = False, **more: Any) -> dict[str, Any]:
    metadata = {"lab": {"answer": True}} if answer else {}
    return {
        "cell_type": "code",
        "id": ident,
        "metadata": metadata,
        "source": source,
        "execution_count": None,
        "outputs": [],
        **more,
    }


def text(ident: str, source: str, *, answer: bool = False) -> dict[str, Any]:
    return {
        "cell_type": "markdown",
        "id": ident,
        "metadata": {"lab": {"answer": True}} if answer else {},
        "source": source,
    }


def notebook(*cells: dict[str, Any], **more: Any) -> bytes:
    whole = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}
    return json.dumps(whole).encode()


def assert_valid(data: bytes) -> None:
    """By Jupyter's own schema: the base environment has nbformat, the portal doesn't need it."""
    program = (
        "import nbformat, sys; nbformat.validate(nbformat.reads(sys.stdin.read(), as_version=nbformat.NO_CONVERT))"
    )
    python = built("base") / "bin" / "python"
    done = subprocess.run([python, "-W", "error", "-c", program], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
