"""The system calls a sandbox may use: seccomp.json, one allow-list in Docker's format for both drivers.

Everything it doesn't name fails with EPERM: what a later kernel adds is closed until someone opens it here.
"""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pyseccomp

PROFILE = Path(__file__).with_name("seccomp.json")
EPERM = 1
_OPERATORS = {"SCMP_CMP_EQ": pyseccomp.EQ, "SCMP_CMP_MASKED_EQ": pyseccomp.MASKED_EQ}


@cache
def profile() -> str:
    """The profile as Docker's ``security_opt`` wants it: JSON on one line."""
    return json.dumps(json.loads(PROFILE.read_text()))


@cache
def bpf() -> bytes:
    """The profile compiled for this machine, as bubblewrap's ``--seccomp`` reads it."""
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(EPERM))
    for entry in json.loads(profile())["syscalls"]:
        for name in entry["names"]:
            _add(rules, name, entry)
    with tempfile.TemporaryFile() as out:
        rules.export_bpf(out)
        out.seek(0)
        return out.read()


def _add(rules: pyseccomp.SyscallFilter, name: str, entry: dict[str, Any]) -> None:
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    if number < 0:  # another architecture's, or newer than this libseccomp: stays denied
        return
    action = pyseccomp.ALLOW if entry["action"] == "SCMP_ACT_ALLOW" else pyseccomp.ERRNO(entry["errnoRet"])
    rules.add_rule(action, number, *(_argument(a) for a in entry.get("args", ())))


def _argument(arg: dict[str, Any]) -> pyseccomp.Arg:
    return pyseccomp.Arg(arg["index"], _OPERATORS[arg["op"]], arg["value"], arg.get("valueTwo", 0))
