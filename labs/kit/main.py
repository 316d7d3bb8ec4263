"""``python -m labkit.main``: starts the role that ``LAB_ROLE`` names.

The driver gives every sandbox an init process: orphans are reaped there and all die with the sandbox, not here.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from typing import NoReturn

from . import places

ROLES = ("session", "student", "grader")


def give_up(error: BaseException) -> NoReturn:
    """Leave the reason where the driver's side reads it, and end the process at once."""
    told = "".join(traceback.format_exception(error))
    (places.RUN / "error").write_text(told[-4000:], errors="replace")
    os._exit(1)  # threads and a half-started kernel must not keep the sandbox


def stop(number: int, _frame: object) -> NoReturn:
    """SIGTERM: at once; what must outlive a sandbox is not in it."""
    os._exit(128 + number)


def main() -> None:
    """Run one role until its work is done or the sandbox is stopped."""
    role = os.environ.get("LAB_ROLE", "")
    os.umask(0o007)  # the group is this sandbox's own, and only its grader joins it
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if role not in ROLES:
        give_up(ValueError(f"LAB_ROLE must be one of {', '.join(ROLES)}, not {role!r}"))
    try:
        places.WORK.mkdir(parents=True, exist_ok=True)
        importlib.import_module(f".{role}", __package__).main()
    except Exception as error:
        give_up(error)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
