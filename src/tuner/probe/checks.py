"""Validity checks: whether a probe tells about the server, or about something else.

Each check is one function: it looks at a probe and its surroundings, and
returns what it found or nothing. The limits separate good from bad probes in
measurements on real servers; where a limit has a source, it stands beside it.
"""

from collections.abc import Callable

from tuner.probe.context import Surroundings
from tuner.probe.plan import ProbePlan
from tuner.probe.result import Check, Effect, ProbeResult

Rule = Callable[[ProbePlan, ProbeResult, Surroundings], Check | None]

CPU_DOUBT, CPU_INVALID = 0.70, 0.85
QUEUE_DOUBT, QUEUE_INVALID = 0.15, 0.90
LAG_LEAST_SECONDS = 0.010
LITTLE_DOUBT, LITTLE_INVALID = 0.10, 0.25
DRIFT_DOUBT = 0.10
STEAL_DOUBT = 0.02
FOREIGN_DOUBT_CORES = 0.25
CENSORED_DOUBT = 0.01
BACKLOG_DOUBT = 0.02
RATE_TOLERANCE = 0.02
FAIRNESS_DOUBT = 0.8
MISMATCH_INVALID = 0.01
RACES_NOTE = 0.05
CLOCK_DOUBT_SECONDS = 0.05
RETRY_LATER = ", retry later"
"""How the kind of an error ends whose answer carried Retry-After (RFC 9110, 10.2.3)."""
SYN_RETRY_SECONDS = 1.0
"""A lost SYN is sent again after 1, 3 and 7 seconds (RFC 6298, tcp(7))."""


_CHEAPER = {
    "native": "use more --processes, or --engine wrk",
    "wrk": "use more --processes",
    "httpx": "it makes about a thousand requests a second for each core: use --engine native",
}


def client_cpu(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find a load generator that is busy with itself."""
    share = result.client.cpu_share
    if share <= CPU_DOUBT:
        return None
    return Check(
        name="client-cpu",
        effect="invalid" if share > CPU_INVALID else "doubt",
        message=f"the load generator ({result.engine}) used {share:.0%} of a core and may be the "
        "limit: the server may well do more",
        advice=_CHEAPER.get(result.engine, "use --engine native")
        + ", or send the load from other machines with --workers",
    )


def engine_choice(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Tell why ``auto`` did not take the engine that it usually takes."""
    is_usual = result.engine == "native" and result.client.cpu_share <= CPU_DOUBT
    if not result.engine_reason or is_usual:
        return None
    return Check(
        name="engine",
        effect="note",
        message=f"measured with {result.engine_reason}",
        advice="--engine NAME takes another one",
    )


def client_starved(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find a load generator that waits for a core.

    On one machine with the server that is expected when the server uses the
    cores; then the surroundings say so and nothing more is wrong.
    """
    client = result.client
    if client.queue_share <= QUEUE_DOUBT:
        return None
    busy = client.cpu_share + client.queue_share
    effect: Effect = "invalid" if busy > QUEUE_INVALID else "doubt"
    server = around.server_cores
    foreign = around.foreign_cores or 0.0
    if around.is_local and server is not None and foreign <= FOREIGN_DOUBT_CORES:
        effect = "note"
    return Check(
        name="client-starved",
        effect=effect,
        message=f"the load generator waited for a core {client.queue_share:.0%} of the time",
        advice="compare such rates with each other only; they are not the server's capacity"
        if effect == "note"
        else "stop what else runs here, or send the load from another machine",
    )


def loop_lag(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find latencies that the load generator's own turns made."""
    lag, latency = result.client.lag_p99_seconds, result.latency
    if lag is None or latency is None or lag <= max(LAG_LEAST_SECONDS, latency.p50_seconds / 2):
        return None
    effect: Effect = "note" if around.is_local and result.client.queue_share > lag else "doubt"
    return Check(
        name="loop-lag",
        effect=effect,
        message=f"one turn of the load loop took up to {lag * 1e3:.1f} ms (99th percentile), "
        f"half of the requests took {latency.p50_seconds * 1e3:.1f} ms",
        advice="fewer clients for each process of the load generator",
    )


def ports(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find a client that ran out of local ports."""
    failed = result.errors.get("no ports", 0)
    if not failed:
        return None
    return Check(
        name="ports",
        effect="invalid",
        message=f"{failed} connections found no free local port: {around.tcp.ports} ports, "
        f"{around.tcp.time_wait} of them in TIME_WAIT before the probe",
        advice="sysctl net.ipv4.ip_local_port_range='1024 65535' net.ipv4.tcp_tw_reuse=1, "
        "or keep connections alive",
    )


def descriptors(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find a client that ran out of descriptors."""
    failed = result.errors.get("no descriptors", 0)
    if not failed:
        return None
    return Check(
        name="descriptors",
        effect="invalid",
        message=f"{failed} connections could not be opened: no descriptors left",
        advice="raise the limit of open files (ulimit -n)",
    )


def listen_queue(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find a full listen queue: the kernel dropped connections before httpd saw them."""
    if not around.is_local:
        return None
    names = ("ListenOverflows", "ListenDrops", "TCPReqQFullDrop", "TCPReqQFullDoCookies")
    found = {name: around.tcp_change[name] for name in names if around.tcp_change.get(name)}
    if not found:
        return None
    counts = ", ".join(f"{name} {value}" for name, value in found.items())
    return Check(
        name="listen-queue",
        effect="doubt",
        message=f"the listen queue overflowed ({counts}): clients waited a second or more for "
        "a connection",
        advice="raise ListenBacklog and net.core.somaxconn, or start clients more slowly",
    )


def syn_retries(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find connections that needed a second SYN."""
    connect = result.connect
    slow = connect is not None and connect.max_seconds >= SYN_RETRY_SECONDS
    resent = around.tcp_change.get("TCPSynRetrans", 0)
    if not slow and not resent:
        return None
    longest = f", the slowest took {connect.max_seconds:.1f} s" if connect and slow else ""
    return Check(
        name="syn-retries",
        effect="doubt" if slow else "note",
        message=f"{resent} SYN packets were sent again{longest}",
        advice="the server or the network dropped connection attempts; see listen-queue",
    )


def steal(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find a hypervisor that ran somebody else."""
    share = around.load.steal_share
    if share <= STEAL_DOUBT:
        return None
    return Check(
        name="steal",
        effect="doubt",
        message=f"the hypervisor took {share:.1%} of the CPU time away",
        advice="repeat on a quieter host; compare interleaved probes only",
    )


def foreign_load(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find other programs that used the cores."""
    foreign = around.foreign_cores
    if foreign is None or foreign <= FOREIGN_DOUBT_CORES:
        return None
    return Check(
        name="foreign-load",
        effect="doubt",
        message=f"other programs used {foreign:.1f} of {around.cores} cores",
        advice="stop them, or compare interleaved probes only",
    )


def swap(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find swapping."""
    if not around.load.swapped_pages:
        return None
    return Check(
        name="swap",
        effect="invalid",
        message=f"{around.load.swapped_pages} pages were swapped during the probe",
        advice="fewer processes, or more memory",
    )


def clock(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find a wall clock that was set during the probe."""
    if abs(around.clock_error_seconds) <= CLOCK_DOUBT_SECONDS:
        return None
    return Check(
        name="clock",
        effect="note",
        message=f"the clock was moved by {around.clock_error_seconds:+.2f} s during the probe",
        advice="rates use the monotonic clock and are right; log times may not be",
    )


def littles_law(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find numbers that contradict each other: rate x latency is the concurrency.

    Only where the probe is long against one response, and nothing failed.
    """
    latency = result.latency
    if plan.rate is not None or latency is None or result.errors:
        return None
    if result.elapsed_seconds < 20 * latency.mean_seconds:
        return None
    inside = result.throughput * latency.mean_seconds / plan.concurrency
    away = abs(inside - 1)
    if away <= LITTLE_DOUBT:
        return None
    return Check(
        name="littles-law",
        effect="invalid" if away > LITTLE_INVALID else "doubt",
        message=f"rate x mean latency accounts for {inside:.0%} of the {plan.concurrency} clients",
        advice="some clients were not waiting for the server: see the other checks",
    )


def steady_state(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find a probe that never became steady, or that drifted."""
    if not result.is_steady:
        message = "the throughput did not become steady"
    elif abs(result.drift) > DRIFT_DOUBT:
        message = f"the throughput changed by {result.drift:+.0%} during the probe"
    else:
        return None
    return Check(
        name="steady-state",
        effect="doubt",
        message=message,
        advice="a longer --duration, or a server that has warmed up",
    )


def few_samples(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find percentiles that rest on too few responses."""
    if result.good == 0 or result.good >= 1000:
        return None
    beyond = "p99.9 and p99" if result.good < 100 else "p99.9"
    return Check(
        name="few-samples",
        effect="doubt" if result.good < 100 else "note",
        message=f"{result.good} responses are too few for {beyond}",
        advice="a longer --duration",
    )


def mismatches(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find answers that are not those of the canary."""
    if not result.mismatches or not result.good:
        return None
    share = result.mismatches / result.good
    return Check(
        name="mismatches",
        effect="invalid" if share > MISMATCH_INVALID else "doubt",
        message=f"{result.mismatches} answers ({share:.1%}) differ in status or length from the "
        "first one",
        advice="an error page with status 200, a redirect to a login, or a page that varies",
    )


def rate_limiting(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find an application or a proxy that limits the client's rate."""
    paused = sum(n for kind, n in result.errors.items() if kind.endswith(RETRY_LATER))
    limited = max(result.statuses.get(429, 0), paused)
    if not limited:
        return None
    return Check(
        name="rate-limiting",
        effect="invalid",
        message=f"{limited} answers were 429 Too Many Requests or carried Retry-After: a rate "
        "limit was measured",
        advice="let the probe's address through, or lower the load",
    )


def intended_rate(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find an open loop that could not keep its rate."""
    if plan.rate is None:
        return None
    offered = plan.rate * result.elapsed_seconds
    if result.backlog > BACKLOG_DOUBT * offered:
        return Check(
            name="overload",
            effect="doubt",
            message=f"{result.backlog} of {offered:.0f} requests were due and never sent: the "
            f"server does not keep up with {plan.rate:g} a second",
            advice="the latency is that of a queue that grows; lower --rate",
        )
    achieved = result.requests / result.elapsed_seconds
    late = abs(achieved / plan.rate - 1)
    if late <= RATE_TOLERANCE or result.censored.count > RATE_TOLERANCE * offered:
        return None
    return Check(
        name="intended-rate",
        effect="doubt",
        message=f"{achieved:.1f} requests a second instead of {plan.rate:g}",
        advice="the load generator could not keep the rate",
    )


def censored(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find unfinished requests that would change the percentiles."""
    latency, unfinished = result.latency, result.censored
    if latency is None or unfinished.count <= CENSORED_DOUBT * result.good:
        return None
    if unfinished.max_age_seconds <= latency.p99_seconds:
        return None
    return Check(
        name="censored",
        effect="doubt",
        message=f"{unfinished.count} requests had not ended, one after "
        f"{unfinished.max_age_seconds:.2f} s: the high percentiles are lower bounds",
        advice="a longer --duration",
    )


def fairness(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find connections that got little or nothing."""
    share = result.fairness
    if share is None or share >= FAIRNESS_DOUBT or result.good < 10 * plan.concurrency:
        return None
    return Check(
        name="fairness",
        effect="doubt",
        message=f"the clients were served unequally (Jain's index {share:.2f})",
        advice="some connections waited for a worker: event's limit, or a full queue",
    )


def keep_alive_races(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> Check | None:
    """Find a server that keeps closing connections that are in use."""
    if not result.good or result.keep_alive_races <= RACES_NOTE * result.good:
        return None
    return Check(
        name="keep-alive-races",
        effect="note",
        message=f"{result.keep_alive_races} requests met a connection that the server had closed",
        advice="a busy event MPM closes idle connections: it has too few workers",
    )


RULES: tuple[Rule, ...] = (
    client_cpu,
    engine_choice,
    client_starved,
    loop_lag,
    ports,
    descriptors,
    listen_queue,
    syn_retries,
    steal,
    foreign_load,
    swap,
    clock,
    littles_law,
    steady_state,
    few_samples,
    mismatches,
    rate_limiting,
    intended_rate,
    censored,
    fairness,
    keep_alive_races,
)


def check(plan: ProbePlan, result: ProbeResult, around: Surroundings) -> tuple[Check, ...]:
    """Return what every check finds."""
    found = (rule(plan, result, around) for rule in RULES)
    return tuple(one for one in found if one is not None)
