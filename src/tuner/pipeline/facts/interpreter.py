"""Facts about Python inside Apache: versions, homes, locale, what is installed."""

import re
from collections import defaultdict

from tuner.apache.effective.applications import GLOBAL
from tuner.apache.effective.daemons import DaemonGroup
from tuner.apache.effective.values import text
from tuner.apache.reading.files import FileTree
from tuner.apache.tree import Configuration
from tuner.apache.versions import wsgi_python_version
from tuner.fact import Fact, Known, Unknown
from tuner.pipeline.facts.origin import Table, of_flag
from tuner.pipeline.views import Views
from tuner.rules.expression.nodes import Scalar

_MAIN_INTERPRETER_ONLY = (
    "numpy",
    "scipy",
    "pandas",
    "torch",
    "tensorflow",
    "lxml",
    "grpc",
    "cryptography",
    "bcrypt",
    "pydantic_core",
    "orjson",
)
"""Packages with C or Rust code that fails or blocks in a sub interpreter
(application-issues.rst; PyO3 initialises once for each process)."""

_MAX_SCRIPT_BYTES = 256 * 1024


def interpreter_facts(configuration: Configuration, views: Views) -> Table:
    """Return what is known about Python for the server as a whole."""
    version = wsgi_python_version(configuration)
    shown: Fact[Scalar]
    minor: Fact[Scalar]
    if isinstance(version, Known):
        shown = Known(version.value, version.origin, version.source)
        minor = Known(int(version.value.partition(".")[2]), "measured", version.source)
    else:
        shown = minor = version
    homes = [
        name
        for name in ("WSGIPythonHome", "WSGIPythonPath")
        if text(configuration, name) is not None
    ]
    environment = configuration.options.environment
    language = environment.get("LC_ALL") or environment.get("LANG")
    arenas = environment.get("MALLOC_ARENA_MAX", "")
    return {
        "python.version": shown,
        "python.minor": minor,
        "python.global_settings": Known(tuple(homes), "configuration"),
        "python.destroys_interpreter": of_flag(configuration, "WSGIDestroyInterpreter", True),
        "python.reloads_scripts": of_flag(configuration, "WSGIScriptReloading", True),
        "python.language": (
            Known(language, "configuration", "httpd's environment")
            if language
            else Unknown("the environment of httpd is not known")
        ),
        "python.arena_limit": Known(
            int(arenas) if arenas.isdigit() else 0, "configuration", "httpd's environment"
        ),
        "recommended.application_group": _application_group(configuration, views),
    }


def _application_group(configuration: Configuration, views: Views) -> Fact[Scalar]:
    """Return ``%{GLOBAL}`` where one line at server level makes it safe for every application."""
    scripts: dict[str, set[str]] = defaultdict(set)
    for one in views.applications:
        scripts[one.process_group].add(one.script)
    for group, found in scripts.items():
        if len(found) > 1:
            return Unknown(f"process group {group} runs {len(found)} different scripts")
    named = configuration.named("WSGIApplicationGroup")
    aliases = configuration.named("WSGIScriptAlias", "WSGIScriptAliasMatch")
    if any(one.section is not None for one in named) or any(
        word.startswith("application-group=") for one in aliases for word in one.words
    ):
        return Unknown("application groups are set in more than one place")
    return Known(GLOBAL, "derived", "every process group runs one script")


def python_home_facts(group: DaemonGroup, views: Views, configuration: Configuration) -> Table:
    """Return the Python home of a group, whether it is there, and what its scripts are."""
    files = FileTree(configuration.root)
    scripts = [one.script for one in views.applications if one.process_group == group.name]
    contents = [content for path in scripts if (content := _script(files, path)) is not None]
    django: Fact[Scalar] = Known(any("django" in one for one in contents), "measured", "scripts")
    if not contents:
        django = Unknown("the scripts of the group cannot be read here")
    home = group.options.get("python-home") or text(configuration, "WSGIPythonHome")
    if home is None:
        return {
            "group.has_django": django,
            "group.python_home": Known("", "default", "not set"),
            "group.is_python_home_there": Known(True, "default", "the Python of the system"),
            "group.python_home_version": Unknown("there is no python-home"),
        }
    version = _version_in(files, home)
    there: Fact[Scalar] = Known(True, "measured", home)
    if not _holds_python(files, home):
        there = Known(False, "measured", home)
        if not contents:
            there = Unknown("neither python-home nor the scripts are on this machine")
    return {
        "group.has_django": django,
        "group.python_home": Known(home, "configuration", "python-home or WSGIPythonHome"),
        "group.is_python_home_there": there,
        "group.python_home_version": (
            Known(version, "measured", home) if version else Unknown(f"{home} names no version")
        ),
    }


def extensions_in(home: str | None, configuration: Configuration) -> Fact[Scalar]:
    """Return the packages of a virtual environment that want the main interpreter."""
    if home is None:
        return Unknown("there is no python-home to look into")
    files = FileTree(configuration.root)
    found: list[str] = []
    libraries = _python_libraries(files, home)
    if not libraries:
        return Unknown(f"{home} has no packages here")
    for library in libraries:
        try:
            names = {name for name, _ in files.entries(f"{library}/site-packages")}
        except OSError:
            return Unknown(f"{library}/site-packages cannot be read")
        found += [name for name in _MAIN_INTERPRETER_ONLY if name in names]
    return Known(tuple(dict.fromkeys(found)), "measured", f"site-packages of {home}")


def _script(files: FileTree, path: str) -> str | None:
    try:
        return files.read(path)[:_MAX_SCRIPT_BYTES].decode("utf-8", "replace")
    except OSError:
        return None


def _python_libraries(files: FileTree, home: str) -> list[str]:
    try:
        names = [name for name, _ in files.entries(f"{home}/lib")]
    except OSError:
        return []
    return [f"{home}/lib/{name}" for name in names if re.fullmatch(r"python3\.\d+", name)]


def _holds_python(files: FileTree, home: str) -> bool:
    return files.kind(f"{home}/pyvenv.cfg") == "file" or bool(_python_libraries(files, home))


def _version_in(files: FileTree, home: str) -> str | None:
    """Return the version in ``pyvenv.cfg``, else of the only ``lib/pythonX.Y``."""
    try:
        lines = files.read(f"{home}/pyvenv.cfg").decode("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        match = re.match(r"version(?:_info)?\s*=\s*(\d+\.\d+)", line)
        if match:
            return match[1]
    libraries = _python_libraries(files, home)
    return libraries[0].rpartition("/python")[2] if len(libraries) == 1 else None
