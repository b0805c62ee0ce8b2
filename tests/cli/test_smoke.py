"""tuner smoke as CI runs it."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Run, keeps_to_schema
from tests.pipeline.test_smoke import Slow
from tests.probe.servers import serving
from tuner.report.formats import Document

QUICK = ("--duration", "400ms", "--time-limit", "13s", "--concurrency", "4")


def test_a_regression_is_found_with_its_own_exit_code(tuner: Run, tmp_path: Path) -> None:
    slow, control = Slow(0.010), Slow(0.010)
    with serving(slow.handler) as url, serving(control.handler) as control_url:
        recorded = tuner(
            *("smoke", "record", url, "-o", "base.json", "--control", control_url, *QUICK)
        )
        assert recorded.returncode == 0, recorded.stderr
        assert "times the control's throughput" in recorded.stdout
        same = tuner(*("smoke", "check", url, "base.json", "--time-limit", "13s"))
        slow.seconds = 0.025
        worse = tuner(
            *("smoke", "check", url, "base.json", "--time-limit", "13s", "--junit", "junit.xml"),
            *("--format", "json"),
        )
    assert same.returncode == 0, same.stdout + same.stderr
    assert worse.returncode == 6, worse.stdout + worse.stderr
    keeps_to_schema(Document.BASELINE, (tmp_path / "base.json").read_text())
    document = keeps_to_schema(Document.SMOKE, worse.stdout)
    assert document["verdict"] == "regressed"
    assert document["metrics"][0]["change"]["high"] < 1
    (suite,) = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert int(suite.attrib["failures"]) >= 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("record", "http://127.0.0.1:1/", "-o", "base.json"), 1, "does not answer /"),
        (("check", "http://127.0.0.1:1/", "none.json"), 2, "No such file"),
        (("record", "http://192.0.2.1/", "-o", "base.json"), 2, "not on loopback"),
        (("record", "http://127.0.0.1:1/", "-o", "x", "--tolerance", "y"), 2, "percentage"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    tuner: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = tuner("smoke", *arguments, "-q")
    assert result.returncode == code, result.stderr
    (line,) = result.stderr.splitlines()
    assert message in line
    assert list(tmp_path.iterdir()) == []
