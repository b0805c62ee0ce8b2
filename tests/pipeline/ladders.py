"""Ladders whose numbers are given, not measured."""

from tests.probe.test_checks import latency, result
from tuner.pipeline.ladder.report import (
    LadderReport,
    TargetReport,
    step_report,
    target_scaling,
    worst_checks,
)
from tuner.probe.accesslog import LearnedTraffic, Share
from tuner.probe.preflight import Preflight
from tuner.probe.result import Check, ProbeResult

CLIENTS = (1, 10, 100, 200, 500)


def probe(clients: int, throughput: float, **changes: object) -> ProbeResult:
    """One probe that agrees with Little's law."""
    return result(
        concurrency=clients,
        throughput=throughput,
        requests=int(throughput * 2),
        good=int(throughput * 2),
        latency=latency(clients / throughput),
        server_cores=0.8,
        **changes,
    )


def target(name: str, throughputs: tuple[float, ...], **changes: object) -> TargetReport:
    """A target with two probes at each step, 1 % apart."""
    steps = [
        step_report(str(clients), [probe(clients, rate), probe(clients, rate * 1.01)])
        for clients, rate in zip(CLIENTS, throughputs, strict=False)
    ]
    fields: dict[str, object] = {
        "name": name,
        "url": "http://127.0.0.1:8080",
        "host": "shop.example",
        "requests": ("GET /hello.txt",),
        "steps": tuple(steps),
        "scaling": target_scaling(steps),
        "checks": worst_checks(steps),
        **changes,
    }
    return TargetReport.model_validate(fields)


def failing(name: str) -> TargetReport:
    """A target whose highest step fails and is doubted."""
    check = Check(
        name="listen-queue",
        effect="invalid",
        message="the listen queue overflowed (ListenOverflows 7)",
        advice="raise ListenBacklog",
    )
    bad = probe(500, 300.0, errors={"timeout": 400}, checks=(check,)).model_copy(
        update={"good": 300, "requests": 700}
    )
    whole = target(name, (100.0, 900.0, 1000.0, 1005.0))
    steps = (*whole.steps, step_report("500", [bad]))
    return whole.model_copy(
        update={
            "steps": steps,
            "scaling": target_scaling(steps),
            "checks": worst_checks(steps),
            "stopped": "57% of the requests failed at 500",
        }
    )


TRAFFIC = LearnedTraffic(
    file="access.log",
    format="%h",
    lines=1200,
    unreadable=3,
    excluded={"method POST": 40, "may hold a token": 2},
    shares=(Share(method="GET", path="/", count=900), Share(method="GET", path="/a", count=200)),
    remainder_requests=55,
    remainder_paths=31,
    period_seconds=600.0,
    mean_rate=2.0,
    peak_rate=40,
    busiest_minute_rate=11.5,
    peak_concurrency=6.25,
    duration_source="%D",
)


def ladder(*targets: TargetReport, **changes: object) -> LadderReport:
    """A whole report."""
    fields: dict[str, object] = {
        "tuner": "0.0.0",
        "started_at": "2026-11-23T10:00:00Z",
        "engine": "native",
        "mode": "closed",
        "keep_alive": True,
        "repeat": 2,
        "duration_seconds": 2.0,
        "targets": targets,
        "preflight": (
            Preflight(
                name="ports",
                verdict="tight",
                message="500 local ports are needed at once of 600",
                advice="sysctl net.ipv4.ip_local_port_range='1024 65535'",
            ),
            Preflight(name="descriptors", verdict="enough", message="564 of 20000"),
        ),
        "is_local": True,
        "cores": 2,
        "elapsed_seconds": 60.0,
        **changes,
    }
    return LadderReport.model_validate(fields)


BOTH = ladder(
    target("hello.txt", (900.0, 5000.0, 8000.0, 8050.0, 7900.0)),
    failing("em|bed<b>ded\x1b[31m"),
    traffic=TRAFFIC,
    stopped="",
)
