"""tuner measure, as a user runs it."""

import json
import os
import pty
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Run, keeps_to_schema
from tuner.apache.binary import Httpd
from tuner.apache.read import ReadRequest, read
from tuner.pipeline.memory_report import MemoryReport
from tuner.pipeline.views import views_of
from tuner.report.formats import Document
from tuner.server.shadow import Canary, Shadow, shadow_server


@pytest.fixture
def server(sample: Callable[[str], Path], httpd: Httpd) -> Iterator[tuple[Path, Shadow]]:
    tree = sample("debian-event-daemon")
    configuration = read(ReadRequest(path=tree, httpd=httpd))
    settings = views_of(configuration).settings
    assert settings is not None
    canary = Canary(port=8080, path="/heavy/", host="apps.example")
    with shadow_server(configuration, httpd, settings, canary) as shadow:
        yield tree, shadow


@pytest.mark.httpd
def test_a_server_is_shown_by_role_with_what_is_left(
    tuner: Run, server: tuple[Path, Shadow]
) -> None:
    tree, shadow = server
    result = tuner("measure", tree, "--pid", shadow.pid, "--budget", "4G", "-v")
    assert result.returncode == 0
    assert result.stderr == ""
    text = result.stdout
    assert re.search(r"daemon apps +1 +1 ", text)
    assert re.search(r"front +\d ", text)
    assert re.search(r"budget +4 GB given", text)
    assert re.search(r"need +at full occupancy 1 x ", text)
    assert re.search(r"left +[\d.]+ [MG]B: \d+ more front processes, or \d+ more daemon", text)
    assert re.search(rf"{shadow.pid} +parent ", text)
    assert re.search(r"made of +daemon apps, largest process: .* heap", text)


@pytest.mark.httpd
def test_the_document_has_its_model_and_the_sums_of_its_parts(
    tuner: Run, server: tuple[Path, Shadow]
) -> None:
    tree, shadow = server
    result = tuner("measure", tree, "--pid", shadow.pid, "--format", "json")
    assert result.returncode == 0
    document = keeps_to_schema(Document.MEASURE, result.stdout)
    report = MemoryReport.model_validate(document)
    assert report.pid == shadow.pid
    need = document["need"]
    sizes = [one["processes"] * one["each_bytes"] for one in need["terms"]]
    assert sum(sizes) == document["need_bytes"]
    assert sum(one["size_bytes"] for one in document["budget"]["terms"]) == report.budget_bytes
    assert document["need_at_restart_bytes"] >= document["need_steady_bytes"]


@pytest.mark.httpd
def test_watching_prints_a_line_for_each_sample(tuner: Run, server: tuple[Path, Shadow]) -> None:
    tree, shadow = server
    result = tuner("measure", tree, "--pid", shadow.pid, "--watch", "1s", "--count", "3")
    assert result.returncode == 0
    lines = [line for line in result.stdout.splitlines() if re.match(r" +[\d.]+ s  \d", line)]
    assert len(lines) == 3
    assert all("daemon apps 1 x" in line for line in lines)


@pytest.mark.httpd
def test_a_watched_document_stays_alone_on_stdout(
    tuner: Run, server: tuple[Path, Shadow], tmp_path: Path
) -> None:
    tree, shadow = server
    words = ("measure", tree, "--pid", shadow.pid, "--watch", "1s", "--count", "2")
    result = tuner(*words, "--format", "json")
    assert len(json.loads(result.stdout)["samples"]) == 2
    assert len(result.stderr.splitlines()) == 2
    quiet = tuner(*words, "--quiet", "--output", tmp_path / "report.txt")
    assert (quiet.stdout, quiet.stderr) == ("", "")
    assert "daemon apps" in (tmp_path / "report.txt").read_text()


@pytest.mark.httpd
def test_a_terminal_gets_a_table_that_is_drawn_again(
    server: tuple[Path, Shadow], environment: dict[str, str]
) -> None:
    tree, shadow = server
    ours, theirs = pty.openpty()
    words = ["measure", str(tree), "--pid", str(shadow.pid), "--watch", "1s", "--count", "2"]
    shown = {name: value for name, value in environment.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        [*COMMAND, *words], stdout=theirs, stderr=theirs, env={**shown, "TERM": "xterm"}
    ) as process:
        os.close(theirs)
        text = b""
        while part := _read(ours):
            text += part
        os.close(ours)
    assert process.returncode == 0
    assert b"sample 1" in text
    assert b"sample 2" in text
    assert b"\x1b[" in text
    assert b"made of" in text


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says EIO when the other side is closed
        return b""


@pytest.mark.httpd
def test_the_warm_up_is_told_and_stays_on_this_machine(
    tuner: Run, server: tuple[Path, Shadow]
) -> None:
    tree, shadow = server
    warm = f"{shadow.url}/heavy/=20"
    result = tuner("measure", tree, "--pid", shadow.pid, "--warm", warm)
    assert result.returncode == 0
    assert result.stderr.startswith("sent 20 requests to ")
    refused = tuner("measure", tree, "--pid", shadow.pid, "--warm", "http://192.0.2.1/")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "--yes" in refused.stderr


def test_a_server_that_does_not_run_is_one_line(tuner: Run, sample: Callable[[str], Path]) -> None:
    result = tuner("measure", sample("debian-event-daemon"))
    assert result.returncode == 1
    assert result.stdout == ""
    assert re.fullmatch(r"tuner: no Apache runs with this configuration .*--pid\)\n", result.stderr)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--watch", "200ms"), 2, "at least 1s"),
        (("--watch", "often"), 2, "not a duration"),
        (("--count", "1"), 2, "count"),
        (("--pid", "4194303"), 1, "not running"),
        (("nowhere",), 3, "nowhere"),
    ],
)
def test_what_cannot_be_is_refused(
    tuner: Run, sample: Callable[[str], Path], words: tuple[str, ...], code: int, said: str
) -> None:
    path = () if words == ("nowhere",) else (sample("debian-event-daemon"),)
    result = tuner("measure", *path, *words)
    assert (result.returncode, result.stdout) == (code, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr
