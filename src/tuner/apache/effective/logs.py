"""Access logs: which files are written, and in which format (mod_log_config)."""

from tuner.apache.effective.values import Location, Model, location_of
from tuner.apache.tree import Configuration, Directive

COMMON = '%h %l %u %t "%r" %>s %b'
"""The format of a TransferLog, and of the nickname ``clf`` (mod_log_config.c)."""

_ESCAPES = {"\\n": "\n", "\\t": "\t"}


class AccessLog(Model):
    """One log file that httpd writes a line to for each request."""

    file: str
    """As written: a path, or ``|program``."""
    format: str
    location: Location

    @property
    def is_piped(self) -> bool:
        """Whether lines go to a program instead of a file."""
        return self.file.startswith("|")


def access_logs(configuration: Configuration) -> tuple[AccessLog, ...]:
    """Return every access log; a format that nothing defines is the directive's own text."""
    found = []
    for one in configuration.named("CustomLog", "TransferLog", "GlobalLog"):
        words = one.words
        if not words:
            continue
        wanted = words[1] if len(words) > 1 and one.key != "transferlog" else ""
        text = _format(configuration, wanted, one.virtual_host)
        found.append(AccessLog(file=words[0], format=text, location=location_of(one)))
    return tuple(found)


def named_format(configuration: Configuration, name: str) -> str | None:
    """Return the format with this nickname, of any virtual host; None when there is none."""
    found = [one.words for one in configuration.named("LogFormat")]
    return next((_unescaped(w[0]) for w in reversed(found) if w[1:2] == (name,)), None)


def _format(configuration: Configuration, wanted: str, host: Directive | None) -> str:
    """Return a format by nickname, or what ``wanted`` itself is; the host's own first.

    A LogFormat without a nickname sets the format of the TransferLogs.
    """
    formats = configuration.named("LogFormat")
    for around in (host, None) if host else (None,):
        for one in reversed([one for one in formats if one.virtual_host is around]):
            words = one.words
            if words and (words[1] if len(words) > 1 else "") == wanted:
                return _unescaped(words[0])
    return COMMON if wanted in ("", "clf") else _unescaped(wanted)


def _unescaped(text: str) -> str:
    for written, meant in _ESCAPES.items():
        text = text.replace(written, meant)
    return text
