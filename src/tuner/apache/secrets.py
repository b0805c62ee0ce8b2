"""Passwords, keys and tokens in a configuration: found, so that no report shows them.

A value is secret by the directive that takes it (AuthLDAPBindPassword), by the
name it is given to (``SetEnv DB_PASSWORD ...``, ``Define``, an environment
variable), or by its form (``scheme://user:password@host``, an Authorization
header). A long secret is hidden wherever else it stands, for example where a
macro was given it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from tuner.apache.syntax.words import split_arguments
from tuner.apache.tree import Configuration

REDACTED = "[redacted]"

_SECRET_DIRECTIVES = frozenset(
    {
        *("authldapbindpassword", "authformpassword", "authformsitepassphrase"),
        *("sessioncryptopassphrase", "sslsrpunknownuserseed", "oidcclientsecret"),
        *("oidccryptopassphrase", "oidcoauthclientsecret", "auth_openidcclientsecret"),
        *("mdexternalaccountbinding", "authbasicfake"),
    }
)
"""Directives whose arguments are the secret, whatever they are."""

_NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET_PARTS = frozenset(
    {
        *("pass", "pw", "pwd", "passphrase", "key", "keys", "apikey", "private", "salt", "dsn"),
        *("authorization", "credential", "credentials", "secrets", "tokens", "passwords"),
    }
)
_SECRET_ENDS = ("password", "passwd", "secret", "token")
"""Parts of names of variables, headers and parameters whose values are nobody's business."""

_NAMED = frozenset({"setenv", "define", "php_value", "php_admin_value", "perlsetvar", "perlsetenv"})
"""Directives that give the value of their second argument to the name in their first."""

_PAIR = re.compile(r"([A-Za-z_][\w.-]*)=(\"[^\"]*\"?|'[^']*'?|[^\s,;&\]\"']+)")
_URL = re.compile(r"(?<=://)([^\s/@:]*):([^\s/@]+)(?=@)")
_SCHEME = re.compile(r"\b(Basic|Bearer|Digest|Token)\s+([^\s\"']{6,})", re.IGNORECASE)
_PATH = re.compile(r"(?:/[\w.-]+){2,}/?")
"""Where a secret is kept is no secret."""

_HEADERS = frozenset({"header", "requestheader"})
_PATTERNS = frozenset(
    {"rewriterule", "rewritecond", "setenvif", "setenvifnocase", "redirectmatch", "aliasmatch"}
)
"""Directives whose first words are regular expressions, in which ``key=`` is text."""

_HARMLESS_PAIRS = frozenset({"pass-authorization", "keepalive", "key-type"})
_SHORTEST = 6
"""A shorter secret is hidden only where it is recognised, not everywhere else."""


class Secrets:
    """The secrets of one configuration; ``redact`` takes them out of any text."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        kept = sorted({one for one in values if len(one) >= _SHORTEST}, key=len, reverse=True)
        choices = "|".join(re.escape(one) for one in kept)
        self._everywhere = re.compile(rf"(?<!\w)(?:{choices})(?!\w)") if kept else None

    def redact(self, text: str) -> str:
        """Return ``text`` without secrets: those known, and what has the form of one."""
        if self._everywhere is not None:
            text = self._everywhere.sub(REDACTED, text)
        if "://" in text:
            text = _URL.sub(rf"\1:{REDACTED}", text)
        return text

    def redact_args(self, name: str, args: str) -> str:
        """Return the arguments of a directive without its secrets."""
        for value in secrets_in(name, args):
            args = args.replace(value, REDACTED)
        return self.redact(args)


def secrets_of(configuration: Configuration) -> Secrets:
    """Find every secret of a configuration, in lines that are skipped too."""
    found = set(_in_environment(configuration.options.environment))
    for directive in configuration.directives:
        found.update(secrets_in(directive.name, directive.args))
    return Secrets(found)


def _in_environment(environment: Mapping[str, str]) -> Iterator[str]:
    return (value for name, value in environment.items() if value and is_secret_name(name))


def is_secret_name(name: str) -> bool:
    """Tell whether what a variable or header of this name holds is not to be shown."""
    parts = (part.lower() for part in _NAME_PART.findall(name))
    return any(part in _SECRET_PARTS or part.endswith(_SECRET_ENDS) for part in parts)


def secrets_in(name: str, args: str) -> Iterator[str]:
    """Yield the secret values in the arguments of one directive."""
    key = name.lower()
    yield from (match[2] for match in _URL.finditer(args))
    if key in _SECRET_DIRECTIVES:
        yield from (word for word in split_arguments(args) if _is_value(word))
        return
    if key in _NAMED:
        words = split_arguments(args)
        if len(words) > 1 and is_secret_name(words[0]) and _is_value(words[1]):
            yield words[1]
        return
    if key in _HEADERS:
        yield from _in_header(split_arguments(args))
    if "=" in args:
        behind = args
        if key in _PATTERNS:
            behind = " ".join(split_arguments(args)[2:]).replace("E=", " ").replace(":", "=")
        for match in _PAIR.finditer(behind):
            value = match[2].strip("\"'")
            if match[1].lower() in _HARMLESS_PAIRS or not _is_value(value):
                continue
            if is_secret_name(match[1]):
                yield value
    if "asic " in args or "earer " in args:
        yield from (match[2] for match in _SCHEME.finditer(args))


def _in_header(words: tuple[str, ...]) -> Iterator[str]:
    """``Header [condition] set NAME VALUE``; Set-Cookie and the like may be secrets too."""
    for position, word in enumerate(words):
        if word.lower() in ("set", "add", "append", "merge", "setifempty"):
            rest = words[position + 1 :]
            if len(rest) > 1 and is_secret_name(rest[0]) and _is_value(rest[1]):
                yield rest[1]
            return


def _is_value(text: str) -> bool:
    """Whether it is a value of its own, not a reference to one or a mere switch."""
    if not text or text.startswith(("${", "%{", "expr=")) or text.lower() in ("on", "off", "none"):
        return False
    return _PATH.fullmatch(text) is None
