"""Facts about one directive where it stands."""

import ipaddress
import re
from collections import ChainMap
from collections.abc import Callable
from functools import cache

from tuner.apache.effective.access import Restrictions
from tuner.apache.effective.values import location_of
from tuner.apache.syntax.words import atoi
from tuner.apache.tree import Configuration, Directive
from tuner.fact import Fact, Known, Unknown
from tuner.pipeline.facts.content import Content
from tuner.pipeline.facts.origin import Table
from tuner.rules.expression.nodes import Scalar
from tuner.rules.facts import Subject

_ADDITIVE = frozenset({"require", "allow", "deny"})
"""Directives of which every one counts, not only the last of a section."""

_NUMBER = re.compile(r"\s*[+-]?\d+")


def occurrence_subjects(
    configuration: Configuration, content: Content, server: Table
) -> Callable[[str], tuple[Subject, ...]]:
    """Return what gives, for a directive's name, every place where it is in force."""

    @cache
    def restrictions() -> Restrictions:
        return Restrictions(configuration)

    @cache
    def subjects(name: str) -> tuple[Subject, ...]:
        return tuple(
            Subject(
                f"{one.name} in {one.context}",
                ChainMap(_facts(content, restrictions(), one), server),
                location_of(one),
                occurrence=one.name,
            )
            for one in _in_force(configuration, name)
        )

    return subjects


def _in_force(configuration: Configuration, name: str) -> list[Directive]:
    found = configuration.named(name)
    if name.lower() in _ADDITIVE:
        return list(found)
    last = {id(one.section): one for one in found}
    return list(last.values())


def _facts(content: Content, restrictions: Restrictions, one: Directive) -> Table:
    where = f"{one.name} at {one.location}"
    words = one.words
    first = words[0] if words else ""
    facts: dict[str, Fact[Scalar]] = {
        "here.name": Known(one.name, "configuration", where),
        "here.key": Known(one.key, "configuration", where),
        "here.text": Known(one.args.strip(), "configuration", where),
        "here.value": Known(first.lower(), "configuration", where),
        "here.words": Known(tuple(word.lower() for word in words), "configuration", where),
        "here.context": Known(one.context, "configuration", where),
        "here.section": Known(
            one.section.key.strip("<").removesuffix("match") if one.section else "server",
            "configuration",
            where,
        ),
        "here.covers_documents": Known(content.covers_documents(one), "derived", where),
        "here.on_network": content.on_network(one),
        "here.host_names": Known(_host_names(one), "configuration", where),
        "here.is_restricted": Known(restrictions.restrict(one), "derived", where),
    }
    no_number = Unknown(f"{first!r} at {one.location} is no number")
    is_number = bool(_NUMBER.match(first))
    for name in ("here.number", "here.bytes"):
        facts[name] = Known(atoi(first), "configuration", where) if is_number else no_number
    seconds = atoi(first) / 1000 if first.lower().endswith("ms") else atoi(first)
    facts["here.seconds"] = Known(seconds, "configuration", where) if is_number else no_number
    return facts


def _host_names(one: Directive) -> tuple[str, ...]:
    """Return what a client's name is compared with: it takes a DNS lookup to know it."""
    words = [word for word in one.words if word.lower() != "not"]
    if one.key == "require":
        return tuple(words[1:]) if words[:1] and words[0].lower() == "host" else ()
    if one.key in ("allow", "deny") and words[:1] and words[0].lower() == "from":
        return tuple(word for word in words[1:] if not _is_address(word))
    return ()


def _is_address(word: str) -> bool:
    """Tell whether ``Allow from`` takes a word without DNS: all, env=, an address or a part."""
    if word.lower() == "all" or word.lower().startswith("env="):
        return True
    if re.fullmatch(r"\d{1,3}(\.\d{1,3}){0,3}\.?", word):
        return True
    try:
        ipaddress.ip_network(word, strict=False)
    except ValueError:
        return False
    return True
