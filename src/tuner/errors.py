"""Everything that can go wrong for a user, with its exit code.

::

    TunerError                      1   one line: what, where, what to do
    ├── UsageError                  2   the command line asks for something impossible
    ├── ConfigurationNotFound       3   no Apache configuration where one was expected
    ├── ConfigurationUnreadable     1   httpd would refuse this configuration
    ├── MeasurementError            1   a process, a counter or a file cannot be read
    ├── ServerError                 1   a server under test does not start or does not answer
    ├── ProbeError                  1   a load probe cannot be run
    ├── PatchError                  1   a change cannot be expressed safely as a patch
    ├── RuleError                   1   a rule file is wrong
    ├── GuardStop                   5   a limit on errors, latency or memory stopped the run
    └── Interrupted               130   Ctrl-C or SIGTERM; what was measured is saved

Codes 0, 4, 6 and 11 to 14 are results, not errors (see ``tuner.cli.exits``).
"""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a hint with the known word that is nearest, or another hint."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]}?" if near else otherwise


class TunerError(Exception):
    """Base of all errors that are reported as one line and an exit code."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(TunerError):
    """The command line asks for something impossible."""

    exit_code = 2


class ConfigurationNotFound(TunerError):  # noqa: N818 - says what is the case
    """There is no Apache configuration where one was expected."""

    exit_code = 3


class ConfigurationUnreadable(TunerError):  # noqa: N818 - says what is the case
    """Httpd would refuse this configuration."""


class MeasurementError(TunerError):
    """A process, a kernel counter or a file cannot be read."""


class ServerError(TunerError):
    """A server under test does not start, stop or answer as it should."""


class ProbeError(TunerError):
    """A load probe cannot be run."""


class PatchError(TunerError):
    """A change cannot be expressed safely as a patch."""


class RuleError(TunerError):
    """A rule file is wrong."""


class GuardStop(TunerError):  # noqa: N818 - says what is the case
    """A limit on errors, latency or memory stopped the run."""

    exit_code = 5


NOT_MEASURED = (ServerError, MeasurementError, ProbeError)
"""What keeps one measurement of a server from being made."""


class Interrupted(TunerError):  # noqa: N818 - says what is the case
    """Ctrl-C or SIGTERM stopped the run."""

    exit_code = 130
