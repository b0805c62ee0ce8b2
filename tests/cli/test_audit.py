"""tuner audit, as a user runs it."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tuner.apache.binary import Httpd
from tuner.apache.environment import parse_envvars
from tuner.apache.read import ReadRequest, read
from tuner.pipeline.views import views_of
from tuner.server.shadow import Canary, shadow_server

FOUNDING = ("--app-memory", "40M", "--budget", "16G", "--no-live")


def test_the_founding_problem_is_stated_with_its_numbers(
    tuner: Run, sample: Callable[[str], Path]
) -> None:
    result = tuner("audit", sample("founding-prefork-embedded"), *FOUNDING)
    text = " ".join(result.stdout.split())
    assert result.returncode == 14
    assert "500 x 40 MB = 20000 MB (19.5 GB)" in text
    assert "Apache may use 16 GB" in text
    assert "MaxClients 500 -> 256 (AH00180)" in text
    assert "409 front processes fit" in text
    assert result.stderr == ""


def test_the_patch_makes_the_founding_configuration_fit(
    tuner: Run, sample: Callable[[str], Path], tmp_path: Path
) -> None:
    tree = sample("founding-prefork-embedded")
    patch = tmp_path / "fix.patch"
    tuner("audit", tree, *FOUNDING, "--patch", patch)
    subprocess.run(["patch", "-p1", "-d", tree, "-i", patch], check=True, capture_output=True)
    again = tuner("audit", tree, *FOUNDING, "--select", "CAP001,MPM001")
    assert again.returncode == 0
    assert "MaxRequestWorkers 409" in again.stdout


def test_json_holds_what_the_text_says(tuner: Run, sample: Callable[[str], Path]) -> None:
    result = tuner("audit", sample("founding-prefork-embedded"), *FOUNDING, "--format", "json")
    document = json.loads(result.stdout)
    assert document["schema_version"] == 1
    assert document["memory"]["budget"]["size_bytes"] == 16 * 2**30
    finding = next(one for one in document["findings"] if one["id"] == "CAP001")
    assert finding["locations"][0]["file"] == "/etc/apache2/mods-enabled/mpm_prefork.conf"
    assert finding["locations"][0]["line_last"] == 6
    inputs = {one["name"]: one for one in finding["evidence"]["inputs"]}
    assert inputs["memory.front"]["origin"] == "given"
    assert document["effective"]["mpm"]["max_request_workers"]["effective"] == 256


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 13),
        (("--no-exit-codes",), 0),
        (("--fail-on", "high"), 0),
        (("--select", "MPM003"), 12),
        (("--select", "CAP005"), 0),
        (("--ignore", "WSG,MPM,LOG,DOS"), 11),
    ],
)
def test_exit_codes_follow_the_severities_that_count(
    tuner: Run, sample: Callable[[str], Path], options: tuple[str, ...], code: int
) -> None:
    result = tuner("audit", sample("rhel-event-daemon"), "--no-live", *options)
    assert result.returncode == code, result.stdout


def test_a_comment_silences_a_finding_and_stays_visible(
    tuner: Run, sample: Callable[[str], Path]
) -> None:
    tree = sample("rhel-event-daemon")
    conf = tree / "etc/httpd/conf.d/mpm.conf"
    text = conf.read_text().replace(
        "    MaxRequestWorkers   150",
        "    # tuner: ignore[MPM003] kept on purpose\n    MaxRequestWorkers   150",
    )
    conf.write_text(text)
    result = tuner("audit", tree, "--no-live", "--select", "MPM003")
    assert result.returncode == 0
    assert "kept on purpose" in result.stdout


def test_a_tree_is_read_through_root(tuner: Run, sample: Callable[[str], Path]) -> None:
    tree = sample("rhel-event-daemon")
    implicit = tuner("audit", tree, "--no-live", "--budget", "1G")
    explicit = tuner("audit", "/etc/httpd", "--root", tree, "--no-live", "--budget", "1G")
    assert implicit.stdout == explicit.stdout
    assert explicit.returncode == 13


def test_command_line_directives_count(tuner: Run, sample: Callable[[str], Path]) -> None:
    tree = sample("rhel-event-daemon")
    result = tuner("audit", tree, "--no-live", "-c", "MaxRequestWorkers 128", "--select", "MPM003")
    assert result.returncode == 0


def test_a_report_goes_into_a_file_as_a_whole(
    tuner: Run, sample: Callable[[str], Path], tmp_path: Path
) -> None:
    output = tmp_path / "report"
    options = ("audit", sample("container"), "--no-live", "--budget", "1G")
    printed = tuner(*options)
    written = tuner(*options, "--output", output)
    assert written.stdout == ""
    assert output.read_text() == printed.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("/no/such/path",), 3, "tuner: /no/such/path: no such file or directory"),
        (("{empty}",), 3, "no Apache configuration here"),
        (("{tree}", "--root", "/no/such/root"), 3, "no such directory, given with --root"),
        (("{tree}", "--budget", "lots"), 2, "'lots' is not a size"),
        (("{tree}", "--env", "X"), 2, "write NAME=VALUE"),
        (("{tree}", "--env-file", "/nope"), 2, "/nope: No such file or directory"),
        (("{tree}", "--app-memory", "40M@x"), 2, "no daemon process group 'x'"),
        (("{tree}", "--httpd", "/bin/true"), 2, "/bin/true is not an Apache httpd"),
        (("{tree}", "--pid", "4194303"), 1, "process 4194303 is not running"),
        (("{tree}", "--live"), 1, "no Apache runs with this configuration"),
        (("{tree}", "--rules", "/nope"), 1, "/nope: no such directory of rules"),
        (("{tree}", "--output", "/nope/x"), 1, "/nope/x: No such file or directory"),
        (("{tree}", "--format", "pdf"), 2, "Invalid value for '--format'"),
        (("{tree}", "--select", "CPA"), 2, "--select CPA: no rule begins like this"),
        (("{tree}", "--ignore", "CAQ01"), 2, "--ignore CAQ01: no rule begins like this (did you"),
        (("{tree}", "--baseline", "/nope"), 2, "baseline /nope: No such file or directory"),
        (("{tree}", "--baseline", "/etc/passwd"), 2, "baseline /etc/passwd:1:1: not JSON"),
        (("{tree}", "--config", "/nope"), 2, "/nope: No such file or directory"),
    ],
)
def test_bad_input_is_one_clear_line_and_its_code(
    tuner: Run,
    sample: Callable[[str], Path],
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"tree": str(sample("container")), "empty": str(tmp_path / "empty")}
    result = tuner("audit", *(one.format(**places) for one in arguments))
    assert result.returncode == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    if code != 2 or "Usage:" not in result.stderr:
        assert len(result.stderr.splitlines()) == 1


def test_a_configuration_that_httpd_refuses_is_still_reported(
    tuner: Run, sample: Callable[[str], Path]
) -> None:
    tree = sample("container")
    conf = tree / "usr/local/apache2/conf/httpd.conf"
    conf.write_text(conf.read_text() + "<Directory /x>\nInclude missing.conf\n")
    result = tuner("audit", tree, "--no-live")
    text = " ".join(result.stdout.split())
    assert result.returncode == 1
    assert "<Directory> was not closed." in text
    assert "missing.conf: No such file or directory" in text
    assert "CAP005" in text


@pytest.mark.httpd
def test_a_running_server_is_measured(
    tuner: Run, sample: Callable[[str], Path], httpd: Httpd
) -> None:
    tree = sample("founding-prefork-embedded")
    configuration = read(ReadRequest(path=tree, httpd=httpd))
    settings = views_of(configuration).settings
    assert settings is not None
    canary = Canary(port=8080, path="/", host="app.example")
    with shadow_server(configuration, httpd, settings, canary) as shadow:
        result = tuner("audit", tree, "--pid", shadow.pid, "--budget", "4G", "--format", "json")
    document = json.loads(result.stdout)
    assert document["memory"]["pid"] == shadow.pid
    roles = {one["role"]: one for one in document["memory"]["profile"]["roles"]}
    assert roles["front"]["warm_processes"] < roles["front"]["processes"]
    cap = next(one for one in document["findings"] if one["id"] == "CAP001")
    assert "95th percentile of USS" in str(cap["evidence"]["inputs"])


@pytest.mark.httpd
@pytest.mark.skipif(shutil.which("patch") is None, reason="patch(1) is not installed")
@pytest.mark.parametrize("tool", ["patch", "git"])
def test_a_patched_tree_passes_httpd_t(
    tuner: Run, sample: Callable[[str], Path], httpd: Httpd, tmp_path: Path, tool: str
) -> None:
    """The real tree, read by httpd itself, not tuner's private copy of it."""
    if httpd.path.name != "apache2":
        pytest.skip("the sample loads Debian's modules")
    tree = sample("founding-prefork-embedded")
    patch = tmp_path / "fix.patch"
    result = tuner("audit", tree, *FOUNDING, "--patch", patch, "--unsafe-fixes")
    assert patch.exists(), result.stderr
    commands = {
        "patch": ["patch", "-p1", "-d", str(tree), "-i", str(patch)],
        "git": ["git", "-C", str(tree), "apply", str(patch)],
    }
    subprocess.run(commands[tool], check=True, capture_output=True)
    text = (tree / "etc/apache2/envvars").read_text()
    environment = parse_envvars(text, {}).variables
    for name in ("APACHE_RUN_DIR", "APACHE_LOG_DIR"):
        environment[name] = str(tmp_path)
    server_root = tree / "etc/apache2"
    check = httpd.check(server_root / "apache2.conf", server_root, environment)
    assert check.ok, check.complaint
    assert "AH00180" not in check.codes
    configured = (server_root / "mods-available/mpm_prefork.conf").read_text()
    assert "MaxClients          409" in configured
    assert (server_root / "mods-enabled/mpm_prefork.conf").is_symlink()
