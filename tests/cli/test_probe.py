"""tuner probe as a user runs it."""

import csv
import io
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Run, keeps_to_schema
from tuner.report.formats import Document

QUICK = ("--duration", "300ms", "--warmup", "100ms")


def test_the_classic_table_has_a_column_for_each_target(tuner: Run, server_url: str) -> None:
    result = tuner(
        *("probe", f"quick={server_url}/ok", f"slow={server_url}/slow"),
        *("--concurrency", "1,4", "--repeat", "2", *QUICK),
    )
    assert result.returncode == 0, result.stderr
    title, head, *rows = result.stdout.splitlines()
    assert title == "Requests a second, ms per request (mean, 95 % interval of 2 probes)"
    assert head.split() == ["clients", "quick", "slow"]
    assert [row.split()[0] for row in rows[:2]] == ["1", "4"]
    assert re.search(r"\d\.\d \+- \d.*ms", rows[0])
    assert "Error cliff none" in result.stdout
    assert "plan: 8 probes" in result.stderr
    assert "slow at 4:" in result.stderr


def test_json_carries_every_probe(tuner: Run, server_url: str) -> None:
    result = tuner(
        *("probe", f"{server_url}/ok", "--concurrency", "2,4", *QUICK, "--format", "json", "-q")
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    document = keeps_to_schema(Document.PROBE, result.stdout)
    (target,) = document["targets"]
    assert [step["concurrency"] for step in target["steps"]] == [2, 4]
    assert target["steps"][0]["probes"][0]["requests"] > 0


def test_an_open_loop_has_a_step_for_each_rate(tuner: Run, server_url: str, tmp_path: Path) -> None:
    result = tuner(
        *("probe", f"{server_url}/ok", "--rate", "20,40", "--concurrency", "8", *QUICK),
        *("--format", "csv", "--output", "out.csv"),
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert [(row["rate"], row["concurrency"]) for row in rows] == [("20.0", "8"), ("40.0", "8")]


@pytest.mark.parametrize("format", ["markdown", "html"])
def test_other_formats_are_written_whole(
    tuner: Run, server_url: str, tmp_path: Path, format: str
) -> None:
    result = tuner(
        *("probe", f"{server_url}/ok", "--concurrency", "2", *QUICK, "--format", format),
        *("--output", "out"),
    )
    assert result.returncode == 0, result.stderr
    assert "requests/s" in (tmp_path / "out").read_text()
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_a_dry_run_shows_plan_and_limits_and_sends_nothing(tuner: Run) -> None:
    result = tuner("probe", "http://192.0.2.1/", "--dry-run", "--path", "/a=2", "--path", "/b")
    assert result.returncode == 0, result.stderr
    for said in (
        *("plan: 4 probes", "GET /a, weight 2", "not on loopback: 192.0.2.1", "1000 connections"),
        *("open files are needed", "local ports are needed"),
    ):
        assert said in result.stdout


def test_a_server_elsewhere_is_loaded_only_with_consent(tuner: Run) -> None:
    result = tuner("probe", "http://192.0.2.1/", "-q")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert "192.0.2.1 is not on loopback" in line
    assert "--yes" in line


def test_a_log_gives_the_mix_and_the_advice(tuner: Run, server_url: str, tmp_path: Path) -> None:
    line = '192.0.2.7 - - [23/Nov/2026:10:00:0{} +0000] "{} HTTP/1.1" {} 100 "-" "x"\n'
    (tmp_path / "access.log").write_text(
        "".join(line.format(n % 3, "GET /ok", 200) for n in range(9))
        + line.format(1, "POST /ok", 200)
        + line.format(2, "GET /fail", 500)
    )
    result = tuner(
        *("probe", server_url, "--access-log", "access.log", "--concurrency", "2,4", *QUICK)
    )
    assert result.returncode == 0, result.stderr
    assert "(GET /ok)" in result.stdout
    assert "not sent again: error responses 1, method POST 1" in result.stdout
    assert "times the busiest second of the log" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("ftp://x/",), 2, "is not an http or https URL"),
        (("http://127.0.0.1:1/", "--concurrency", "5,4"), 2, "--concurrency"),
        (("http://127.0.0.1:1/", "--engine", "none"), 2, "no engine 'none'"),
        (("http://127.0.0.1:1/", "--path", "POST /"), 2, "--allow-methods POST"),
        (("http://127.0.0.1:1/", "--time-limit", "5s"), 2, "the limit is 5 s"),
        (("http://127.0.0.1:1/", "--access-log", "none"), 2, "No such file"),
        (("http://127.0.0.1:1/", "--duration", "x"), 2, "'x' is not a duration"),
        (("http://127.0.0.1:1/", "--duration", "0"), 2, "duration"),
        (("http://127.0.0.1:1/",), 1, "does not answer /"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    tuner: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = tuner("probe", *arguments, "-q")
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert message in line
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_shows_what_is_known(
    server_url: str, environment: dict[str, str], tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [*COMMAND, "probe", f"{server_url}/ok", "--concurrency", "2,4,8", *QUICK[2:],
         "--duration", "1s", "--repeat", "20"],
        cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if " at 2:" in line:
            break
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGINT)
    output, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert error.splitlines()[-1] == "tuner: interrupted"
    assert "Traceback" not in error
    assert "Interrupted: what was measured until then is shown." in output
    assert re.search(r"^ +2 +\d", output, re.MULTILINE)
