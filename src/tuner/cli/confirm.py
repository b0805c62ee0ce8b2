"""Ask before load goes to a server that is not on this machine's loopback."""

import sys
from collections.abc import Sequence


def confirm_away(urls: Sequence[str], summary: str, *, load: str, yes: bool) -> None:
    """Let a load to loopback pass; for any other demand ``--yes`` or the typed host name.

    ``load`` is what the load is called where nobody can be asked.

    Raises:
        UsageError: nobody can be asked, or the answer is another.
    """
    from tuner.errors import UsageError
    from tuner.probe.manners import hosts_away

    away = hosts_away(urls)
    if not away or yes:
        return
    names = " ".join(away)
    if not sys.stdin.isatty():
        raise UsageError(
            f"{names} is not on loopback: the load needs consent",
            hint=f"--yes, if its owner agrees to {load}",
        )
    sys.stderr.write(f"{summary}\nType {names} to send this load there: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != names:
        raise UsageError("not confirmed, nothing was sent")
