"""Facts about single directives of the MPMs and of mod_wsgi: which have no effect, and why."""

from tuner.apache.directives import known_directives, names_by_source
from tuner.apache.effective.values import location_of, names_of
from tuner.apache.modules import MPMS, misnamed_module, source_of
from tuner.apache.syntax.words import is_number
from tuner.apache.tree import Configuration, Directive
from tuner.fact import Fact, Known
from tuner.pipeline.facts.origin import Table
from tuner.rules.expression.nodes import Scalar
from tuner.rules.facts import Subject

_MPM_SOURCES = frozenset(source_of(symbol) for symbol in MPMS)
_WHOLE_NUMBERS = frozenset(
    {
        "serverlimit",
        "threadlimit",
        "threadsperchild",
        "maxrequestworkers",
        "maxclients",
        "startservers",
        "minspareservers",
        "maxspareservers",
        "minsparethreads",
        "maxsparethreads",
        "maxconnectionsperchild",
        "maxrequestsperchild",
        "maxmemfree",
        "threadstacksize",
        "timeout",
        "maxkeepaliverequests",
    }
)
"""Read with C's atoi, which takes 0 for what is no number and does not complain."""

_MPM_ALSO = frozenset(
    {"maxconnectionsperchild", "maxrequestsperchild", "maxmemfree", "threadstacksize"}
)
"""Of every MPM, but defined in core.c (mpm_common.c)."""

_NOT_OF_ONE_VALUE = frozenset({"listen", "wsgidaemonprocess", "wsgiimportscript"})
_SERVER_ONLY_WSGI = frozenset(
    f"wsgi{name}"
    for name in (
        "acceptmutex",
        "casesensitivity",
        "destroyinterpreter",
        "dontwritebytecode",
        "lazyinitialization",
        "pythoneggs",
        "pythonhashseed",
        "pythonhome",
        "pythonoptimize",
        "pythonpath",
        "pythonwarnings",
        "restrictembedded",
        "restrictsignal",
        "restrictstdin",
        "restrictstdout",
        "servermetrics",
        "socketprefix",
        "socketrotation",
        "verbosedebugging",
    )
)
"""Refused inside any section (``httpd -t`` with mod_wsgi 4.9.4)."""


def directive_subjects(configuration: Configuration) -> tuple[Subject, ...]:
    """Return the directives worth a look: those of MPMs and mod_wsgi, and misnamed conditions."""
    mpm_names = _mpm_names()
    interesting = mpm_names | _WHOLE_NUMBERS
    loaded = frozenset(configuration.modules.values())
    found: list[Subject] = []
    for one in configuration.directives:
        misnamed = _misnamed(one, configuration)
        if one.key in interesting or one.key.startswith("wsgi") or misnamed:
            winner = _winner(one, configuration, mpm_names)
            facts = _facts(one, loaded, mpm_names, winner, misnamed)
            found.append(Subject(_label(one), facts, location_of(one), directive=one.name))
    return tuple(found)


def _label(directive: Directive) -> str:
    return f"{directive.label} at {directive.location}"


def _mpm_names() -> frozenset[str]:
    names = {name for source in _MPM_SOURCES for name in names_by_source().get(source, ())}
    return frozenset(names | _MPM_ALSO) - {"listen"}


def _facts(
    directive: Directive,
    loaded: frozenset[str],
    mpm_names: frozenset[str],
    winner: Directive | None,
    misnamed: str,
) -> Table:
    words, key = directive.words, directive.key
    value = words[0] if words else ""
    sources = {kind.source for kind in known_directives().get(key, ())}
    values: dict[str, Scalar] = {
        "name": directive.name,
        "key": key,
        "arguments": directive.args,
        "value": value,
        "context": directive.context,
        "is_active": directive.active,
        "reason": directive.reason or "",
        "is_server_only": key in mpm_names or key in _SERVER_ONLY_WSGI,
        "is_whole_number": is_number(value),
        "takes_whole_number": key in _WHOLE_NUMBERS,
        "is_foreign": bool(sources)
        and sources <= _MPM_SOURCES
        and bool(loaded & _MPM_SOURCES)
        and not sources & loaded,
        "is_overridden": winner is not None,
        "winner": f"{winner.label} at {winner.location}" if winner else "",
        "meant_module": misnamed,
    }
    where = f"at {directive.location}"
    return {f"directive.{name}": _known(value, where) for name, value in values.items()}


def _known(value: Scalar, where: str) -> Fact[Scalar]:
    return Known(value, "configuration", where)


def _winner(
    directive: Directive, configuration: Configuration, mpm_names: frozenset[str]
) -> Directive | None:
    """Return the last directive of the name, which makes this one void."""
    key = directive.key
    if not directive.active or directive.section is not None or key in _NOT_OF_ONE_VALUE:
        return None
    if key not in mpm_names and key not in _SERVER_ONLY_WSGI:
        return None
    same = [one for one in configuration.named(*names_of(key)) if one.section is None]
    return same[-1] if same and same[-1] is not directive else None


def _misnamed(directive: Directive, configuration: Configuration) -> str:
    """Return what a false <IfModule> means, where it names a loaded module wrongly."""
    if directive.key != "<ifmodule" or directive.reason is None or not directive.active:
        return ""
    word = (directive.words or ("",))[0]
    meant = None if word.startswith("!") else misnamed_module(word, configuration.modules)
    return f"{meant[0]} or {meant[1]}" if meant else ""
