"""``python -m portal.serve``: the whole portal on this machine, until Ctrl-C. ``make run`` sets up its needs first."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from types import FrameType

from pydantic import ValidationError

from portal.launcher import report
from portal.launcher.options import LaunchError, Options, labs_environment, portal_environment
from portal.launcher.prepare import ask_for_report, prepare_content, prepare_database
from portal.launcher.stack import Stack
from portal.launcher.sweep import stop_all_sandboxes
from workers.config import settings


def main() -> int:
    """Start, wait, stop. Gives the exit status: 0 after Ctrl-C or SIGTERM, 1 when the portal could not be served."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _interrupt)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        stack = Stack(Options(), settings())
    except ValidationError as error:
        report.say(f"A setting is wrong:\n{error}")
        return 1
    os.environ |= labs_environment(stack.options, stack.labs, stack.secret)
    os.environ |= portal_environment(stack.labs, stack.secret)
    settings.cache_clear()
    try:
        stack.claim()
        stop_all_sandboxes()  # those of a launcher that was killed
        return _serve(stack)
    except LaunchError as error:
        report.say(str(error))
        return 1


def _serve(stack: Stack) -> int:
    began = time.monotonic()
    try:
        protections = report.preflight()
        prepare_database()
        stack.start()
        problems, accounts = prepare_content()
        stack.wait_until_healthy(60)
        ask_for_report()
        report.serving(stack.options, time.monotonic() - began, accounts, protections, problems)
        report.follow(stack)
    except KeyboardInterrupt:
        return 0
    finally:
        _leave_nothing(stack)
    return 0


def _leave_nothing(stack: Stack) -> None:
    """Stop every process and sandbox, deaf to a second Ctrl-C: half a stop would leave what the first should end."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
    report.say("\nStopping …")
    stack.stop()
    ended = stop_all_sandboxes()
    report.say(f"Stopped. No process is left; {ended} sandboxes were ended.")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
