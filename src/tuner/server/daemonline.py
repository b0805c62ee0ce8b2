"""WSGIDaemonProcess lines for a private copy."""

from collections.abc import Callable

from tuner.apache.effective.daemons import parse_daemon_group
from tuner.apache.syntax.words import quote_word
from tuner.apache.tree import Directive
from tuner.capacity.settings import GroupSettings

_PATHS = frozenset({"home", "python-home", "python-eggs"})
_PATH_LISTS = frozenset({"python-path"})
_ROOT_ONLY = frozenset({"user", "group", "supplementary-groups", "chroot", "socket-user"})
_LEFT_OUT = frozenset({"server-metrics"})


def daemon_line(
    directive: Directive,
    size: GroupSettings | None,
    inside: Callable[[str], str],
    *,
    as_root: bool,
) -> str:
    """Return the line with the wanted size and with paths that exist here.

    mod_wsgi ignores user= and group= when it is not started as root, but
    daemons then fail to enter the home of a user they are not.
    """
    group = parse_daemon_group(directive)
    options = dict(group.options)
    if size is not None:
        options["processes"] = str(size.processes)
        options["threads"] = str(size.threads)
    words = [quote_word(group.name)]
    for name, value in options.items():
        if name in _LEFT_OUT or (name in _ROOT_ONLY and not as_root):
            continue
        if name in _PATHS:
            value = inside(value)
        elif name in _PATH_LISTS:
            value = ":".join(inside(one) for one in value.split(":"))
        words.append(f"{name}={quote_word(value)}")
    return f"WSGIDaemonProcess {' '.join(words)}"
