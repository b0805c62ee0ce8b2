"""How fast is the reader: one large file, read by httpd, by tuner and by two other parsers.

    python -m benchmarks.reading.run [--quick]

All read the same file, interleaved, several times; what counts is the CPU time of the
whole process, interpreter start included. ``tuner show`` of a stock configuration is
measured as a cold process, too. Needs httpd, augtool and the dependency group ``bench``;
what is not installed is named as missing. --quick writes no results.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from benchmarks.processes import Cost, run
from benchmarks.reading.synthetic import LINES_PER_HOST, write_configuration
from benchmarks.results import Result, record, section, table
from tuner.apache.binary import Httpd, find_httpd

READ_WITH = str(Path(__file__).with_name("read_with.py"))
MODULES = ("info", "mpm_event", "authz_core", "alias", "env")
STOCK = Path("/etc/apache2")
TARGETS = (("httpd", 1.0), ("apacheconfig", 5.0), ("augeas", 5.0))
"""How many times tuner's CPU time each of the others has to take at least."""

STOCK_TARGET_MS = 250


def commands(httpd: Httpd, main: Path) -> dict[str, list[str]]:
    """Return the command of every reader that is installed."""
    load = [f"LoadModule {name}_module {httpd.modules}/mod_{name}.so" for name in MODULES]
    load.append(f"LoadModule wsgi_module {httpd.wsgi_module}")
    given = [part for one in (*load, "ServerName localhost") for part in ("-C", one)]
    found = {
        "httpd": [
            *(str(httpd.path), "-d", str(main.parent), "-f", str(main), *given),
            *("-C", "ErrorLog /dev/null", "-t", "-D", "DUMP_CONFIG"),
        ],
        "tuner": [sys.executable, READ_WITH, "tuner", str(main), *load],
    }
    if find_spec("apacheconfig"):
        found["apacheconfig"] = [sys.executable, READ_WITH, "apacheconfig", str(main)]
    if augtool := which("augtool"):
        script = main.with_name("augtool.txt")
        script.write_text(
            f"set /augeas/load/Httpd/lens Httpd.lns\nset /augeas/load/Httpd/incl {main}\nload\n"
            f"get /files{main}/VirtualHost[last()]/directive[1]/arg\n"
        )
        found["augeas"] = [augtool, "--noautoload", "-f", str(script)]
    return found


def interleaved(found: dict[str, list[str]], repeats: int) -> dict[str, list[Cost]]:
    """Run every command once a round, so that a change of the machine hits them all."""
    costs: dict[str, list[Cost]] = {name: [] for name in found}
    for _ in range(repeats):
        for name, command in found.items():
            costs[name].append(run(command))
    return costs


def cold_starts(repeats: int) -> list[Cost]:
    """Start ``tuner show`` of the stock configuration again and again."""
    return [run([sys.executable, "-m", "tuner", "show", str(STOCK)]) for _ in range(repeats)]


def report(
    costs: dict[str, list[Cost]], cold: list[Cost], lines: int, hosts: int, command: str
) -> Result:
    """Put the figures into words."""
    cpu = {name: statistics.median(one.cpu_seconds for one in each) for name, each in costs.items()}
    ours = cpu["tuner"]
    rows = [
        [
            name,
            f"{cpu[name]:.2f}",
            f"{min(one.cpu_seconds for one in each):.2f}",
            f"{statistics.median(one.wall_seconds for one in each):.2f}",
            f"{max(one.peak_bytes for one in each) / 2**20:.0f}",
            f"{cpu[name] / ours:.1f}",
        ]
        for name, each in costs.items()
    ]
    head = ["reader", "CPU s (median)", "CPU s (best)", "wall s", "peak MiB", "x tuner's CPU"]
    body = [
        f"{lines:,} lines, {hosts:,} virtual hosts, read by each {len(costs['tuner'])} times in "
        "turn; the CPU time of the whole process.",
        "",
        table(head, rows),
        "",
    ]
    for name, factor in TARGETS:
        if name not in cpu:
            body.append(f"- {name} is not installed: not compared.")
            continue
        ratio = cpu[name] / ours
        met = "met" if ratio >= factor else "missed"
        body.append(f"- {name} takes {ratio:.1f} times tuner's time; wanted {factor:.0f}: {met}.")
    if cold:
        walls = [one.wall_seconds * 1000 for one in cold]
        median = statistics.median(walls)
        met = "met" if median < STOCK_TARGET_MS else "missed"
        body.append(
            f"- `tuner show {STOCK}` as a cold process: median {median:.0f} ms of {len(cold)}, "
            f"best {min(walls):.0f} ms; wanted {STOCK_TARGET_MS}: {met}."
        )
    return Result(
        name="reading",
        title="Reading a configuration",
        command=command,
        body="\n".join(body),
        data={
            "lines": lines,
            "hosts": hosts,
            "costs": {name: [vars(one) for one in each] for name, each in costs.items()},
            "cold": [vars(one) for one in cold],
        },
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the section."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small, and nothing is written")
    quick = parser.parse_args(arguments).quick
    httpd = find_httpd()
    if httpd is None or httpd.wsgi_module is None:
        sys.exit("an httpd with mod_wsgi is needed to compare with")
    hosts, repeats = (200, 2) if quick else (5000, 7)
    with tempfile.TemporaryDirectory() as directory:
        path = write_configuration(Path(directory), hosts)
        costs = interleaved(commands(httpd, path), repeats)
        cold = cold_starts(3 if quick else 21) if STOCK.is_dir() else []
    result = report(costs, cold, hosts * LINES_PER_HOST, hosts, "python -m benchmarks.reading.run")
    print(section(result))
    if not quick:
        print(f"written to {record(result)}")


if __name__ == "__main__":
    main()
