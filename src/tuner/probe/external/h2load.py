"""h2load of nghttp2, for HTTP/2 and HTTP/1.1, by its log of all requests.

Without keep-alive its time limit does not end it before 1.64 (nghttp2 issue 2250), so it
gets a number of requests instead, from the rate of a short run before.
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tuner.probe.external.child import Finished, find_program, run_child, whole_seconds
from tuner.probe.external.outcome import NEVER_TOLD, Outcome, demand, result_of, silent
from tuner.probe.external.records import Record, document_of
from tuner.probe.guard import Guard, no_guard
from tuner.probe.merge import merge
from tuner.probe.plan import ProbePlan
from tuner.probe.result import ProbeResult

NAME = "h2load"

_END_SECONDS = 5.0
_PILOT_REQUESTS_PER_CLIENT = 20
_UNKNOWN = (
    *(what for what in NEVER_TOLD if what != "steady state"),
    "fairness",
    "kinds of connection errors: a client whose connection breaks gives up",
    "waiting for a new connection where the server closes many",
)


def run(plan: ProbePlan, guard: Guard = no_guard) -> ProbeResult:
    """Run h2load; its warm-up is cut off by the time of each request.

    Raises:
        UsageError: h2load is not installed, or cannot do what the plan asks.
        ProbeError: h2load fails.
    """
    demand(NAME, plan, http2=True)
    program = find_program(NAME, "apt install nghttp2-client")
    with tempfile.TemporaryDirectory(prefix="tuner-h2load-") as name:
        log = Path(name) / "log"
        command = [program, *_options(plan), f"--log-file={log}"]
        seconds = plan.warmup_seconds + plan.duration_seconds
        if plan.keep_alive and plan.max_requests >= ProbePlan.model_fields["max_requests"].default:
            bound = ["-D", f"{seconds * 1000:.0f}ms"]
        else:
            bound = ["-n", str(_requests(command, plan, seconds, log, guard))]
        target = plan.url + plan.requests[0].path
        limit = seconds + whole_seconds(plan.timeout_seconds) + _END_SECONDS
        finished = run_child([*command, *bound, target], limit, guard)
        text = log.read_text("utf-8") if log.exists() else ""
    return _result(plan, finished, text)


def _options(plan: ProbePlan) -> list[str]:
    request = plan.requests[0]
    options = ["-t1", f"-c{plan.concurrency}"]
    if not plan.http2:
        options.append("--h1")
    if request.method != "GET":
        options += ["-H", f":method: {request.method}"]
    for name, value in plan.headers_for(request):
        header = ":authority" if name.lower() == "host" else name
        options += ["-H", f"{header}: {value}"]
    return options


def _requests(command: list[str], plan: ProbePlan, seconds: float, log: Path, guard: Guard) -> int:
    """Return how many requests take so long, within the plan's bound."""
    most = max(plan.max_requests, plan.concurrency)
    pilot = min(most, _PILOT_REQUESTS_PER_CLIENT * plan.concurrency)
    target = plan.url + plan.requests[0].path
    finished = run_child([*command, "-n", str(pilot), target], seconds + _END_SECONDS, guard)
    log.unlink(missing_ok=True)
    rate = re.search(r"^finished in \S+, ([\d.]+) req/s", finished.stdout, re.MULTILINE)
    wanted = int(float(rate[1]) * seconds) if rate else pilot
    return max(plan.concurrency, min(most, wanted))


def _result(plan: ProbePlan, finished: Finished, log: str) -> ProbeResult:
    records = list(_records(log, plan.timeout_seconds))
    counts = _counts(finished.stdout)
    if not records:
        if not counts:
            return silent(NAME, plan, finished)
        lost = max(plan.concurrency, counts.get("errored", 0))
        outcome = Outcome(finished.seconds, 0, None, errors={"no answer": lost}, unknown=_UNKNOWN)
        return result_of(NAME, plan, outcome, finished)
    seconds = max(record.ended_seconds for record in records)
    document = document_of(records, seconds, finished)
    if lost := counts.get("errored", 0):
        last = int(seconds / document["window_seconds"])
        document["errors"].setdefault(last, {})["connection lost"] = lost
    update = {"stopped": finished.stopped, "unknown": _UNKNOWN, "fairness": None}
    return merge(NAME, plan, [document]).model_copy(update=update)


def _records(log: str, timeout_seconds: float) -> Iterator[Record]:
    """Read lines of epoch microseconds at the begin, status, microseconds."""
    rows = [tuple(map(int, line.split("\t"))) for line in log.splitlines() if line.count("\t") == 2]
    if not rows:
        return
    first = min(row[0] for row in rows)
    for began, status, microseconds in rows:
        kind = "" if 0 < status < 400 else f"status {status}" if status > 0 else "no answer"
        if microseconds > timeout_seconds * 1e6:
            kind = "timeout"
        ended = (began - first + microseconds) / 1e6
        yield Record(ended, microseconds, kind, max(status, 0))


def _counts(text: str) -> dict[str, int]:
    found = re.search(r"^requests: (.*)$", text, re.MULTILINE)
    return {name: int(n) for n, name in re.findall(r"(\d+) (\w+)", found[1])} if found else {}
