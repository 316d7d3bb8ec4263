"""A student's sandbox whose sockets are answered by malice: ``hostile_student.py HOW``, on an environment's Python.

It plays along until the grader asks it to run a file, then does what HOW names.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from pathlib import Path

import zmq

RUN = Path(os.environ["LAB_RUN"])
HOW = sys.argv[1]


def frames(kind: str, parent: bytes, content: bytes, buffers: tuple[bytes, ...] = ()) -> list[bytes]:
    header = json.dumps({"msg_id": "x", "msg_type": kind, "session": "s", "username": "u", "version": "5.3"}).encode()
    return [b"<IDS|MSG>", b"", header, parent, b"{}", content, *buffers]


class RawPublisher:
    """Speaks ZeroMQ's protocol by itself: the library would keep an unfinished message on the sender's side."""

    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        self._peer: socket.socket | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        peer, _ = self._listener.accept()
        peer.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
        ready = b"\x05READY\x0bSocket-Type\x00\x00\x00\x03PUB"
        peer.sendall(bytes([4, len(ready)]) + ready)
        self._peer = peer
        while peer.recv(4096):
            pass  # its greeting and subscriptions

    def send_frame(self, body: bytes, more: bool) -> None:
        if self._peer is not None:
            self._peer.sendall(bytes([2 | more]) + len(body).to_bytes(8, "big") + body)

    def send_multipart(self, parts: list[bytes]) -> None:
        for number, part in enumerate(parts, 1):
            self.send_frame(part, number < len(parts))


def attack(iopub: zmq.Socket[bytes] | RawPublisher, parent: bytes) -> None:
    answer = {
        "nan": b'{"result": {"problem": null, "started": NaN}}',
        "infinite": b'{"result": {"problem": null, "started": 1e999}}',
        "duplicate": b'{"result": {}, "result": {"problem": null}}',
        "deep": b'{"result":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        "wide": b'{"result": [' + b"1," * 6_000_000 + b"1]}",
        "text": b'{"result": "passed"}',
        "binary": b"\x80\xff\x00",
    }
    if HOW in answer:
        iopub.send_multipart(frames("lab_answer", parent, answer[HOW]))
    elif HOW == "garbage":
        iopub.send_multipart([b"\x00" * 100] * 3)
    elif HOW == "giant":
        iopub.send_multipart(frames("lab_answer", parent, b'{"result": {}}', (bytes(70 << 20),)))
    elif HOW == "many-parts":
        iopub.send_multipart(frames("lab_answer", parent, b'{"result": {}}', (b"x",) * 50_000))
    elif HOW == "flood":
        while True:
            iopub.send_multipart(frames("stream", parent, b'{"name": "stdout", "text": "' + b"y" * 100_000 + b'"}'))
            time.sleep(0.001)  # a publisher drops what its reader can't take
    elif isinstance(iopub, RawPublisher):
        while True:  # the reader's library gathers the parts of one message before it shows any
            iopub.send_frame(bytes(8 << 20), more=True)
    elif HOW == "leave":
        os._exit(0)
    time.sleep(600)  # and "silence"


def serve() -> None:
    context = zmq.Context()
    shell, control = context.socket(zmq.ROUTER), context.socket(zmq.ROUTER)
    iopub: zmq.Socket[bytes] | RawPublisher
    if HOW == "endless-message":
        iopub = RawPublisher(f"{RUN}/kernel-2")
    else:
        iopub = context.socket(zmq.PUB)
        iopub.sndhwm = 0
        iopub.bind(f"ipc://{RUN}/kernel-2")
    for number, channel in ((1, shell), (4, control)):
        channel.bind(f"ipc://{RUN}/kernel-{number}")
    (RUN / "ready").touch()
    while True:
        ident, _, _, header, _, _, _, *buffers = shell.recv_multipart()
        if buffers and json.loads(buffers[0])["op"] == "run":
            attack(iopub, header)
        if buffers:
            iopub.send_multipart(frames("lab_answer", header, b'{"result": {}}'))
        shell.send_multipart([ident, *frames("execute_reply", header, b'{"status": "ok"}')])
        iopub.send_multipart(frames("status", header, b'{"execution_state": "idle"}'))


def pretend_to_restart() -> None:
    """Says that there is a new kernel, always."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(RUN / "student.sock"))
    listener.listen()
    while True:
        connection, _ = listener.accept()
        connection.sendall(b"ok\n")


if __name__ == "__main__":
    threading.Thread(target=pretend_to_restart, daemon=True).start()
    serve()
