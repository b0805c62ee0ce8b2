"""Which sections let only some clients in: enough to tell a public status page."""

from tuner.apache.tree import Configuration, Directive

_OPEN_REQUIREMENTS = ("all granted", "method")


class Restrictions:
    """Where ``Require`` other than ``all granted``, or the older ``Deny``, stands.

    A section for the same path elsewhere counts too, for example a <Location />
    around everything.
    """

    def __init__(self, configuration: Configuration) -> None:
        holders = [
            holder
            for one in configuration.named("Require", "Deny")
            if _demands(one)
            for holder in one.sections
        ]
        self._sections = {id(one) for one in holders}
        self._paths = {(one.key, _paths(one)) for one in holders}
        self._is_everywhere = ("<location", ("/",)) in self._paths

    def restrict(self, directive: Directive) -> bool:
        """Tell whether the section around ``directive`` demands something of clients."""
        section = directive.section
        if section is None:
            return False
        return (
            self._is_everywhere
            or (section.key, _paths(section)) in self._paths
            or any(
                id(one) in self._sections for one in directive.sections if one.key != "<virtualhost"
            )
        )


def _demands(one: Directive) -> bool:
    words = " ".join(one.words).lower()
    if one.key == "deny":
        return True
    return not words.startswith(_OPEN_REQUIREMENTS)


def _paths(section: Directive) -> tuple[str, ...]:
    return tuple(word.rstrip("/") or "/" for word in section.words)
