"""The size that mod_wsgi-express gives a server: 10 + max(10, 1.5 x processes x threads).

Asked of the installed program where there is one (``setup-server`` writes files and
starts nothing); else its formula, src/express/server.py of mod_wsgi 6.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.layouts import SAMPLE

_SECONDS = 60


def capacity(mpm: str, processes: int, threads: int, *, embedded: bool) -> tuple[int, str]:
    """Return the workers that it would configure, and how that is known."""
    program = Path(sys.executable).with_name("mod_wsgi-express")
    if not program.exists():
        return _formula(processes, threads, embedded=embedded), "formula"
    with tempfile.TemporaryDirectory(prefix="tuner-bench-") as directory:
        words = [str(program), "setup-server", str(SAMPLE), f"--server-root={directory}/root",
                 f"--processes={processes}", f"--threads={threads}"]  # fmt: skip
        if embedded:
            words.append("--embedded-mode")
        done = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=False)
    front = re.search(r"Server Capacity\s*: (\d+) \(event/worker\), (\d+) \(prefork\)", done.stdout)
    fixed = re.search(r"Request Capacity\s*: (\d+)", done.stdout)
    if front is not None:
        return int(front[2] if mpm == "prefork" else front[1]), "mod_wsgi-express setup-server"
    if embedded and fixed is not None:
        return int(fixed[1]), "mod_wsgi-express setup-server"
    return _formula(processes, threads, embedded=embedded), "formula"


def _formula(processes: int, threads: int, *, embedded: bool) -> int:
    wanted = processes * threads
    return wanted if embedded else 10 + max(10, int(1.5 * wanted))
