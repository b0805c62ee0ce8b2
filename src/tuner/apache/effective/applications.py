"""WSGI applications: which script runs in which process and application group."""

from typing import Literal

from tuner.apache.effective.daemons import daemon_groups
from tuner.apache.effective.values import Location, Model, location_of, occurrences
from tuner.apache.syntax.words import split_arguments
from tuner.apache.tree import Configuration, Directive

Mode = Literal["embedded", "daemon", "undefined", "variable"]
"""``undefined``: no such group; ``variable``: decided by ``%{ENV:...}`` at each request."""

ServerMode = Literal["none", "embedded", "daemon", "mixed", "unknown"]

GLOBAL = "%{GLOBAL}"
RESOURCE = "%{RESOURCE}"


class Application(Model):
    """One WSGIScriptAlias (or AliasMatch) with the groups it runs in."""

    mount: str
    is_pattern: bool = False
    """WSGIScriptAliasMatch: ``mount`` is a regular expression."""
    script: str
    mode: Mode
    process_group: str
    """``%{GLOBAL}`` is embedded mode: the front processes themselves."""
    application_group: str
    location: Location
    virtual_host: str | None = None
    is_preloaded: bool = False
    """Both groups stand on the alias, so that every process imports it at start."""


def applications(configuration: Configuration) -> tuple[Application, ...]:
    """Return every mounted WSGI application with its groups resolved."""
    groups = frozenset(group.name for group in daemon_groups(configuration))
    scopes = _Scopes(configuration)
    aliases = configuration.named("WSGIScriptAlias", "WSGIScriptAliasMatch")
    return tuple(_application(scopes, alias, groups) for alias in aliases)


def server_mode(found: tuple[Application, ...]) -> ServerMode:
    """Tell how the server as a whole runs its applications."""
    modes = {one.mode for one in found}
    if not modes:
        return "none"
    if modes == {"embedded"}:
        return "embedded"
    if "embedded" in modes:
        return "mixed"
    return "daemon" if "daemon" in modes else "unknown"


def _application(scopes: "_Scopes", alias: Directive, groups: frozenset[str]) -> Application:
    words = alias.words
    mount = words[0] if words else ""
    script = words[1] if len(words) > 1 else ""
    options = dict(word.partition("=")[::2] for word in words[2:] if "=" in word)
    process_group = options.get("process-group") or scopes.resolve(
        alias, "WSGIProcessGroup", mount, script
    )
    application_group = options.get("application-group") or scopes.resolve(
        alias, "WSGIApplicationGroup", mount, script
    )
    process_group = process_group or GLOBAL
    host = alias.virtual_host
    return Application(
        mount=mount,
        is_pattern=alias.key == "wsgiscriptaliasmatch",
        script=script,
        mode=_mode(process_group, groups),
        process_group=process_group,
        application_group=application_group or RESOURCE,
        location=location_of(alias),
        virtual_host=host.location if host else None,
        is_preloaded="process-group" in options and "application-group" in options,
    )


def _mode(process_group: str, groups: frozenset[str]) -> Mode:
    if process_group == GLOBAL:
        return "embedded"
    if process_group in groups:
        return "daemon"
    return "variable" if process_group.startswith("%{") else "undefined"


class _Scopes:
    """Finds the value that applies to a script: in sections, its virtual host, the server."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._in_sections: dict[tuple[str, str, int], list[Directive]] = {}
        for name in ("WSGIProcessGroup", "WSGIApplicationGroup"):
            for one in configuration.named(name):
                if one.section is not None:
                    place = (name, one.section.key, id(one.section.section))
                    self._in_sections.setdefault(place, []).append(one)

    def resolve(self, alias: Directive, name: str, mount: str, script: str) -> str | None:
        """Return the value in force: Location, Directory, virtual host, then server."""
        host = alias.virtual_host
        scopes = (None, host) if host else (None,)
        for section_key, path in (("<location", mount), ("<directory", script)):
            value = self._in_section(name, scopes, section_key, path)
            if value is not None:
                return value
        for scope in reversed(scopes):
            found = occurrences(self._configuration, name, scope)
            if found:
                return _first_word(found[-1])
        return None

    def _in_section(
        self, name: str, scopes: tuple[Directive | None, ...], key: str, path: str
    ) -> str | None:
        """Return the value set for ``path`` in sections of one kind.

        httpd puts the sections of a virtual host behind the server's; then the
        longest <Directory> wins, but simply the last <Location>.
        """
        best: tuple[int, str] | None = None
        for scope in scopes:
            for one in self._in_sections.get((name, key, id(scope)), ()):
                assert one.section is not None
                words = one.section.words
                prefix = words[0].rstrip("/") if words else ""
                if path == prefix or path.startswith(prefix + "/"):
                    value = _first_word(one)
                    rank = len(prefix) if key == "<directory" else 0
                    if value is not None and (best is None or rank >= best[0]):
                        best = (rank, value)
        return best[1] if best else None


def _first_word(directive: Directive) -> str | None:
    words = split_arguments(directive.args)
    return words[0] if words else None
