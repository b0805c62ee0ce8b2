"""What the start script or unit of a distribution gives to httpd, read from its files.

The scripts themselves are never executed. Every function takes the tree and gives
back environment, command line and static modules, with notes on what was assumed.
"""

import re
import shlex
from dataclasses import dataclass, field

from tuner.apache.environment import (
    DEBIAN_DEFAULTS,
    Environment,
    arguments_in,
    parse_environment_file,
    parse_envvars,
)
from tuner.apache.modules import MPMS, STATIC_MODULES
from tuner.apache.reading.files import FileTree
from tuner.apache.syntax.words import quote_word


@dataclass(slots=True)
class Startup:
    """What httpd gets beside its files."""

    environment: dict[str, str] = field(default_factory=dict)
    static_modules: tuple[str, ...] = STATIC_MODULES["upstream"]
    defines: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add_arguments(self, options: str) -> None:
        """Add the -D, -C and -c of a command line."""
        defines, before, after = arguments_in(options)
        self.defines += defines
        self.before += before
        self.after += after


def debian(files: FileTree, directory: str) -> Startup:
    """``envvars`` beside apache2.conf, which apache2ctl sources; APACHE_ARGUMENTS in it."""
    found = Startup(static_modules=STATIC_MODULES["debian"])
    text = _text(files, f"{directory}/envvars")
    if text is None:
        found.environment = dict(DEBIAN_DEFAULTS)
        found.notes.append("no envvars beside apache2.conf: Debian's defaults are assumed")
    else:
        unit = _unit(files, "apache2.service")
        parsed = parse_envvars(text, {"APACHE_CONFDIR": "/etc/apache2", **unit.variables})
        found.environment = parsed.variables
        found.notes += unit.skipped
        found.notes += [
            f"envvars {line} is not understood and was skipped" for line in parsed.skipped
        ]
    found.add_arguments(found.environment.get("APACHE_ARGUMENTS", ""))
    return found


def red_hat(files: FileTree, base: str) -> Startup:
    """``sysconfig/httpd`` below ``base`` (/etc) and the unit's Environment; $OPTIONS in them."""
    unit = _unit(files, "httpd.service")
    found = Startup(environment=unit.variables, notes=unit.skipped)
    text = _text(files, f"{base}/sysconfig/httpd")
    if text is not None:
        parsed = parse_environment_file(text)
        found.environment.update(parsed.variables)
        found.notes += [f"sysconfig/httpd {line} is not understood" for line in parsed.skipped]
    found.add_arguments(found.environment.get("OPTIONS", ""))
    return found


def suse(files: FileTree, directory: str, main: str) -> Startup:
    """Sysconfig/apache2 of openSUSE: the MPM compiled in, modules, -D flags.

    Its start script writes sysconfig.d/*.conf from it and passes them with -C and
    -c, unless the main file includes them itself.
    """
    found = Startup()
    base = directory.rpartition("/")[0]
    text = _text(files, f"{base}/sysconfig/apache2")
    variables = parse_envvars(text or "", {}).variables
    mpm = variables.get("APACHE_MPM") or "prefork"
    if f"mpm_{mpm}_module" in MPMS:
        found.static_modules = (*found.static_modules, f"mpm_{mpm}_module")
    if not variables.get("APACHE_MPM"):
        found.notes.append("no APACHE_MPM in sysconfig/apache2: openSUSE's prefork is assumed")
    found.defines += [
        flag.removeprefix("-D")
        for flag in variables.get("APACHE_SERVER_FLAGS", "").split()
        if flag != "-D"
    ]
    included = _text(files, main) or ""
    generated = f"{directory}/sysconfig.d"
    if files.kind(f"{generated}/loadmodule.conf") == "file":
        names = (("loadmodule", found.before), ("global", found.before), ("include", found.after))
        for name, directives in names:
            path = f"{generated}/{name}.conf"
            if files.kind(path) == "file" and f"sysconfig.d/{name}.conf" not in included:
                directives.append(f"Include {quote_word(path)}")
    elif modules := variables.get("APACHE_MODULES", "").split():
        found.before += [
            f"LoadModule {name.removeprefix('mod_')}_module /usr/lib64/apache2/mod_"
            f"{name.removeprefix('mod_')}.so"
            for name in modules
            if not name.startswith("/") and f"mpm_{name}_module" not in MPMS
        ]
        found.notes.append("modules are taken from APACHE_MODULES in sysconfig/apache2")
    return found


def gentoo(files: FileTree, base: str) -> Startup | None:
    """Gentoo's ``conf.d/apache2``: APACHE2_OPTS; None when there is no such file."""
    text = _text(files, f"{base}/conf.d/apache2")
    if text is None:
        return None
    found = Startup()
    found.add_arguments(parse_envvars(text, {}).variables.get("APACHE2_OPTS", ""))
    return found


def express(files: FileTree, directory: str) -> Startup:
    """mod_wsgi-express: its ``apachectl`` holds the -D flags that select whole blocks."""
    found = Startup()
    script = _text(files, f"{directory}/apachectl") or ""
    # What comes behind starts httpd; envvars is sourced just before it.
    settings = re.split(r"^(?:case|if test -f) ", script, maxsplit=1, flags=re.MULTILINE)[0]
    variables = parse_envvars(settings, {}).variables
    variables = parse_envvars(_text(files, f"{directory}/envvars") or "", variables).variables
    found.add_arguments(variables.pop("HTTPD_ARGS", ""))
    found.environment = variables
    return found


def is_express(files: FileTree, directory: str) -> bool:
    """Tell whether mod_wsgi-express has written the directory."""
    return all(
        files.kind(f"{directory}/{name}") == "file" for name in ("apachectl", "handler.wsgi")
    )


_UNIT_DIRECTORIES = ("/usr/lib/systemd/system", "/lib/systemd/system", "/etc/systemd/system")


def _unit(files: FileTree, name: str) -> Environment:
    """Return what a systemd unit and its drop-ins set: Environment= and EnvironmentFile=."""
    found = Environment({})
    for directory in _UNIT_DIRECTORIES:
        paths = [f"{directory}/{name}"]
        try:
            entries = files.entries(f"{directory}/{name}.d")
        except OSError:
            entries = []
        paths += [
            f"{directory}/{name}.d/{entry}" for entry, _ in entries if entry.endswith(".conf")
        ]
        for path in paths:
            _read_unit(files, path, found)
    return found


def _read_unit(files: FileTree, path: str, found: Environment) -> None:
    for line in (_text(files, path) or "").splitlines():
        key, _, value = line.strip().partition("=")
        if key == "Environment":
            try:
                words = shlex.split(value)
            except ValueError:
                found.skipped.append(f"{path}: {line.strip()} is not understood")
                continue
            pairs = (word.partition("=")[::2] for word in words if "=" in word)
            found.variables.update(pairs)
        elif key == "EnvironmentFile" and value.lstrip("-").startswith("/"):
            text = _text(files, value.lstrip("-"))
            if text is not None:
                found.variables.update(parse_environment_file(text).variables)


def _text(files: FileTree, path: str) -> str | None:
    try:
        return files.read(path).decode("utf-8", "surrogateescape")
    except OSError:
        return None
