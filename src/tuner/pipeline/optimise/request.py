"""What an optimisation is asked to do."""

from dataclasses import dataclass, field
from pathlib import Path

from tuner.apache.binary import Httpd
from tuner.apache.read import ReadRequest
from tuner.pipeline.observe import ObserveRequest
from tuner.search.trial import Objective


@dataclass(frozen=True, slots=True)
class OptimiseRequest:
    """What to optimise, for what, and within which limits."""

    read: ReadRequest
    httpd: Httpd | None
    host: str
    paths: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    objective: Objective = field(default_factory=Objective)
    concurrency: int = 64
    engine: str = "native"
    search: str = "guided"
    max_probes: int = 12
    time_limit_seconds: float = 240.0
    probe_seconds: float = 3.0
    rounds: int = 6
    observe: ObserveRequest = field(default_factory=ObserveRequest)
    consider_mpm: bool = False
    consider_daemon: bool = False
    shadow_port: int | None = None


def has_relative_paths(request: OptimiseRequest) -> bool:
    """Tell whether the request means something else from another directory."""
    read = request.read
    files = [one for one in (read.path, read.root) if one is not None]
    files += read.environment_files
    files += [Path(one.rpartition(" @")[2]) for one in request.paths if " @" in one]
    return any(not one.is_absolute() for one in files)
