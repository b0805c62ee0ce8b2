"""What decides in the benchmarks, without running them."""

from pathlib import Path

import pytest
from benchmarks.advice import express
from benchmarks.advice.apache2buddy import _understood
from benchmarks.advice.run import READING, Advice, Truth
from benchmarks.layouts import LAYOUTS, Layout, text_of, written

from tuner.apache.binary import Httpd
from tuner.apache.read import ReadRequest, read
from tuner.pipeline.views import views_of


@pytest.mark.parametrize(
    ("advice", "verdict"),
    [
        (Advice(60, 60, ""), "right"),
        (Advice(30, 100, ""), "right"),
        (Advice(29, 29, ""), "wrong"),
        (Advice(90, 105, ""), "right"),
        (Advice(90, 106, ""), "wrong"),
        (Advice(None, None, "none"), "no advice"),
        (Advice(None, None, "not run: no path given"), "not run"),
    ],
)
def test_an_advice_is_right_within_what_was_measured(advice: Advice, verdict: str) -> None:
    assert Truth(30, 100, "").verdict(advice) == verdict


@pytest.mark.httpd
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda one: one.name)
def test_httpd_takes_a_layout_as_it_is(layout: Layout, httpd: Httpd) -> None:
    with written(layout) as main:
        check = httpd.check(main, main.parent, {})
        configuration = read(ReadRequest(path=main, httpd=httpd))
    assert check.ok, check.complaint
    assert "AH00" not in " ".join(code for code in check.codes if code != "AH00558")
    mpm = views_of(configuration).mpm
    assert mpm is not None
    assert mpm.clamps == ()


def test_every_way_to_write_the_workers_is_another_text(tmp_path: Path) -> None:
    texts = {text_of(Layout("x", "x", "prefork", (lines,)), tmp_path) for lines in READING.values()}
    assert len(texts) == len(READING) == 7


@pytest.mark.parametrize(
    ("mpm", "processes", "threads", "embedded", "workers"),
    [("prefork", 2, 15, False, 55), ("event", 4, 5, False, 52), ("prefork", 12, 1, True, 12)],
)
def test_express_is_asked_itself(
    mpm: str, processes: int, threads: int, embedded: bool, workers: int
) -> None:
    number, source = express.capacity(mpm, processes, threads, embedded=embedded)
    if source == "formula":
        pytest.skip("mod_wsgi-express is not installed")
    assert number == workers


def test_the_peers_words_are_understood() -> None:
    said = _understood(
        "Scoreboard: _W_.\n"
        "[ -- ] The largest apache process is using 38.67 MB of memory\n"
        "Apache's MaxRequestWorkers directive:    12   <--- Current Setting\n"
        "[ !! ] Your MaxRequestWorkers setting is too low.\n"
        "Your recommended MaxRequestWorkers setting is between 560 and 623.  <-- Acceptable\n"
    )
    assert (said.least, said.most, said.verdict) == (560, 623, "too low")
    assert (said.workers_read, said.largest_mb, said.scoreboard) == (12, 38.67, 4)
    assert _understood("").least is None
