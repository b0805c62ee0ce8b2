"""Whether a section lets only some clients in: enough to tell a public status page."""

from tuner.apache.tree import Configuration, Directive

_OPEN_REQUIREMENTS = ("all granted", "method")


def is_restricted(configuration: Configuration, directive: Directive) -> bool:
    """Tell whether the section around ``directive`` demands something of clients.

    ``Require`` other than ``all granted``, or the older ``Deny`` (mod_access_compat).
    A section for the same path elsewhere counts too, for example a <Location />
    around everything.
    """
    section = directive.section
    if section is None:
        return False
    around = {id(one) for one in directive.sections if one.key != "<virtualhost"}
    paths = _paths(section)
    for one in configuration.named("Require", "Deny"):
        holders = one.sections
        covers = any(
            id(holder) in around or (holder.key == section.key and _paths(holder) == paths)
            for holder in holders
        ) or any(holder.key == "<location" and _paths(holder) == ("/",) for holder in holders)
        if covers and _demands(one):
            return True
    return False


def _demands(one: Directive) -> bool:
    words = " ".join(one.words).lower()
    if one.key == "deny":
        return True
    return not words.startswith(_OPEN_REQUIREMENTS)


def _paths(section: Directive) -> tuple[str, ...]:
    return tuple(word.rstrip("/") or "/" for word in section.words)
