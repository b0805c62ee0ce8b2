"""One process of the httpx engine: reads a plan as JSON, prints what it did as JSON lines."""

import asyncio
import contextlib
import signal
import ssl
import sys
from http.cookiejar import DefaultCookiePolicy
from importlib import import_module
from itertools import accumulate
from random import Random
from typing import Any

import httpx

from tuner.probe.checks import RETRY_LATER
from tuner.probe.loop.connection import tls_context
from tuner.probe.loop.tally import WINDOW_SECONDS, Tally, clock, say
from tuner.probe.plan import ProbePlan, Request

_RETRY_SECONDS = 0.01
_TICK_WINDOWS = 5
_LAZY_MODULES = (
    "anyio._backends._asyncio",
    "httpcore._backends.anyio",
    "httpcore._async.http11",
    "httpcore._async.http2",
)
"""What httpx imports at its first request: before the clock runs."""


class Worker:
    """All clients of one process. Times are in nanoseconds."""

    def __init__(self, plan: ProbePlan) -> None:
        self.plan = plan
        self.tally = Tally(plan.concurrency)
        self.total = 0
        self.in_flight: dict[int, int] = {}
        """Client number to when its request was due."""
        self.stopping = asyncio.Event()

    async def run(self) -> dict[str, Any]:
        """Send the load and return the result as plain data."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stopping.set)
        context = tls_context()  # one for all: making one takes 30 ms
        if self.plan.http2:
            context.set_alpn_protocols(["h2", "http/1.1"])
        self.tally.began = clock()
        clients = [
            asyncio.create_task(self._client(number, context))
            for number in range(self.plan.concurrency)
        ]
        clock_task = asyncio.create_task(self._clockwork())
        await self._until_end(clients)
        ended = clock()
        due = list(self.in_flight.values())
        unsent = self._unsent(ended)
        for task in (*clients, clock_task):
            task.cancel()
        await asyncio.gather(*clients, clock_task, return_exceptions=True)
        self.tally.sample_usage()
        ages = [(ended - one) // 1000 for one in [*due, *unsent]]
        return self.tally.result(ended, ages, len(unsent))

    async def _until_end(self, clients: list["asyncio.Task[None]"]) -> None:
        """Wait for the time, for the last client, or for the order to stop."""
        stop = asyncio.create_task(self.stopping.wait())
        done = asyncio.gather(*clients)
        seconds = self.plan.warmup_seconds + self.plan.duration_seconds
        await asyncio.wait((stop, done), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        self.stopping.set()
        stop.cancel()
        if done.done():
            done.result()
        else:
            done.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await done

    def _unsent(self, now: int) -> list[int]:
        """Return when each request was due that has not been sent (open loop)."""
        if not self.plan.rate:
            return []
        due = min(int((now - self.tally.began) / 1e9 * self.plan.rate), self.plan.max_requests)
        return [self._due(number) for number in range(self.total, due)]

    def _due(self, number: int) -> int:
        assert self.plan.rate is not None
        return self.tally.began + int(number * 1e9 / self.plan.rate)

    async def _clockwork(self) -> None:
        """Take CPU time and lag in every window, and say how far it is now and then."""
        window = 0
        while True:
            self.tally.sample_usage()
            if window % _TICK_WINDOWS == 0:
                say(self.tally.tick(clock()))
            window += 1
            wake = self.tally.began + int(window * WINDOW_SECONDS * 1e9)
            await asyncio.sleep((wake - clock()) / 1e9)
            self.tally.lags.append(max(0, clock() - wake))

    async def _client(self, number: int, context: ssl.SSLContext) -> None:
        plan = self.plan
        await asyncio.sleep(number / plan.connects_per_second)
        choose = Random(f"{plan.seed} {number}")
        weights = list(accumulate(one.weight for one in plan.requests))
        async with new_client(plan, context) as client:
            while not self.stopping.is_set() and self.total < plan.max_requests:
                turn, self.total = self.total, self.total + 1
                due = clock()
                if plan.rate:
                    due = self._due(turn)
                    await asyncio.sleep(max(0.0, (due - clock()) / 1e9))
                wanted = choose.choices(plan.requests, cum_weights=weights)[0]
                self.in_flight[number] = due
                await self._request(client, wanted, number)
                del self.in_flight[number]

    async def _request(self, client: httpx.AsyncClient, wanted: Request, number: int) -> None:
        tally, due = self.tally, self.in_flight[number]
        try:
            async with asyncio.timeout(self.plan.timeout_seconds):
                response = await self._answer(client, wanted, number)
        except (httpx.HTTPError, TimeoutError) as problem:
            tally.error(kind_of(problem), clock())
            await asyncio.sleep(_RETRY_SECONDS)
            return
        now = clock()
        tally.received(response.status_code, len(response.content))
        tally.per_connection[number] += 1
        if response.status_code >= 400:
            paused = RETRY_LATER if "retry-after" in response.headers else ""
            tally.error(f"status {response.status_code}{paused}", now)
        else:
            tally.good(now, due)
            tally.mismatches += self._differs(wanted, response)

    async def _answer(
        self, client: httpx.AsyncClient, wanted: Request, number: int
    ) -> httpx.Response:
        request = client.build_request(
            wanted.method,
            wanted.path,
            headers=self.plan.headers_for(wanted),
            content=wanted.body or None,
        )
        try:
            return await client.send(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if not (self.plan.keep_alive and self.tally.per_connection[number]):
                raise
            # A busy event MPM closes idle keep-alive connections (event.c,
            # process_keepalive_queue): ask once more on a new connection.
            self.tally.races += 1
            return await client.send(request)

    def _differs(self, wanted: Request, response: httpx.Response) -> bool:
        plan = self.plan
        expected = wanted.expected or (plan.expected if len(plan.requests) == 1 else None)
        if expected is None:
            return False
        length = expected.body_bytes
        return response.status_code != expected.status or (
            length is not None and len(response.content) != length
        )


def new_client(plan: ProbePlan, context: ssl.SSLContext) -> httpx.AsyncClient:
    """Return a client of one connection, which takes cookies only where they are asked for."""
    client = httpx.AsyncClient(
        base_url=plan.url,
        verify=context,
        trust_env=False,
        timeout=plan.timeout_seconds,
        follow_redirects=plan.follow_redirects,
        # Over plain HTTP there is nobody to ask (RFC 9113, 3.3): HTTP/2 by prior knowledge.
        http1=not (plan.http2 and plan.url.startswith("http:")),
        http2=plan.http2,
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
    )
    if not plan.cookies:
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


def kind_of(problem: Exception) -> str:
    """Name a failure as the other engines do."""
    if isinstance(problem, httpx.ConnectTimeout):
        return "connect timeout"
    if isinstance(problem, httpx.TimeoutException | TimeoutError):
        return "timeout"
    if isinstance(problem, httpx.ConnectError):
        return _connect_kind(problem)
    if isinstance(problem, httpx.RemoteProtocolError):
        return "connection closed"
    if isinstance(problem, httpx.ReadError | httpx.WriteError):
        return "connection reset"
    if isinstance(problem, httpx.TooManyRedirects):
        return "too many redirects"
    return type(problem).__name__


def _connect_kind(problem: BaseException | None) -> str:
    """Look for the system's error behind those that wrap it."""
    while problem is not None:
        if isinstance(problem, ConnectionRefusedError):
            return "connection refused"
        if isinstance(problem, ssl.SSLError):
            return "tls error"
        if isinstance(problem, OSError) and problem.errno in (11, 99):
            return "no ports"
        problem = problem.__cause__ or problem.__context__
    return "connect error"


def main() -> None:
    """Run the plan that standard input describes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    plan = ProbePlan.model_validate_json(sys.stdin.buffer.read())
    for name in _LAZY_MODULES:
        with contextlib.suppress(ImportError):
            import_module(name)

    async def load() -> dict[str, Any]:
        return await Worker(plan).run()

    say(asyncio.run(load()))


if __name__ == "__main__":
    main()
