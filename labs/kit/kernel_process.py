"""The kernel's own process: ``python -m labkit.kernel_process CONNECTION_FILE READY_FD``.

Says ``ready`` on the descriptor after the environment's warm-up, or writes why it could not and exits.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from typing import Any


def _application(connection_file: str) -> Any:
    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.IPKernelApp.quiet = True
    config.IPKernelApp.exec_PYTHONSTARTUP = False
    config.IPKernelApp.log_level = 50
    config.IPKernelApp.kernel_class = f"{__package__}.cells.LabKernel"
    config.IPKernelApp.outstream_class = f"{__package__}.outstream.BoundedStream"
    app = IPKernelApp.instance(config=config, connection_file=connection_file)
    app.initialize([])
    return app


def _die_with_parent() -> None:
    """A kernel whose session or student process is gone serves nobody (1 is PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))


def main() -> None:
    """Start, warm up, say so, serve until told to stop."""
    connection_file, ready = sys.argv[1], int(sys.argv[2])
    sys.argv = [""]
    _die_with_parent()
    os.set_inheritable(ready, False)
    warmup = os.environ.pop("LAB_WARMUP", "")
    try:
        app = _application(connection_file)
        os.umask(0o022)  # the sockets are there; a student's files look as anywhere
        from . import runner

        runner.install(app.shell)
        if warmup.strip():
            exec(compile(warmup, "<warm-up>", "exec"), app.shell.user_ns)  # noqa: S102 -- the environment's own code
    except BaseException:
        os.write(ready, traceback.format_exc()[-4000:].encode())
        os._exit(1)  # a half-started Spark must not keep the process
    os.write(ready, b"ready")
    os.close(ready)
    app.start()


if __name__ == "__main__":
    main()
