"""Which of several occurrences of one directive is in force, and why the others are not."""

from functools import cache

from tuner.apache.directives import DirectiveKind, known_directives
from tuner.apache.effective.values import names_of
from tuner.apache.tree import Configuration, Directive

_MANY = frozenset(
    {
        *("include", "includeoptional", "undefine", "undefmacro", "namevirtualhost"),
        *("substitute", "transferlog", "inputsed", "outputsed", "cachedisable"),
        *("sslcertificatefile", "sslcertificatekeyfile", "mdcertificatefile"),
        *("mdcertificatekeyfile", "dbdinitsql", "sessioninclude", "sessionexclude"),
        *("remoteipinternalproxylist", "remoteiptrustedproxylist"),
    }
)
"""Directives with one argument of which every occurrence counts."""

_SINGLE = frozenset(
    {
        *("accessfilename", "allowoverride", "sslprotocol", "suexecusergroup"),
        *("limitinternalrecursion", "rlimitcpu", "rlimitmem", "rlimitnproc", "authldapurl"),
    }
)
"""Directives with more arguments of which the last occurrence counts."""

_BY_FIRST_WORD = frozenset({"setenv", "errordocument"})
"""Tables: the last occurrence for each first argument counts."""

_MPM_SOURCES = frozenset({"event.c", "worker.c", "prefork.c"})
SERVER_ONLY = frozenset(
    {
        *("extendedstatus", "mutex", "servertokens", "chrootdir", "user", "group"),
        *("wsgiacceptmutex", "wsgicasesensitivity", "wsgidestroyinterpreter"),
        *("wsgidontwritebytecode", "wsgilazyinitialization", "wsgipythoneggs"),
        *("wsgipythonhashseed", "wsgipythonhome", "wsgipythonoptimize", "wsgipythonpath"),
        *("wsgipythonwarnings", "wsgirestrictembedded", "wsgirestrictsignal"),
        *("wsgirestrictstdin", "wsgirestrictstdout", "wsgiservermetrics", "wsgisocketprefix"),
        *("wsgisocketrotation", "wsgiverbosedebugging"),
    }
)
"""Refused inside <VirtualHost> (``GLOBAL_ONLY`` in http_config.h), beside those of the MPMs."""


@cache
def is_single(key: str) -> bool:
    """Tell whether a later occurrence of a directive replaces an earlier one."""
    if key in _MANY:
        return False
    kinds = known_directives().get(key, ())
    return key in _SINGLE or any(kind.arguments in ("FLAG", "TAKE1") for kind in kinds)


@cache
def is_server_only(key: str) -> bool:
    """Tell whether httpd refuses a directive inside a virtual host."""
    kinds = known_directives().get(key, ())
    return key in SERVER_ONLY or any(kind.source in _MPM_SOURCES for kind in kinds)


@cache
def _slot_name(key: str) -> str:
    return names_of(key)[0].lower()


def slot_of(directive: Directive) -> tuple[int, str, str] | None:
    """Return the place where httpd stores the value; None where it keeps them all."""
    key = directive.key
    if key in _BY_FIRST_WORD:
        words = directive.words
        return (id(directive.section), key, words[0]) if words else None
    return (id(directive.section), _slot_name(key), "") if is_single(key) else None


def overridden(configuration: Configuration) -> dict[int, Directive]:
    """Return, by ``id`` of a directive, the later one of its section that replaces it.

    Single values only: httpd executes directives in order, and the last one counts.
    """
    winners: dict[tuple[int, str, str], Directive] = {}
    replaced: dict[int, Directive] = {}
    for directive in reversed(list(configuration.tree)):
        slot = slot_of(directive)
        if slot is None:
            continue
        winner = winners.setdefault(slot, directive)
        if winner is not directive:
            replaced[id(directive)] = winner
    return replaced


def missing_module(configuration: Configuration, key: str) -> DirectiveKind | None:
    """Return what would define a directive that no loaded module knows, if anything does."""
    kinds = known_directives().get(key, ())
    if not kinds or any(configuration.has_module(kind.source) for kind in kinds):
        return None
    return kinds[0]
