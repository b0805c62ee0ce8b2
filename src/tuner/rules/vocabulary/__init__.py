"""The names that rules may use: every fact with its kind and meaning, one module an area."""

from tuner.rules.vocabulary import (
    application,
    connections,
    content,
    directive,
    exposure,
    group,
    host,
    interpreter,
    kernel,
    logs,
    memory,
    mpm,
    occurrence,
    server,
    wsgi,
)
from tuner.rules.vocabulary.spec import FactSpec, Scope

SERVER_FACTS: dict[str, FactSpec] = {
    **mpm.FACTS,
    **server.FACTS,
    **wsgi.FACTS,
    **connections.FACTS,
    **interpreter.FACTS,
    **memory.FACTS,
    **host.FACTS,
    **content.FACTS,
    **exposure.FACTS,
    **kernel.FACTS,
    **logs.FACTS,
}

_OF_SCOPE: dict[Scope, dict[str, FactSpec]] = {
    "server": {},
    "group": group.FACTS,
    "application": application.FACTS,
    "directive": directive.FACTS,
    "occurrence": occurrence.FACTS,
}

__all__ = ["SERVER_FACTS", "FactSpec", "Scope", "facts_in"]


def facts_in(scope: Scope) -> dict[str, FactSpec]:
    """Return the facts that a rule of this scope may use."""
    return {**SERVER_FACTS, **_OF_SCOPE[scope]}
