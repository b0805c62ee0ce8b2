"""Facts about connections to the front."""

from tuner.apache.effective.values import in_force, number
from tuner.apache.tree import Configuration
from tuner.fact import Fact, Known, Unknown
from tuner.host.sockets import established_connections
from tuner.pipeline.facts.origin import Table
from tuner.pipeline.observe import Observation
from tuner.rules.expression.nodes import Scalar

_DEFAULT_MAX_MEM_FREE_KB = 2048


def connection_facts(configuration: Configuration, observation: Observation) -> Table:
    """Return what the front does with connections, and how many there are now."""
    kept = number(configuration, "MaxMemFree", _DEFAULT_MAX_MEM_FREE_KB)
    ratio = number(configuration, "ListenCoresBucketsRatio", 0)
    return {
        "front.http2": Known(_speaks_http2(configuration), "configuration", "Protocols"),
        "front.is_http2_bounded": Known(
            in_force(configuration, "H2MaxWorkers") is not None, "configuration"
        ),
        "front.max_mem_free": Known(
            max(0, kept.parsed) * 1024, "default" if kept.is_default else "configuration"
        ),
        "front.bucket_ratio": Known(
            max(0, ratio.parsed), "default" if ratio.is_default else "configuration"
        ),
        "front.connections": _connections(observation.pid),
    }


def _speaks_http2(configuration: Configuration) -> bool:
    return configuration.has_module("http2_module") and any(
        word.lower() in ("h2", "h2c")
        for one in configuration.named("Protocols")
        for word in one.words
    )


def _connections(pid: int | None) -> Fact[Scalar]:
    if pid is None:
        return Unknown("no server is running here")
    count = established_connections(pid)
    if count is None:
        return Unknown("the sockets of the parent may not be seen")
    return Known(count, "measured", f"/proc/{pid}/net/tcp")
