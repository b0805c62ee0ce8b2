"""Run apache2buddy.pl against a configuration, alone in namespaces of its own.

It reads /etc/apache2, finds processes by name and asks two web sites for its address,
so it gets a mount namespace in which /etc/apache2 is a copy, a process namespace in
which no other httpd runs, a network namespace without a way out, and a curl that does
nothing. The real /etc/apache2 is not touched.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cgroups import Group
from benchmarks.layouts import Layout, text_of

_SECONDS = 120
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

_INNER = """\
set -e
ip link set lo up
mount --bind {root}/etc-apache2 /etc/apache2
mount -t tmpfs tmpfs /var/log
mkdir -p /var/log/apache2 {root}/run
. /etc/apache2/envvars
export PATH={root}/fake:$PATH
/usr/sbin/apache2 -k start
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
    python3 {root}/ask.py '/app?0.02' &
done
wait
python3 {root}/ask.py '/server-status?auto'
perl {script} --port 8080 --skip-updates --skip-php-fatal --nocolor -P || echo "EXIT $?"
/usr/sbin/apache2 -k stop
"""


_ASK = """\
import sys, urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8080" + sys.argv[1]).read().decode())
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """What apache2buddy said."""

    workers_read: int | None
    """MaxRequestWorkers as it understood the configuration."""
    least: int | None
    most: int | None
    """The range that it recommends."""
    verdict: str
    largest_mb: float | None
    scoreboard: int | None
    """The truth beside it: slots of the server's own scoreboard."""
    text: str


def run(script: Path | None, layout: Layout, root: Path, group: Group | None = None) -> Peer | str:
    """Run it, in a control group if one is given; return why not where it cannot be run."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return "not run: needs root and unshare"
    _write(layout, root)
    inner = root / "inner.sh"
    enter = f"echo $$ > {group.directory}/cgroup.procs\n" if group else ""
    inner.write_text(enter + _INNER.format(root=root, script=script or "-e ''"))
    done = subprocess.run(
        ["unshare", "-m", "-p", "-n", "-f", "--mount-proc", "sh", str(inner)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_SECONDS,
        check=False,
    )
    return _understood(_COLOUR.sub("", done.stdout + done.stderr))


def _write(layout: Layout, root: Path) -> None:
    directory = root / "etc-apache2"
    directory.mkdir()
    (directory / "apache2.conf").write_text(text_of(layout, root))
    shutil.copy("/etc/apache2/envvars", directory)
    (root / "ask.py").write_text(_ASK)
    fake = root / "fake"
    fake.mkdir()
    (fake / "curl").write_text("#!/bin/sh\nexit 1\n")
    (fake / "curl").chmod(0o755)


def _understood(text: str) -> Peer:
    def first(pattern: str) -> re.Match[str] | None:
        return re.search(pattern, text)

    between = first(r"recommended Max\w+ setting.* is between (\d+) and (\d+)")
    read = first(r"Apache's Max\w+ directive:\s+(\d+)")
    verdict = first(r"setting is (too low|too high)")
    largest = first(r"largest apache process is using ([\d.]+) MB")
    board = first(r"Scoreboard: (\S+)")
    return Peer(
        workers_read=int(read[1]) if read else None,
        least=int(between[1]) if between else None,
        most=int(between[2]) if between else None,
        verdict=verdict[1] if verdict else "in range" if between else "none",
        largest_mb=float(largest[1]) if largest else None,
        scoreboard=len(board[1]) if board else None,
        text=text,
    )
