"""Another user of the server during a load: what the load does to those beside it."""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence

import httpx

from tuner.probe.guard import Guard
from tuner.probe.plan import USER_AGENT

ASK_SECONDS = 0.5
"""How often the outsider asks."""


@contextlib.contextmanager
def outsider(url: str, headers: Sequence[tuple[str, str]], most_seconds: float) -> Iterator[Guard]:
    """Be another user of the server: stop when one request waits too long.

    Two requests a second on a connection each, in a thread. It sees what the load
    does to others, whichever engine makes the load; failing requests are the
    engine's matter.
    """
    ended = threading.Event()
    asked_at: list[float] = []
    longest = [0.0]

    def ask() -> None:
        with httpx.Client(
            timeout=2 * most_seconds,
            verify=False,
            trust_env=False,
            headers=[("User-Agent", USER_AGENT), *headers, ("Connection", "close")],
        ) as client:
            while not ended.wait(ASK_SECONDS):
                asked_at[:] = [time.monotonic()]
                with contextlib.suppress(httpx.HTTPError):
                    client.get(url)
                longest[0] = max(longest[0], time.monotonic() - asked_at[0])
                asked_at.clear()

    def check() -> str:
        waiting = time.monotonic() - asked_at[0] if asked_at else 0.0
        waited = max(longest[0], waiting)
        if waited <= most_seconds:
            return ""
        return f"a request beside the load waited {waited:.1f} s, over {most_seconds:g} s"

    thread = threading.Thread(target=ask, name="outsider", daemon=True)
    thread.start()
    try:
        yield check
    finally:
        ended.set()
        thread.join(timeout=2 * most_seconds + 1)
