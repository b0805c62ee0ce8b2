"""What the native engine costs on this machine: CPU time for one request.

Measured against a server in this process that always says the same. How fast that
server is does not matter: the CPU time of the load loop is measured, not its rate.
"""

import asyncio
import json
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tuner import __version__
from tuner.errors import ProbeError
from tuner.probe import native
from tuner.probe.plan import ProbePlan, Request

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n"
_BODY = b"\r\nHello, world\n"
_SECONDS = 0.5
_CLIENTS = 16


def native_cost_seconds(keep_alive: bool) -> float:
    """Return the CPU seconds of one request; measured once on a machine, then remembered.

    Raises:
        ProbeError: the load loop does not run here.
    """
    key = f"{_machine()} {'keep-alive' if keep_alive else 'close'}"
    known = _read()
    if key not in known:
        known[key] = _measure(keep_alive)
        _write(known)
    return known[key]


def _measure(keep_alive: bool) -> float:
    with _trivial_server() as port:
        result = native.run(
            ProbePlan(
                url=f"http://127.0.0.1:{port}",
                host="localhost",
                requests=(Request(path="/"),),
                concurrency=_CLIENTS,
                warmup_seconds=0.1,
                duration_seconds=_SECONDS,
                keep_alive=keep_alive,
                processes=1,
            )
        )
    if not result.good:
        raise ProbeError("the load loop gets no answer on loopback")
    return result.client.cpu_share / result.throughput


def _machine() -> str:
    model = ""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next((one.partition(":")[2] for one in lines if one.startswith("model name")), "")
    return f"{__version__} {platform.python_version()} {platform.node()}{model}"


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "tuner" / "native-cost.json"


def _read() -> dict[str, float]:
    try:
        found = json.loads(_cache().read_text("utf-8"))
        return {str(key): float(value) for key, value in found.items() if float(value) > 0}
    except (OSError, ValueError, AttributeError, TypeError, RuntimeError):
        return {}


def _write(known: dict[str, float]) -> None:
    """Remember for the next time, where that is possible."""
    with suppress(OSError, RuntimeError):
        path = _cache()
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(known), "utf-8")
        new.replace(path)


class _Trivial(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self.transport, asyncio.WriteTransport)
        closes = b"Connection: close" in data
        self.transport.write(_ANSWER + (b"Connection: close\r\n" if closes else b"") + _BODY)
        if closes:
            self.transport.close()


@contextmanager
def _trivial_server() -> Iterator[int]:
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(_Trivial, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
