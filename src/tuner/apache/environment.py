"""The environment that httpd is started with, read from files, never executed.

Debian's ``envvars`` is a shell script; a small, safe subset of shell covers the
stock file and what people put into it: assignments, ``export``, ``unset``,
quotes, ``${NAME}``, ``${NAME:-default}``, ``${NAME##prefix}`` and
``if [ A = B ]; then ... else ... fi``. A line beyond that is skipped, and said so.
"""

import re
import shlex
from dataclasses import dataclass, field

DEBIAN_DEFAULTS = {
    "APACHE_RUN_USER": "www-data",
    "APACHE_RUN_GROUP": "www-data",
    "APACHE_PID_FILE": "/var/run/apache2/apache2.pid",
    "APACHE_RUN_DIR": "/var/run/apache2",
    "APACHE_LOCK_DIR": "/var/lock/apache2",
    "APACHE_LOG_DIR": "/var/log/apache2",
    "LANG": "C",
}
"""What Debian's own envvars sets, for a tree that came without the file."""

_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_EXPANSION = re.compile(
    r"\$(?:\{([A-Za-z_]\w*)(?:(:-|-|##|#)((?:[^{}]|\$\{\w+\})*))?\}|([A-Za-z_]\w*))"
)


@dataclass(slots=True)
class Environment:
    """Variables that a file sets, and the lines that could not be understood."""

    variables: dict[str, str]
    skipped: list[str] = field(default_factory=list)


def parse_envvars(text: str, initial: dict[str, str]) -> Environment:
    """Read a shell file of assignments; ``initial`` is visible to it."""
    environment = Environment(dict(initial))
    branches: list[bool] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        keyword = line.split(None, 1)[0].rstrip(";")
        if keyword == "if" and line.rstrip("; ").endswith((" fi", ";fi")):
            environment.skipped.append(f"line {number}: {line}")
        elif keyword == "if":
            branches.append(_test(line, environment))
        elif keyword == "else" and branches:
            branches[-1] = not branches[-1]
        elif keyword == "fi" and branches:
            branches.pop()
        elif keyword == "then" or not all(branches):
            continue
        elif not _execute(line, environment):
            environment.skipped.append(f"line {number}: {line}")
    return environment


def parse_environment_file(text: str) -> Environment:
    """Read a systemd ``EnvironmentFile``: plain ``NAME=VALUE`` lines."""
    environment = Environment({})
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            environment.skipped.append(f"line {number}: {line}")
            continue
        value = match[2].strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        environment.variables[match[1]] = value
    return environment


def arguments_in(options: str) -> tuple[list[str], list[str], list[str]]:
    """Return the values of -D, -C and -c in httpd's arguments (``OPTIONS="-D SSL"``)."""
    try:
        words = shlex.split(options)
    except ValueError:
        return [], [], []
    found: dict[str, list[str]] = {"-D": [], "-C": [], "-c": []}
    position = 0
    while position < len(words):
        flag, value = words[position][:2], words[position][2:]
        position += 1
        if flag in found:
            if not value and position < len(words):
                value = words[position]
                position += 1
            found[flag].append(value)
    return found["-D"], found["-C"], found["-c"]


def _execute(line: str, environment: Environment) -> bool:
    words = line.split()
    if words[0] == "unset":
        for name in words[1:]:
            environment.variables.pop(name, None)
        return True
    if words[0] == "export" and "=" not in line:
        return True
    match = _ASSIGNMENT.fullmatch(line)
    if match is None:
        return False
    value = _value(match[2], environment)
    if value is None:
        return False
    environment.variables[match[1]] = value
    return True


def _value(text: str, environment: Environment) -> str | None:
    text = re.sub(r"\s+#.*$", "", text).strip().rstrip(";")
    if "`" in text or "$(" in text:
        return None
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1]
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('\\"', '"')
    elif re.search(r"[\s;&|<>]", text):
        return None
    return _expand(text, environment)


def _expand(text: str, environment: Environment) -> str:
    def replace(match: re.Match[str]) -> str:
        value = environment.variables.get(match[1] or match[4], "")
        if match[2] in (":-", "-"):
            return value or _expand(match[3], environment)
        if match[2] in ("#", "##") and "*" not in match[3]:
            return value.removeprefix(match[3])
        return value

    return _EXPANSION.sub(replace, text)


def _test(line: str, environment: Environment) -> bool:
    """Evaluate ``if [ A = B ]`` and ``if [ -z A ]``; anything else is taken as false."""
    match = re.search(r"\[\s+(.*?)\s+\]", line)
    if match is None:
        return False
    try:
        words = shlex.split(_expand(match[1], environment))
    except ValueError:
        return False
    if len(words) == 3 and words[1] in ("=", "=="):
        return words[0] == words[2]
    if len(words) == 3 and words[1] == "!=":
        return words[0] != words[2]
    if len(words) == 2 and words[0] in ("-z", "-n"):
        return (words[1] == "") == (words[0] == "-z")
    return False
