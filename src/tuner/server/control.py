"""The control: a small server with a fixed amount of work, to calibrate against the machine.

A slower machine slows the control as it slows the server under test, so that their
ratio stays. It computes for a fixed number of rounds at each request: without, the
load generator would be the limit and not the control. One process for each core that
may be used shares one listening socket.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from tuner.errors import ServerError

ROUNDS = 4000
"""Turns of the work loop at each request, some tenths of a millisecond. Changing it
makes all recorded baselines worthless: raise ``CONTROL_VERSION`` then."""
CONTROL_VERSION = 1
_READY_SECONDS = 10.0

_PROGRAM = """
import asyncio, os, signal, socket, sys
descriptor, rounds, processes, parent = map(int, sys.argv[1:])
BODY = b"x" * 1024
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 1024\\r\\n\\r\\n" + BODY

def work():
    value = 1
    for _ in range(rounds):
        value = (value * 1103515245 + 12345) & 0x7fffffff
    return value

class Control(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""

    def data_received(self, data):
        self.buffer += data
        while b"\\r\\n\\r\\n" in self.buffer:
            _, _, self.buffer = self.buffer.partition(b"\\r\\n\\r\\n")
            work()
            self.transport.write(ANSWER)

async def serve():
    listening = socket.socket(fileno=descriptor)
    server = await asyncio.get_running_loop().create_server(Control, sock=listening)
    while os.getppid() == parent:
        await asyncio.sleep(0.2)
    server.close()

for _ in range(processes - 1):
    if os.fork() == 0:
        parent = os.getppid()
        break
signal.signal(signal.SIGINT, signal.SIG_IGN)
asyncio.run(serve())
os._exit(0)
"""


@contextlib.contextmanager
def control_server(processes: int | None = None) -> Iterator[str]:
    """Run the control on a free loopback port and give its URL; always ended.

    Raises:
        ServerError: it does not start.
    """
    count = processes or len(os.sched_getaffinity(0))
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        port = listening.getsockname()[1]
        process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", "-c", _PROGRAM),
                *map(str, (listening.fileno(), ROUNDS, count, os.getpid())),
            ],
            pass_fds=[listening.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until the control answers: the socket alone would accept at once."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), 1) as asking,
        ):
            asking.sendall(b"GET / HTTP/1.1\r\nHost: control\r\n\r\n")
            if asking.recv(16).startswith(b"HTTP/1.1 200"):
                return
        time.sleep(0.02)
    raise ServerError("the control server does not start")
