"""From the options about traffic to the requests that probes send."""

from dataclasses import dataclass
from pathlib import Path

from tuner.apache.effective.logs import AccessLog, access_logs, named_format
from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration
from tuner.errors import UsageError
from tuner.probe.accesslog import WELL_KNOWN, LearnedTraffic, learn
from tuner.probe.manners import is_own_name
from tuner.probe.mix import cookie_header, parse_header, parse_methods, parse_requests
from tuner.probe.plan import Request


@dataclass(frozen=True, slots=True)
class TrafficRequest:
    """What the command line says about traffic."""

    paths: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    access_log: Path | None = None
    log_format: str | None = None
    """A format or the nickname of one; None: the configuration's, else the usual ones."""
    configuration: ReadRequest | None = None
    """Where LogFormat is defined."""
    top: int = 20
    allow_tokens: bool = False


@dataclass(frozen=True, slots=True)
class Traffic:
    """What probes send, and what a log says about the real thing."""

    paths: tuple[str, ...]
    """As ``--path`` writes them."""
    requests: tuple[Request, ...]
    """Empty: nothing was asked for, the path of the URL is meant."""
    headers: tuple[tuple[str, str], ...]
    host: str | None
    """The Host header, when it was given."""
    learned: LearnedTraffic | None

    @property
    def options(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """``--path`` and ``--header`` options that mean the same, Host left out."""
        return self.paths, tuple(f"{name}: {value}" for name, value in self.headers)


def find_traffic(request: TrafficRequest, host: str | None = None) -> Traffic:
    """Understand the options about traffic; reads the access log where one is given.

    ``host`` is the name in the URL: only its part of a log with virtual hosts counts.

    Raises:
        UsageError: they make no sense, or the log cannot be used.
    """
    if request.access_log is not None and request.paths:
        raise UsageError("--path and --access-log exclude each other")
    headers = tuple(parse_header(text) for text in request.headers)
    hosts = [value for name, value in headers if name.lower() == "host"]
    if len(hosts) > 1:
        raise UsageError("--header Host: there is one Host header")
    learned = learn_traffic(request, hosts[0] if hosts else host)
    paths = learned.options if learned else request.paths
    return Traffic(
        paths=tuple(paths),
        requests=parse_requests(paths, parse_methods(request.allow_methods)),
        headers=(
            *((name, value) for name, value in headers if name.lower() != "host"),
            *cookie_header(request.cookies),
        ),
        host=hosts[0] if hosts else None,
        learned=learned,
    )


def learn_traffic(request: TrafficRequest, host: str | None) -> LearnedTraffic | None:
    """Read the access log; None when none was given."""
    if host and is_own_name(host):
        host = None  # nobody else calls the site so
    if request.access_log is None:
        return None
    return learn(
        request.access_log,
        _formats(request, request.access_log),
        host=host.partition(":")[0] if host else None,
        top=request.top,
        allow_tokens=request.allow_tokens,
    )


def _formats(request: TrafficRequest, file: Path) -> tuple[str, ...]:
    configuration = read(request.configuration) if request.configuration else None
    wanted = request.log_format
    if wanted and "%" in wanted:
        return (wanted,)
    if configuration is None:
        if wanted:
            raise UsageError(
                f"--log-format {wanted}: a nickname is defined by a configuration",
                hint="give --apache PATH, or the format itself",
            )
        return WELL_KNOWN
    if wanted:
        found = named_format(configuration, wanted)
        if found is None:
            raise UsageError(f"--log-format {wanted}: {configuration.main} defines no such format")
        return (found,)
    logs = [one for one in access_logs(configuration) if not one.is_piped]
    same = [one.format for one in logs if is_same_log(one, file, configuration)]
    return tuple(same) or (*(one.format for one in logs), *WELL_KNOWN)


def is_same_log(log: AccessLog, file: Path, configuration: Configuration) -> bool:
    """Tell whether ``file`` is a log of the configuration, or a rotated part of it."""
    written = Path(configuration.server_root) / log.file
    inside = (configuration.root or Path("/")) / str(written).lstrip("/")
    if any(one.exists() and one.samefile(file) for one in (written, inside)):
        return True
    return file.name.startswith(written.name)
