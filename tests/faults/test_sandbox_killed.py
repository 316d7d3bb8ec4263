"""Fault 19: a sandbox is killed while its student types. tests/e2e/test_session_life.py has the page's side of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.live import wait_for
from tests.sandboxes import kill
from tests.workers.lab_host import lab_host
from tests.workers.test_sessions import get, job
from tests.workers.test_tending import host, look, run
from workers import reaper, sessions
from workers.host import Host
from workers.startup import handle_of

__all__ = ["host", "lab_host"]
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]


def test_the_next_one_has_every_saved_file_and_what_programs_had_written(host: Host) -> None:
    asked = job(host)
    sandbox = sessions.start(host, asked).sandbox
    run(host, sandbox, "open('modelo.bin', 'wb').write(bytes(1000))")
    events = look(host)
    while not (events and events[0].snapshot):
        events = look(host)
    taken = events[0].snapshot
    kill(host.run_dir, sandbox)
    wait_for(lambda: host.driver.poll(handle_of(host, sandbox)) is not None, 60, lambda: "it lives on")
    assert look(host) == [], "there is nothing to ask"
    [reaped] = reaper.reap(host)
    assert (reaped.session, reaped.reason) == (asked.session, "ended")
    typed = host.storage.put(b"# typed when it was gone\n")
    again = replace(job(host), files={**asked.files, "nuevo.py": typed}, snapshot=taken.sha256)
    sandbox = sessions.start(host, again).sandbox
    assert get(host, sandbox, "/lab/files/main.py") == (200, b"print(1)\n")
    assert get(host, sandbox, "/lab/files/nuevo.py") == (200, b"# typed when it was gone\n")
    assert get(host, sandbox, "/lab/files/modelo.bin") == (200, bytes(1000))
