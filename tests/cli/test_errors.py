"""Files that cannot be read, and signals."""

from collections.abc import Callable
from pathlib import Path

from tuner.apache.read import ReadRequest, read


def test_an_unreadable_file_is_an_error_with_its_place(
    sample: Callable[[str], Path], unprivileged: Callable[[Callable[[], str]], str]
) -> None:
    tree = sample("debian-event-daemon")
    (tree / "etc/apache2/ports.conf").chmod(0)

    def errors() -> str:
        return "\n".join(map(str, read(ReadRequest(path=tree)).fatal_errors))

    errors()  # loads what a reading needs, before root is given up
    assert unprivileged(errors) == (
        "/etc/apache2/apache2.conf:17: Could not open configuration file "
        "/etc/apache2/ports.conf: Permission denied"
    )
