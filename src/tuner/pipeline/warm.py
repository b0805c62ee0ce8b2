"""Send a bounded number of requests, so that lazily loaded applications are in memory."""

import re
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from tuner.apache.tree import Configuration
from tuner.errors import MeasurementError, UsageError
from tuner.pipeline.target import Target, find_target
from tuner.pipeline.views import Views
from tuner.probe import native
from tuner.probe.context import is_loopback
from tuner.probe.plan import ProbePlan

MOST_REQUESTS = 10_000
_MOST_CONCURRENCY = 64
_REQUESTS_PER_WORKER = 5
_SECONDS = 60.0
_COUNT = re.compile(r"(?P<url>[^?]*(?:\?.*=.*)?)=(?P<count>[0-9]+)")
"""``URL=200``; behind a query the count needs an equals sign of its own: ``/?a=1=200``."""


class Warmed(BaseModel):
    """What was sent, and what came back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    requests: int
    failed: int
    concurrency: int

    def describe(self) -> str:
        """Return it in one line."""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"sent {self.requests} requests to {self.url}, {self.concurrency} at a time{failed}"


def warm_up(
    configuration: Configuration, views: Views, text: str, may_leave_loopback: bool
) -> Warmed:
    """Send requests to ``URL`` or ``URL=REQUESTS``: as many at a time as there are workers.

    Raises:
        UsageError: the URL cannot be understood, or is not on this machine.
        MeasurementError: no request succeeds.
    """
    url, count = parse_warm(text)
    target = find_target(configuration, views, url, (), ())
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if not may_leave_loopback and not is_loopback(parts.hostname or ""):
        raise UsageError(
            f"--warm {url} is not on this machine", hint="--yes sends the requests all the same"
        )
    workers = _workers(views, target)
    concurrency = min(workers, _MOST_CONCURRENCY)
    requests = min(count or max(10, _REQUESTS_PER_WORKER * workers), MOST_REQUESTS)
    path = target.requests[0].path + (f"?{parts.query}" if parts.query else "")
    result = native.run(
        ProbePlan(
            url=f"{parts.scheme}://{parts.netloc}",
            host=target.canary.host,
            requests=(target.requests[0].model_copy(update={"path": path}),),
            concurrency=min(concurrency, requests),
            warmup_seconds=0,
            duration_seconds=_SECONDS,
            timeout_seconds=30,
            max_requests=requests,
            keep_alive=False,
        )
    )
    if not result.good:
        raise MeasurementError(f"--warm {url}: none of {result.requests} requests succeeded")
    return Warmed(
        url=url,
        requests=result.requests,
        failed=result.requests - result.good,
        concurrency=concurrency,
    )


def parse_warm(text: str) -> tuple[str, int | None]:
    """Return the URL and the number of requests, if one is given.

    Raises:
        UsageError: there are too many, or none.
    """
    match = _COUNT.fullmatch(text)
    if match is None:
        return text, None
    count = int(match["count"])
    if not 1 <= count <= MOST_REQUESTS:
        raise UsageError(f"--warm {text}: between 1 and {MOST_REQUESTS} requests")
    return match["url"], count


def _workers(views: Views, target: Target) -> int:
    """Return how many requests reach the application at the same time."""
    front = views.settings.front.max_request_workers if views.settings else 1
    capacity = sum(one.capacity for one in views.groups if one.name in target.groups)
    return max(1, min(front, capacity or front))
