"""Read a configuration: the one entry to this package for the rest of the program."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from tuner.apache.binary import Httpd
from tuner.apache.environment import parse_environment_file, parse_envvars
from tuner.apache.layouts import Layout, recognise
from tuner.apache.modules import symbol_of
from tuner.apache.reading.options import DEFAULT_VERSION, ReadOptions
from tuner.apache.reading.reader import read_configuration
from tuner.apache.tree import Configuration
from tuner.errors import ConfigurationNotFound, UsageError

_DEFAULT_PATHS = ("/etc/apache2", "/etc/httpd", "/usr/local/apache2")


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What the command line says about reading; every field has a working default."""

    path: Path | None = None
    root: Path | None = None
    defines: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    environment_files: tuple[Path, ...] = ()
    static_modules: tuple[str, ...] = ()
    httpd: Httpd | None = None


def read(request: ReadRequest) -> Configuration:
    """Find, recognise and read a configuration.

    Raises:
        ConfigurationNotFound: nothing is at the path, or no httpd is installed.
        UsageError: an environment file cannot be read.
    """
    layout = recognise(request.path or _default_path(request), request.root)
    options, assumptions = _options(request, layout)
    configuration = read_configuration(layout.main, options)
    return replace(
        configuration,
        layout=layout.name,
        assumptions=(*assumptions, *layout.notes),
    )


def _default_path(request: ReadRequest) -> Path:
    if request.httpd is not None and Path(request.httpd.server_root).is_dir():
        return Path(request.httpd.server_root)
    base = request.root or Path("/")
    for path in _DEFAULT_PATHS:
        if (base / path.lstrip("/")).is_dir():
            return Path(path)
    raise ConfigurationNotFound(
        "no Apache configuration found", hint=f"looked in {', '.join(_DEFAULT_PATHS)}; give PATH"
    )


def _options(request: ReadRequest, layout: Layout) -> tuple[ReadOptions, list[str]]:
    assumptions: list[str] = []
    version, suffix = DEFAULT_VERSION, ""
    if request.httpd is not None:
        version, suffix = request.httpd.version, request.httpd.version_suffix
    else:
        assumptions.append(f"httpd {'.'.join(map(str, version))} is assumed: no httpd here to ask")
    static = tuple(symbol_of(name) for name in request.static_modules) or layout.static_modules
    environment = dict(layout.environment)
    for path in request.environment_files:
        environment.update(_environment_file(path, environment))
    environment.update(request.environment)
    return (
        ReadOptions(
            server_root=layout.server_root,
            defines=(*layout.defines, *request.defines),
            before=(*layout.before, *request.before),
            after=(*layout.after, *request.after),
            environment=environment,
            static_modules=static,
            httpd_version=version,
            version_suffix=suffix,
            root=layout.root,
        ),
        assumptions,
    )


def _environment_file(path: Path, known: dict[str, str]) -> dict[str, str]:
    try:
        content = path.read_text("utf-8", "surrogateescape")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="given with --env-file") from error
    if "export " in content or "$" in content:
        return parse_envvars(content, known).variables
    return parse_environment_file(content).variables
