"""Latency against the truth: a server whose delays are known, and that stalls.

The server answers a request so many seconds after its arrival, the delays in a
fixed order, and does nothing at all during a stall. It writes down when each request
came and when it answered. What an open-loop client should see of a stall follows
from the rate by arithmetic. Delays are long against what a busy machine adds.
"""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tuner.probe import native
from tuner.probe.plan import ProbePlan, Request
from tuner.probe.result import ProbeResult

DELAYS_SECONDS = tuple(0.1 + 0.004 * number for number in range(100))
"""0.1 to 0.496 s, evenly."""
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Truth:
    """Delays by turn; while a stall lasts, requests wait for its end, then for their delay."""

    delays: tuple[float, ...]
    stall_at: float = float("inf")
    stall_seconds: float = 0.0
    turns: int = 0
    took: list[float] = field(default_factory=list)
    began: float = -1.0
    url: str = ""
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def ready_at(self, now: float) -> float:
        if self.began < 0:
            self.began = now
        delay = self.delays[self.turns * 37 % len(self.delays)]
        self.turns += 1
        stall = self.began + self.stall_at
        if stall <= now < stall + self.stall_seconds:
            now = stall + self.stall_seconds
        return now + delay


class Answers(asyncio.Protocol):
    def __init__(self, truth: Truth) -> None:
        self.truth = truth

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        loop = self.truth.loop
        came = loop.time()
        loop.call_at(self.truth.ready_at(came), self.answer, came)

    def answer(self, came: float) -> None:
        assert isinstance(self.transport, asyncio.WriteTransport)
        if not self.transport.is_closing():
            self.transport.write(ANSWER)
            self.truth.took.append(self.truth.loop.time() - came)


@pytest.fixture
def truth(request: pytest.FixtureRequest) -> Iterator[Truth]:
    known: Truth = request.param()
    loop = known.loop
    server = loop.run_until_complete(loop.create_server(lambda: Answers(known), "127.0.0.1", 0))
    known.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield known
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.close()


def probe(truth: Truth, **changes: object) -> ProbeResult:
    fields: dict[str, object] = {
        "url": truth.url,
        "host": "truth.example",
        "requests": (Request(path="/"),),
        "concurrency": 8,
        "warmup_seconds": 0.0,
        # Short enough that no part of it is taken for a warm-up.
        "duration_seconds": 4.5,
        **changes,
    }
    return native.run(ProbePlan.model_validate(fields))


def percentile(values: list[float], percent: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


@pytest.mark.parametrize("truth", [lambda: Truth(DELAYS_SECONDS)], indirect=True)
@pytest.mark.parametrize(
    "load", [{"concurrency": 64}, {"concurrency": 256, "rate": 150.0}], ids=["closed", "open"]
)
def test_percentiles_are_those_of_the_server(truth: Truth, load: dict[str, object]) -> None:
    latency = probe(truth, **load).latency
    assert latency is not None
    known = truth.took
    assert latency.count > 400
    assert latency.count == pytest.approx(len(known), abs=10)
    assert percentile(known, 50) == pytest.approx(percentile([*DELAYS_SECONDS], 50), rel=0.1)
    assert latency.p50_seconds == pytest.approx(percentile(known, 50), rel=0.03)
    assert latency.p90_seconds == pytest.approx(percentile(known, 90), rel=0.03)
    assert latency.p99_seconds == pytest.approx(percentile(known, 99), rel=0.03)
    assert latency.mean_seconds == pytest.approx(sum(known) / len(known), rel=0.03)


RATE = 100.0
STALL_AT, STALL_SECONDS, DELAY = 1.5, 2.0, 0.2


def stalling() -> Truth:
    return Truth((DELAY,), stall_at=STALL_AT, stall_seconds=STALL_SECONDS)


def due_latencies(seconds: float) -> list[float]:
    """Return what a request takes that is due at each tick of the rate."""
    found = []
    for number in range(int(seconds * RATE)):
        due = number / RATE
        is_stalled = STALL_AT <= due < STALL_AT + STALL_SECONDS
        found.append((STALL_AT + STALL_SECONDS - due if is_stalled else 0.0) + DELAY)
    return found


@pytest.mark.parametrize("truth", [stalling], indirect=True)
def test_an_open_loop_sees_a_stall_as_users_would(truth: Truth) -> None:
    seconds = 6.0
    result = probe(truth, rate=RATE, concurrency=400, duration_seconds=seconds)
    latency, known = result.latency, due_latencies(seconds)
    assert latency is not None
    assert result.errors == {}
    assert latency.p50_seconds == pytest.approx(percentile(known, 50), rel=0.03)
    assert latency.p90_seconds == pytest.approx(percentile(known, 90), rel=0.03)
    assert latency.p95_seconds == pytest.approx(percentile(known, 95), rel=0.03)
    assert latency.p99_seconds == pytest.approx(percentile(known, 99), rel=0.03)


@pytest.mark.parametrize("truth", [stalling], indirect=True)
def test_few_connections_do_not_hide_the_stall_in_an_open_loop(truth: Truth) -> None:
    """The requests of the stall wait for one of 30 connections: none is left out."""
    seconds = 6.0
    result = probe(truth, rate=RATE, concurrency=30, duration_seconds=seconds)
    assert result.latency is not None
    assert result.latency.p90_seconds >= percentile(due_latencies(seconds), 90) * 0.97


@pytest.mark.parametrize("truth", [stalling], indirect=True)
def test_a_closed_loop_hides_the_stall(truth: Truth) -> None:
    """Coordinated omission: its clients wait with the server and ask nothing meanwhile."""
    seconds = 6.0
    latency = probe(truth, concurrency=20, duration_seconds=seconds).latency
    known = due_latencies(seconds)
    assert latency is not None
    assert latency.max_seconds > STALL_SECONDS * 0.9
    assert latency.p90_seconds < 2 * DELAY
    assert percentile(known, 90) > 5 * latency.p90_seconds
