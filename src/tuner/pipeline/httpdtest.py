"""Let httpd itself judge a patched configuration, next to today's."""

from collections.abc import Sequence

from tuner.apache.binary import Httpd
from tuner.apache.tree import Configuration
from tuner.errors import PatchError, ServerError
from tuner.patch.build import ConfigTest
from tuner.patch.edits import FileChange
from tuner.server.shadow import configtest


def httpd_test(today: Configuration, httpd: Httpd) -> ConfigTest:
    """Return a test for ``build_patch``.

    When httpd refuses today's configuration too (a certificate or a module that
    this machine does not have), it cannot judge the patched one, and says so.
    """

    def test(patched: Configuration, files: Sequence[FileChange]) -> str:
        ok, said = _run(patched, httpd)
        if ok:
            return "Syntax OK" if "AH00" not in said else f"Syntax OK, with warnings: {said}"
        ok_today, said_today = _run(today, httpd)
        if ok_today:
            raise PatchError(f"httpd -t refuses the patched configuration: {said}")
        return f"cannot tell here, it refuses today's configuration too: {said_today}"

    return test


def _run(configuration: Configuration, httpd: Httpd) -> tuple[bool, str]:
    try:
        return configtest(configuration, httpd)
    except ServerError as error:
        return False, str(error)
