"""A closed-loop load engine on httpx and asyncio.

One client for each worker: a shared connection pool scans all its connections
at every request and becomes the bottleneck long before the server does.
"""

import asyncio
import contextlib
import random
import signal
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from types import FrameType

import httpx

from tuner.probe.guard import Guard, no_guard
from tuner.probe.histogram import encode, histogram_of, summarise
from tuner.probe.plan import USER_AGENT, ProbePlan, Request
from tuner.probe.result import Censored, ClientLoad, ProbeResult

_CONNECTS_PER_SECOND = 1000
_GUARD_SECONDS = 0.1
_STORM_REQUESTS = 50
_STORM_SHARE = 0.5


@dataclass(slots=True)
class _Tally:
    started: float
    latencies: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    body_bytes: int = 0
    total: int = 0
    races: int = 0
    in_flight: int = 0
    stopped: bool = False

    def is_storm(self) -> bool:
        failed = sum(self.errors.values())
        ended = failed + len(self.latencies)
        return ended >= _STORM_REQUESTS and failed > _STORM_SHARE * ended


def run(plan: ProbePlan, guard: Guard = no_guard) -> ProbeResult:
    """Run the probe; blocks for its duration. Errors of the target are counted, not raised."""
    with _signals_cancel() as cancelled:
        try:
            return asyncio.run(_run(plan, guard, cancelled))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


@contextlib.contextmanager
def _signals_cancel() -> Iterator[list["asyncio.Task[ProbeResult]"]]:
    """Let Ctrl-C and SIGTERM cancel the probe as a whole.

    Raised inside a worker, an interrupt would end that worker with a traceback.
    """
    tasks: list[asyncio.Task[ProbeResult]] = []

    def cancel(number: int, frame: FrameType | None) -> None:
        for task in tasks:
            task.get_loop().call_soon_threadsafe(task.cancel)

    if threading.current_thread() is not threading.main_thread():
        yield tasks
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, cancel) for number in numbers}
    try:
        yield tasks
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _run(
    plan: ProbePlan, guard: Guard, running: list["asyncio.Task[ProbeResult]"]
) -> ProbeResult:
    task = asyncio.current_task()
    assert task is not None
    running.append(task)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    begin = time.perf_counter()
    tally = _Tally(started=begin + plan.warmup_seconds)
    deadline = tally.started + plan.duration_seconds
    workers = [
        asyncio.create_task(_worker(plan, context, tally, number, deadline))
        for number in range(plan.concurrency)
    ]
    await asyncio.sleep(plan.warmup_seconds)
    cpu_before = time.process_time()
    measured_from = time.perf_counter()
    stopped = ""
    while time.perf_counter() < deadline and not tally.stopped and not stopped:
        await asyncio.sleep(min(_GUARD_SECONDS, max(0.0, deadline - time.perf_counter())))
        stopped = guard()
    ended = time.perf_counter()
    cpu = time.process_time() - cpu_before
    in_flight = tally.in_flight
    tally.stopped = True
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    result = _result(plan, tally, ended - measured_from, cpu, in_flight)
    return result.model_copy(update={"stopped": stopped}) if stopped else result


def _result(
    plan: ProbePlan, tally: _Tally, elapsed: float, cpu_seconds: float, in_flight: int
) -> ProbeResult:
    good = len(tally.latencies)
    histogram = histogram_of(int(one * 1e6) for one in tally.latencies)
    return ProbeResult(
        engine="httpx",
        mode="closed",
        concurrency=plan.concurrency,
        elapsed_seconds=elapsed,
        discarded_seconds=plan.warmup_seconds,
        requests=good + sum(tally.errors.values()),
        good=good,
        throughput=good / elapsed if elapsed else 0.0,
        latency=summarise(histogram),
        histogram=encode(histogram),
        errors=dict(sorted(tally.errors.items())),
        body_bytes=tally.body_bytes,
        keep_alive_races=tally.races,
        censored=Censored(count=in_flight),
        client=ClientLoad(cpu_share=cpu_seconds / elapsed if elapsed else 0.0),
        unknown=("age of requests in flight", "connect time"),
    )


async def _worker(
    plan: ProbePlan, context: ssl.SSLContext, tally: _Tally, number: int, deadline: float
) -> None:
    await asyncio.sleep(number / _CONNECTS_PER_SECOND)
    choose = random.Random(number)
    weights = list(accumulate(one.weight for one in plan.requests))
    headers = [("Host", plan.host), ("User-Agent", USER_AGENT), *plan.headers]
    if not plan.keep_alive:
        headers.append(("Connection", "close"))
    async with httpx.AsyncClient(
        base_url=plan.url,
        verify=context,
        trust_env=False,
        timeout=plan.timeout_seconds,
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
    ) as client:
        while not tally.stopped and time.perf_counter() < deadline:
            wanted = choose.choices(plan.requests, cum_weights=weights)[0]
            await _request(client, wanted, headers, tally)
            if tally.total >= plan.max_requests or tally.is_storm():
                tally.stopped = True


async def _request(
    client: httpx.AsyncClient, wanted: Request, headers: list[tuple[str, str]], tally: _Tally
) -> None:
    begin = time.perf_counter()
    tally.in_flight += 1
    tally.total += 1
    error, size, raced = "", 0, False
    try:
        try:
            response = await client.request(wanted.method, wanted.path, headers=headers)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            # A busy event MPM closes idle keep-alive connections (event.c,
            # process_keepalive_queue): ask once more on a new connection.
            raced = True
            response = await client.request(wanted.method, wanted.path, headers=headers)
        size = len(response.content)
        if response.status_code >= 400:
            error = f"status {response.status_code}"
    except httpx.HTTPError as problem:
        error = _kind(problem)
        await asyncio.sleep(0.01)
    finally:
        tally.in_flight -= 1
    end = time.perf_counter()
    if begin < tally.started:
        return
    tally.races += raced
    if error:
        tally.errors[error] += 1
    else:
        tally.latencies.append(end - begin)
        tally.body_bytes += size


def _kind(problem: httpx.HTTPError) -> str:
    if isinstance(problem, httpx.ConnectTimeout):
        return "connect timeout"
    if isinstance(problem, httpx.TimeoutException):
        return "timeout"
    if isinstance(problem, httpx.ConnectError):
        return "connection refused" if _was_refused(problem) else "connect error"
    if isinstance(problem, httpx.RemoteProtocolError):
        return "connection closed"
    if isinstance(problem, httpx.ReadError | httpx.WriteError):
        return "connection reset"
    return type(problem).__name__


def _was_refused(problem: BaseException | None) -> bool:
    """Look for the system's refusal behind the errors that wrap it."""
    while problem is not None:
        if isinstance(problem, ConnectionRefusedError):
            return True
        problem = problem.__cause__ or problem.__context__
    return False
