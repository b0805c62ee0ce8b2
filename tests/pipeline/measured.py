"""Measurements as the recorder keeps them, made up."""

from collections.abc import Callable

from tests.search.surfaces import daemon_space
from tuner.capacity.settings import Settings
from tuner.host.profile import MemoryProfile, RoleMemory
from tuner.pipeline.measure import Measurement
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.probe.histogram import Latency
from tuner.probe.result import ClientLoad, ProbeResult

MB = 2**20

Make = Callable[..., Laboratory]
"""Makes a laboratory for the text of an application; see the fixture ``laboratory``."""


def measurement(
    throughput: float,
    *,
    settings: Settings | None = None,
    concurrency: int = 64,
    error_rate: float = 0.0,
    p99_seconds: float = 0.5,
    memory_bytes: int = 100 * MB,
) -> Measurement:
    """Return a probe of ten seconds."""
    requests = round(throughput * 10 / (1 - error_rate))
    latency = Latency(
        count=requests,
        mean_seconds=concurrency / throughput,
        p50_seconds=concurrency / throughput,
        p90_seconds=p99_seconds,
        p95_seconds=p99_seconds,
        p99_seconds=p99_seconds,
        p999_seconds=p99_seconds,
        max_seconds=p99_seconds,
    )
    return Measurement(
        settings=settings or daemon_space().today,
        probe=ProbeResult(
            engine="native",
            mode="closed",
            concurrency=concurrency,
            elapsed_seconds=10.0,
            discarded_seconds=1.0,
            requests=requests,
            good=round(throughput * 10),
            throughput=throughput,
            latency=latency,
            errors={"timeout": requests - round(throughput * 10)} if error_rate else {},
            body_bytes=0,
            keep_alive_races=0,
            client=ClientLoad(cpu_share=0.1),
        ),
        profile=MemoryProfile(roles=(_front(memory_bytes),), shared_bytes=0),
        server_cpu_seconds=1.0,
    )


def _front(memory_bytes: int) -> RoleMemory:
    return RoleMemory(
        role="front",
        group=None,
        processes=1,
        warm_processes=1,
        uss_high_bytes=memory_bytes,
        uss_median_bytes=memory_bytes,
        uss_max_bytes=memory_bytes,
        rss_max_bytes=memory_bytes,
        pss_sum_bytes=memory_bytes,
        metric="uss",
    )
