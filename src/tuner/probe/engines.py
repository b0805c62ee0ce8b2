"""The load engines by name; each is one module with ``run(plan, guard) -> ProbeResult``."""

from collections.abc import Callable
from importlib import import_module

from tuner.errors import UsageError
from tuner.probe.guard import Guard
from tuner.probe.plan import ProbePlan
from tuner.probe.result import ProbeResult

Engine = Callable[[ProbePlan, Guard], ProbeResult]

_MODULES = {
    "auto": "tuner.probe.auto",
    "native": "tuner.probe.native",
    "httpx": "tuner.probe.httpx_engine",
    "ab": "tuner.probe.external.ab",
    "wrk": "tuner.probe.external.wrk",
    "h2load": "tuner.probe.external.h2load",
    "hey": "tuner.probe.external.hey",
    "k6": "tuner.probe.external.k6",
    "locust": "tuner.probe.locust_engine",
}

NAMES = tuple(_MODULES)


def engine(name: str) -> Engine:
    """Return an engine; its module is imported only now.

    Raises:
        UsageError: there is no such engine.
    """
    if name not in _MODULES:
        raise UsageError(f"no engine {name!r}", hint=f"there are {', '.join(_MODULES)}")
    run: Engine = import_module(_MODULES[name]).run
    return run
