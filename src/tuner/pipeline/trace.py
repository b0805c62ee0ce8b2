"""show --directive: every place of one directive, which of them wins, why others do not."""

import difflib
from collections.abc import Iterator
from typing import Literal

from tuner.apache.directives import known_directives
from tuner.apache.effective.daemon_options import OPTIONS
from tuner.apache.effective.daemons import daemon_groups
from tuner.apache.effective.hosts import HostSetting, in_each_host
from tuner.apache.effective.mpm import Clamp, MpmSettings, mpm_settings
from tuner.apache.effective.precedence import (
    is_server_only,
    is_single,
    missing_module,
    overridden,
)
from tuner.apache.effective.values import Model, Setting, names_of
from tuner.apache.read import ReadRequest, read
from tuner.apache.reading.files import FileTree
from tuner.apache.secrets import Secrets, secrets_of
from tuner.apache.syntax.lines import LineTooLongError, logical_lines
from tuner.apache.syntax.words import decode, next_word
from tuner.apache.tree import Configuration, Directive
from tuner.errors import UsageError
from tuner.pipeline.show import ErrorRecord

Verdict = Literal[
    "in force", "one of several", "executed", "overridden", "inactive", "refused", "not read"
]

MAX_UNREAD_FILES = 2000
"""So many files beside the configuration are searched at most."""

MAX_UNREAD_BYTES = 2**20


class Place(Model):
    """One occurrence and what becomes of it."""

    name: str
    args: str
    file: str
    line: int
    context: str
    verdict: Verdict
    because: str | None


class HostValue(Model):
    """What one host has in force."""

    host: str
    setting: HostSetting


class Trace(Model):
    """Everything about one directive in one configuration."""

    schema_version: Literal[1]
    directive: str
    other_names: tuple[str, ...]
    """Older names that set the same value."""
    value: str | None
    """In force at server level; None: not set there, or not a single value."""
    effective: int | None
    """What the MPM runs with after its corrections."""
    clamps: tuple[Clamp, ...]
    places: tuple[Place, ...]
    hosts: tuple[HostValue, ...]
    errors: tuple[ErrorRecord, ...]

    @property
    def is_refused(self) -> bool:
        """Whether httpd would refuse to start."""
        return any(one.fatal for one in self.errors)


def trace(request: ReadRequest, name: str) -> Trace:
    """Read a configuration and follow one directive, or one option of WSGIDaemonProcess.

    Raises:
        TunerError: the configuration cannot be found, or nobody knows the directive.
    """
    return trace_of(read(request), name)


def trace_of(configuration: Configuration, name: str) -> Trace:
    """Follow one directive in a configuration that was read.

    Raises:
        UsageError: nobody knows the directive.
    """
    secrets = secrets_of(configuration)
    errors = tuple(
        ErrorRecord(message=secrets.redact(one.message), file=one.file, line=one.line, fatal=True)
        for one in configuration.fatal_errors
    )
    if name in OPTIONS:
        return Trace(
            schema_version=1,
            directive=f"{name} of WSGIDaemonProcess",
            other_names=(),
            value=None,
            effective=None,
            clamps=(),
            places=tuple(_option_places(configuration, name, secrets)),
            hosts=(),
            errors=errors,
        )
    names = names_of(name)
    keys = {one.lower() for one in names} | {f"<{one.lower()}" for one in names}
    found = [one for one in configuration.directives if one.key in keys]
    shown = _canonical(name, names, found)
    mpm = mpm_settings(configuration)
    setting = _mpm_setting(mpm, names)
    clamps = tuple(one for one in (mpm.clamps if mpm else ()) if one.directive in names)
    follower = _Follower(configuration, secrets, shown, setting, clamps)
    return Trace(
        schema_version=1,
        directive=shown,
        other_names=tuple(one for one in names if one.lower() != shown.lower()),
        value=follower.server_value(),
        effective=setting.effective if setting else None,
        clamps=clamps,
        places=(
            *(follower.place(one) for one in found),
            *_unread_places(configuration, keys, secrets),
        ),
        hosts=tuple(follower.hosts()),
        errors=errors,
    )


def _canonical(name: str, names: tuple[str, ...], found: list[Directive]) -> str:
    """Return the directive's name as httpd writes it."""
    for key in (names[0].lower(), f"<{names[0].lower()}"):
        if kinds := known_directives().get(key):
            return kinds[0].name.removeprefix("<")
    if found:
        return found[0].name.removeprefix("<")
    known = {
        kind.name.lower().removeprefix("<"): kind.name.removeprefix("<")
        for kinds in known_directives().values()
        for kind in kinds
    }
    choices = [*known, *OPTIONS]
    near = difflib.get_close_matches(name.lower(), choices, n=1)
    hint = f"did you mean {known.get(near[0], near[0])}?" if near else "see --directive"
    raise UsageError(f"{name} is no directive of httpd or mod_wsgi and stands nowhere", hint=hint)


def _mpm_setting(mpm: MpmSettings | None, names: tuple[str, ...]) -> Setting | None:
    if mpm is None:
        return None
    values = (getattr(mpm, field) for field in MpmSettings.model_fields)
    return next((one for one in values if isinstance(one, Setting) and one.name in names), None)


class _Follower:
    """Says of one directive's occurrences what becomes of them."""

    def __init__(
        self,
        configuration: Configuration,
        secrets: Secrets,
        name: str,
        setting: Setting | None,
        clamps: tuple[Clamp, ...],
    ) -> None:
        self._configuration = configuration
        self._secrets = secrets
        self._name = name
        self._setting = setting
        self._clamps = clamps
        self._replaced = overridden(configuration)
        is_per_host = is_single(name.lower()) and not is_server_only(name.lower())
        self._in_hosts = list(in_each_host(configuration, name)) if is_per_host else []
        self._void = {
            id(host) for host, setting in self._in_hosts if host and setting.origin != "host"
        }

    def place(self, one: Directive) -> Place:
        verdict, because = self._judge(one)
        notes = [because] if because else []
        if one.name.lstrip("<").lower() != self._name.lower():
            notes.append(f"{one.name} is an older name of {self._name}: they share one value")
        if verdict == "in force" and one.section is None:
            notes += [
                f"httpd runs with {clamp.effective} instead of {clamp.configured} "
                f"({clamp.code or 'it says nothing'}): {clamp.because}"
                for clamp in self._clamps
            ]
        return Place(
            name=one.name,
            args=self._secrets.redact_args(one.name, one.args),
            file=one.file,
            line=one.line,
            context=self._secrets.redact(one.context),
            verdict=verdict,
            because=self._secrets.redact("; ".join(notes)) or None,
        )

    def _judge(self, one: Directive) -> tuple[Verdict, str | None]:
        if not one.active:
            return "inactive", one.reason
        if one.reason and one.reason.startswith("httpd refuses"):
            return "refused", one.reason
        if one.phase == "read":
            return "executed", one.reason or "while httpd reads, in the order of the files"
        if missing := missing_module(self._configuration, one.key):
            return "refused", f"Invalid command: {missing.source} is not loaded"
        if one.virtual_host is not None and is_server_only(one.key):
            return "refused", f"{one.name} cannot occur within <VirtualHost>"
        if winner := self._replaced.get(id(one)):
            args = self._secrets.redact_args(winner.name, winner.args)
            return "overridden", f"by {winner.name} {args} at {winner.location}"
        if not is_single(one.key):
            is_known = one.key in known_directives()
            return "one of several", None if is_known else "tuner does not know this directive"
        if one.section is None:
            return "in force", None
        if id(one.section) in self._void:
            return "overridden", "a zero counts as not set here: the server's value holds"
        return "in force", f"only in {one.context}"

    def server_value(self) -> str | None:
        if self._setting is not None:
            return self._setting.configured
        found = self._configuration.standing_in(None, *names_of(self._name))
        if not found or not is_single(found[-1].key):
            return None
        return self._secrets.redact_args(found[-1].name, found[-1].args)

    def hosts(self) -> Iterator[HostValue]:
        """Yield the value in every host, where hosts may have values of their own."""
        for host, setting in self._in_hosts:
            value = self._secrets.redact(setting.value)
            label = "main server" if host is None else self._secrets.redact(host.label)
            yield HostValue(
                host=label if host is None else f"{label} at {host.location}",
                setting=setting.model_copy(update={"value": value}),
            )


def _option_places(configuration: Configuration, name: str, secrets: Secrets) -> Iterator[Place]:
    groups = {str(one.location): one for one in daemon_groups(configuration)}
    option = OPTIONS[name]
    for one in configuration.directives:
        if one.key != "wsgidaemonprocess":
            continue
        group = groups.get(one.location)
        verdict: Verdict = "in force"
        because = None
        if not one.active or group is None:
            verdict, because = "inactive", one.reason
            args = secrets.redact_args(one.name, one.args)
        elif group.errors:
            verdict, because = "refused", "; ".join(group.errors)
            args = secrets.redact_args(one.name, one.args)
        else:
            written = group.options.get(name)
            value = group.number(name) if option.default is not None else written
            args = f"{group.name} {name}={written if written is not None else value}"
            if written is None:
                because = "not written: mod_wsgi's default" if value is not None else "not written"
            elif option.default is not None and str(value) != written:
                because = f"mod_wsgi reads {value}"
            if option.default is not None and value == 0 and option.zero != "0":
                because = "; ".join(filter(None, (because, f"0 means: {option.zero}")))
        yield Place(
            name=one.name,
            args=secrets.redact(args),
            file=one.file,
            line=one.line,
            context=one.context,
            verdict=verdict,
            because=because,
        )


def _unread_places(
    configuration: Configuration, keys: set[str], secrets: Secrets
) -> Iterator[Place]:
    """Yield occurrences in files that lie beside the configuration and that nothing includes."""
    files = FileTree(configuration.root)
    read_already = {source.real for source in configuration.sources}
    for path in _candidates(files, configuration.server_root):
        try:
            if files.real_path(path) in read_already or files.kind(path) != "file":
                continue
            lines = list(logical_lines(files.read(path)[:MAX_UNREAD_BYTES]))
        except (OSError, LineTooLongError):
            continue
        for line in lines:
            name, rest = next_word(line.text)
            if decode(name).lower().rstrip(">") in keys:
                yield Place(
                    name=decode(name),
                    args=secrets.redact_args(decode(name), decode(rest)),
                    file=path,
                    line=line.last,
                    context="unknown",
                    verdict="not read",
                    because="no Include reads this file",
                )


def _candidates(files: FileTree, server_root: str) -> Iterator[str]:
    """Yield files in the directories where distributions keep what may be included."""
    number = 0
    for directory in ("conf-available", "mods-available", "sites-available", "conf.d", "vhosts.d"):
        try:
            entries = files.entries(f"{server_root}/{directory}")
        except OSError:
            continue
        for name, is_directory in entries:
            number += 1
            if number > MAX_UNREAD_FILES:
                return
            if not is_directory:
                yield f"{server_root}/{directory}/{name}"
