"""show: the configuration as httpd sees it, as one document without secrets."""

from typing import Literal

from pydantic import Field

from tuner.apache.effective.applications import Application, ServerMode, server_mode
from tuner.apache.effective.daemon_options import OPTIONS
from tuner.apache.effective.daemons import DaemonGroup
from tuner.apache.effective.hosts import Host, hosts
from tuner.apache.effective.mpm import MpmSettings
from tuner.apache.effective.precedence import overridden
from tuner.apache.effective.values import Location, Model
from tuner.apache.read import ReadRequest, read
from tuner.apache.secrets import Secrets, secrets_of
from tuner.apache.tree import Configuration, Directive, Phase
from tuner.pipeline.views import views_of


class MacroPlace(Model):
    """Where the line of a macro's text stands."""

    name: str
    file: str
    line: int


class DirectiveRecord(Model):
    """One directive."""

    name: str = Field(description="As httpd keeps it; a section begins with '<'.")
    args: str = Field(description="The arguments in httpd's tree, variables replaced.")
    file: str
    line: int = Field(description="The last physical line, which httpd reports.")
    line_first: int
    depth: int = Field(description="Sections around it, of those that httpd keeps.")
    phase: Phase = Field(
        description="tree: kept, executed after reading. read: executed while reading."
    )
    active: bool = Field(description="Whether httpd reads it; false inside a false condition.")
    reason: str | None = Field(
        description="Why it has no effect: inactive, refused, a false condition, or overridden."
    )
    context: str = Field(description="The sections around it; 'server' at the top level.")
    macro: MacroPlace | None = Field(description="For a line of a macro: where it is written.")


class ErrorRecord(Model):
    """What httpd says while it reads."""

    message: str
    file: str
    line: int
    fatal: bool = Field(description="Whether httpd refuses to start.")


class OptionRecord(Model):
    """One option of a daemon process group."""

    name: str
    configured: str | None = Field(description="As written; null when the default applies.")
    effective: int | str | None = Field(description="Null: that of the server or the system.")
    meaning: str | None = Field(description="What a zero stands for; where an option exists.")


class GroupRecord(Model):
    """One daemon process group with every option."""

    name: str
    processes: int
    threads: int
    virtual_host: str | None
    location: Location
    errors: tuple[str, ...]
    options: tuple[OptionRecord, ...]


class Effective(Model):
    """What httpd and mod_wsgi make of it."""

    main: str
    layout: str
    root: str | None
    server_root: str
    httpd_version: str
    assumptions: tuple[str, ...]
    modules: dict[str, str] = Field(description="Symbol and source file, in load order.")
    defines: tuple[str, ...]
    mpm: MpmSettings | None
    wsgi_mode: ServerMode
    daemon_groups: tuple[GroupRecord, ...]
    applications: tuple[Application, ...]
    hosts: tuple[Host, ...] = Field(description="The main server, then every virtual host.")


class ShowDocument(Model):
    """The configuration as httpd sees it; passwords, keys and tokens read '[redacted]'."""

    schema_version: Literal[1]
    directives: tuple[DirectiveRecord, ...] = Field(
        description="In httpd's order; those active with phase 'tree' are httpd's tree."
    )
    errors: tuple[ErrorRecord, ...]
    effective: Effective

    @property
    def is_refused(self) -> bool:
        """Whether httpd would refuse to start."""
        return any(one.fatal for one in self.errors)


def show(request: ReadRequest) -> ShowDocument:
    """Read a configuration and describe it.

    Raises:
        TunerError: it cannot be found.
    """
    return document_of(read(request))


def document_of(configuration: Configuration) -> ShowDocument:
    """Describe a configuration that was read."""
    secrets = secrets_of(configuration)
    replaced = overridden(configuration)
    return ShowDocument(
        schema_version=1,
        directives=tuple(
            _record(one, replaced.get(id(one)), secrets) for one in configuration.directives
        ),
        errors=tuple(
            ErrorRecord(
                message=secrets.redact(one.message), file=one.file, line=one.line, fatal=one.fatal
            )
            for one in configuration.errors
        ),
        effective=_effective(configuration, secrets),
    )


def _record(directive: Directive, winner: Directive | None, secrets: Secrets) -> DirectiveRecord:
    reason = directive.reason
    if winner is not None and reason is None:
        reason = f"overridden by {winner.name} at {winner.location}"
    return DirectiveRecord.model_construct(
        name=directive.name,
        args=secrets.redact_args(directive.name, directive.args),
        file=directive.file,
        line=directive.line,
        line_first=directive.line_first,
        depth=directive.depth,
        phase=directive.phase,
        active=directive.active,
        reason=None if reason is None else secrets.redact(reason),
        context=secrets.redact(directive.context),
        macro=_macro(directive),
    )


def _macro(directive: Directive) -> MacroPlace | None:
    use = directive.source.macro
    if use is None:
        return None
    lines = use.body_lines
    line = lines[directive.line - 1][1] if directive.line <= len(lines) else use.defined_line
    return MacroPlace(name=use.name, file=use.defined_in.path, line=line)


def _effective(configuration: Configuration, secrets: Secrets) -> Effective:
    views = views_of(configuration)
    options = configuration.options
    return Effective(
        main=configuration.main,
        layout=configuration.layout,
        root=str(configuration.root) if configuration.root else None,
        server_root=configuration.server_root,
        httpd_version=".".join(map(str, options.httpd_version)) + options.version_suffix,
        assumptions=tuple(secrets.redact(one) for one in configuration.assumptions),
        modules=configuration.modules,
        defines=tuple(secrets.redact(one) for one in configuration.defines),
        mpm=views.mpm,
        wsgi_mode=server_mode(views.applications),
        daemon_groups=tuple(_group(one, secrets) for one in views.groups),
        applications=views.applications,
        hosts=tuple(_host(one, secrets) for one in hosts(configuration)),
    )


def _host(host: Host, secrets: Secrets) -> Host:
    """Take secrets out of the settings: a log may be piped to a program with a token."""
    settings = tuple(
        one
        if (shown := secrets.redact(one.value)) == one.value
        else one.model_copy(update={"value": shown})
        for one in host.settings
    )
    return host if settings == host.settings else host.model_copy(update={"settings": settings})


def _group(group: DaemonGroup, secrets: Secrets) -> GroupRecord:
    return GroupRecord(
        name=group.name,
        processes=group.processes,
        threads=group.threads,
        virtual_host=group.virtual_host,
        location=group.location,
        errors=group.errors,
        options=tuple(_options(group, secrets)),
    )


def _options(group: DaemonGroup, secrets: Secrets) -> list[OptionRecord]:
    found: list[OptionRecord] = []
    for name, option in OPTIONS.items():
        written = group.options.get(name)
        if option.only is not None and written is None:
            continue
        configured = None if written is None else secrets.redact(written)
        effective = group.number(name) if option.default is not None else configured
        meaning = f"only in mod_wsgi {option.only}" if option.only else None
        if option.default is not None and effective == 0 and option.zero != "0":
            meaning = option.zero
        found.append(
            OptionRecord(name=name, configured=configured, effective=effective, meaning=meaning)
        )
    return found
