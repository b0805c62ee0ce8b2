"""tuner optimize on a real Apache, as a user runs it."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import psutil
import pytest

from tests.cli.conftest import COMMAND, Run, keeps_to_schema
from tuner.apache.binary import Httpd
from tuner.apache.environment import parse_envvars
from tuner.pipeline.record import read_run
from tuner.pipeline.replay import in_force
from tuner.report.formats import Document
from tuner.report.schemas import schema_text
from tuner.server.places import base_directory, shadow_directories

pytestmark = pytest.mark.httpd

SHORT = ("--probe-time", "800ms", "--max-probes", "3", "--rounds", "3", "--concurrency", "32")


def httpd_processes() -> list[int]:
    """Processes of any httpd that runs a file of a shadow."""
    base = str(base_directory())
    return [p.pid for p in psutil.process_iter() if any(base in word for word in cmdline(p))]


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def assert_nothing_is_left() -> None:
    assert shadow_directories() == []
    assert httpd_processes() == []


def test_an_application_that_waits_gets_more_threads(
    tuner: Run, sample: Callable[[str], Path], httpd: Httpd, tmp_path: Path
) -> None:
    tree = sample("debian-event-daemon")
    result = tuner(
        "optimize", tree, "--host", "http://apps.example:8080", "--path", "/io/", *SHORT,
        "--report", "report.html", "--run-dir", "run", "--format", "json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    jsonschema.validate(document, json.loads(schema_text(Document.OPTIMIZE)))
    assert document["better"]
    assert document["throughput_ratio"]["low"] > 1.3
    (group,) = document["found"]["settings"]["groups"]
    assert group["processes"] * group["threads"] > 15
    assert len(document["today"]["probes"]) == len(document["found"]["probes"]) >= 3
    assert document["memory"]["need_bytes"] <= document["memory"]["budget_bytes"]
    lines = [json.loads(line) for line in (tmp_path / "run/trials.jsonl").read_text().splitlines()]
    assert {line["kind"] for line in lines} == {
        "start", "calibration", "trial", "result", "times", "race-today", "race-patched-1",
        "overload", "end",
    } | {line["kind"] for line in lines if line["kind"] == "race-patched-2"}  # fmt: skip
    plan = tuner("plan", "--from", "run", "--target", "1e5", "--format", "json")
    assert plan.returncode == 0, plan.stderr
    assert keeps_to_schema(Document.PLAN, plan.stdout)["hosts"] > 2
    assert "<svg" in (tmp_path / "report.html").read_text()
    assert_nothing_is_left()
    assert_patch_is_accepted(tree, tmp_path / "tuner.patch", group, httpd)


def assert_patch_is_accepted(
    tree: Path, patch: Path, group: dict[str, object], httpd: Httpd
) -> None:
    """Apply it with both tools, and let httpd read the real tree."""
    site = tree / "etc/apache2/sites-available/apps.conf"
    before = site.read_bytes()
    subprocess.run(["git", "-C", tree, "apply", "--check", patch], check=True, capture_output=True)
    subprocess.run(["patch", "-p1", "-d", tree, "-i", patch], check=True, capture_output=True)
    assert f"threads={group['threads']}" in site.read_text()
    assert group["processes"] == 1 or f"processes={group['processes']}" in site.read_text()
    if httpd.path.name == "apache2":
        text = (tree / "etc/apache2/envvars").read_text()
        environment = parse_envvars(text, {}).variables
        for name in ("APACHE_RUN_DIR", "APACHE_LOG_DIR"):
            environment[name] = str(patch.parent)
        check = httpd.check(tree / "etc/apache2/apache2.conf", tree / "etc/apache2", environment)
        assert check.ok, check.complaint
    subprocess.run(["patch", "-R", "-p1", "-d", tree, "-i", patch], check=True, capture_output=True)
    assert site.read_bytes() == before


def test_an_embedded_application_is_fitted_into_its_budget(
    tuner: Run, sample: Callable[[str], Path], httpd: Httpd, tmp_path: Path
) -> None:
    result = tuner(
        "optimize", sample("founding-prefork-embedded"), "--host", "http://app.example:8080/",
        "--budget", "500M", *SHORT, "--rounds", "2", "--format", "json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert "over the budget" in document["trials"][0]["failed"]
    assert document["memory"]["need_bytes"] <= 500 * 2**20
    assert max(one["memory_bytes"] for one in document["trials"]) <= 500 * 2**20
    assert "MaxClients" in (tmp_path / "tuner.patch").read_text()
    assert_nothing_is_left()


def test_nothing_better_is_code_4_and_no_patch(
    tuner: Run, sample: Callable[[str], Path], httpd: Httpd, tmp_path: Path
) -> None:
    result = tuner(
        "optimize", sample("container"), "--host", "http://localhost:8080/",
        "--probe-time", "1s", "--max-probes", "1", "--concurrency", "8",
    )  # fmt: skip
    assert result.returncode == 4, result.stderr
    assert "No better settings" in result.stdout
    assert not (tmp_path / "tuner.patch").exists()
    assert_nothing_is_left()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--host", "http://127.0.0.1:1/"), 1, "does not listen on port 1"),
        (("--host", "ftp://x/"), 2, "not an http or https URL"),
        (("--host", "http://apps.example:8080/nothing/"), 1, "answers 404 to /nothing/"),
        (("--host", "http://apps.example:8080/", "--path", "x"), 2, "a path begins with /"),
        (("--host", "http://apps.example:8080/", "--slo", "fast"), 2, "write p99=500ms"),
        (("--host", "http://apps.example:8080/", "--slo", "p99=0ms"), 2, "must be above 0"),
        (("--host", "http://apps.example:8080/", "--slo", "p99=x"), 2, "--slo p99=x: 'x' is not"),
        (("--host", "http://apps.example:8080/", "--probe-time", "x"), 2, "--probe-time: 'x' is"),
        (("--host", "http://apps.example:8080/", "--patch", "no/p"), 2, "there is no directory"),
        (("--host", "http://apps.example:8080/", "--probe-time", "0s"), 2, "between 200ms and"),
        (("--host", "http://apps.example:8080/", "--time-limit", "0s"), 2, "between 1s and"),
        (("--host", "http://apps.example:8080/", "--live"), 1, "no Apache runs with this"),
        (("--host", "http://apps.example:8080/", "--engine", "x"), 2, "no engine 'x'"),
    ],
)
def test_bad_input_is_one_clear_line_and_leaves_nothing(
    tuner: Run,
    sample: Callable[[str], Path],
    httpd: Httpd,
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    result = tuner("optimize", sample("debian-event-daemon"), *arguments, "--quiet")
    assert result.returncode == code
    (line,) = result.stderr.splitlines()
    assert message in line
    assert list(tmp_path.iterdir()) == []
    assert_nothing_is_left()


def test_a_short_time_limit_still_measures_todays_settings(
    tuner: Run, sample: Callable[[str], Path], httpd: Httpd, tmp_path: Path
) -> None:
    result = tuner(
        "optimize", sample("debian-event-daemon"), "--host", "http://apps.example:8080/hello/",
        "--time-limit", "1s", "--max-error-rate", "1", *SHORT,
    )  # fmt: skip
    assert result.returncode == 4, result.stderr
    assert "today's settings are the best measured" in result.stdout
    (page,) = tmp_path.glob("tuner-runs/*/report.html")
    assert "Nothing better than today" in page.read_text()
    assert_nothing_is_left()


def test_a_request_that_changes_something_is_its_own_canary(
    tuner: Run, sample: Callable[[str], Path], httpd: Httpd, tmp_path: Path
) -> None:
    """The application refuses GET: only the request that was allowed may be sent."""
    tree = sample("debian-event-daemon")
    script = next(tree.rglob("hello.wsgi"))
    script.write_text(script.read_text() + ONLY_POST)
    (tmp_path / "body.json").write_text("{}")
    result = tuner(
        "optimize", tree, "--host", "http://apps.example:8080", "--allow-methods", "POST",
        "--path", "POST /hello/ @body.json", "--time-limit", "1s", *SHORT, "--format", "json",
    )  # fmt: skip
    assert result.returncode == 4, result.stderr
    (trial,) = json.loads(result.stdout)["trials"]
    assert trial["error_rate"] == 0
    assert trial["throughput"] > 0


ONLY_POST = """
_answer = application


def application(environ, start_response):
    if environ["REQUEST_METHOD"] != "POST" or environ.get("CONTENT_TYPE") != "application/json":
        start_response("405 Method Not Allowed", [("Content-Length", "0")])
        return [b""]
    environ["wsgi.input"].read()
    return _answer(environ, start_response)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_nothing_behind(
    sample: Callable[[str], Path],
    httpd: Httpd,
    environment: dict[str, str],
    tmp_path: Path,
    tuner: Run,
    number: signal.Signals,
) -> None:
    process = subprocess.Popen(
        [*COMMAND, "optimize", sample("debian-event-daemon"),
         "--host", "http://apps.example:8080/cpu/", "--run-dir", "run"],
        cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not httpd_processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(random.Random(int(number)).uniform(0.5, 3))
    os.kill(process.pid, number)
    _, error = process.communicate(timeout=30)
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
        assert tuner("rules").returncode == 0
    else:
        assert process.returncode == 130
        assert error.splitlines()[-1].startswith("tuner: interrupted")
        assert "Traceback" not in error
    deadline = time.monotonic() + 15
    while httpd_processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert_nothing_is_left()


def test_a_run_that_was_killed_goes_on_where_it_was(
    sample: Callable[[str], Path],
    httpd: Httpd,
    environment: dict[str, str],
    tmp_path: Path,
    tuner: Run,
) -> None:
    process = subprocess.Popen(
        [*COMMAND, "optimize", sample("debian-event-daemon"),
         "--host", "http://apps.example:8080/io/", "--run-dir", "run", *SHORT, "--rounds", "2"],
        cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    record = tmp_path / "run/trials.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if record.exists() and record.read_text().count('"kind": "result"') >= 2:
            break
        time.sleep(0.1)
    process.kill()
    process.wait(timeout=30)
    before = record.read_text()
    assert before.count('"kind": "result"') in (2, 3)
    with record.open("a") as file:
        file.write('{"kind": "tri')
    result = tuner("optimize", "--resume", "run", "--format", "json")
    assert result.returncode == 0, result.stderr
    after = record.read_text()
    assert after.startswith(before[: before.rfind("\n") + 1])
    trials = [json.loads(line) for line in after.splitlines() if '"kind": "trial"' in line]
    settings = [json.dumps(line["settings"]) for line in trials]
    assert len(settings) == len(set(settings)), "nothing was measured twice"
    assert_nothing_is_left()


MOST_TAKEN_BACK = 3


@pytest.mark.slow
def test_twenty_interruptions_at_random_moments_lose_nothing(
    sample: Callable[[str], Path],
    httpd: Httpd,
    environment: dict[str, str],
    tmp_path: Path,
    tuner: Run,
) -> None:
    random_ = random.Random(20)
    record = tmp_path / "run/trials.jsonl"
    begin = ["--host", "http://apps.example:8080/io/", "--run-dir", "run", *SHORT]
    measured, tree = 0, sample("debian-event-daemon")
    for _ in range(20):
        arguments = ["--resume", "run"] if record.exists() else begin
        process = subprocess.Popen(
            [*COMMAND, "optimize", tree, *arguments],
            cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        time.sleep(random_.uniform(0.3, 7))
        process.send_signal(random_.choice([signal.SIGINT, signal.SIGTERM, signal.SIGKILL]))
        _, error = process.communicate(timeout=60)
        assert "Traceback" not in error
        tuner("rules")
        assert_nothing_is_left()
        if record.exists():
            now = sum("probe" in line for line in in_force(read_run(tmp_path / "run")))
            # Half a round of a race, or half a series above the load, is measured again.
            assert now >= measured - MOST_TAKEN_BACK
            measured = now
    result = tuner("optimize", "--resume", "run", "--format", "json")
    assert result.returncode in (0, 4), result.stderr
    assert_nothing_is_left()


def test_a_changed_configuration_cannot_be_resumed(
    tuner: Run, sample: Callable[[str], Path], httpd: Httpd, tmp_path: Path
) -> None:
    tree = sample("container")
    arguments = ("--host", "http://localhost:8080/", "--probe-time", "1s", "--max-probes", "1")
    tuner("optimize", tree, *arguments, "--concurrency", "8", "--run-dir", "run")
    main = next(tree.rglob("httpd.conf"))
    main.write_text(main.read_text() + "# changed\n")
    result = tuner("optimize", "--resume", "run")
    assert result.returncode == 2
    assert "has changed since this run" in result.stderr


def test_optimize_needs_a_host_or_a_run(tuner: Run) -> None:
    result = tuner("optimize")
    assert result.returncode == 2
    assert "optimize needs --host URL" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "nowhere"), "nowhere/trials.jsonl: No such file"),
        (("--from", ".", "--headroom", "x"), "write a share below 100%"),
    ],
)
def test_plan_says_what_is_wrong(tuner: Run, arguments: tuple[str, ...], message: str) -> None:
    result = tuner("plan", *arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
