"""The one front that all fixes agree on: whole processes, no clamp, within memory."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.apache.effective.mpm import mpm_settings
from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration
from tuner.pipeline.facts.recommended import enough_for_daemons, recommended_front
from tuner.pipeline.observe import ObserveRequest, observe
from tuner.pipeline.views import views_of

NUMBERS = st.integers(0, 700)


def load(directory: Path, mpm: str, lines: list[str]) -> Configuration:
    main = directory / "httpd.conf"
    load_mpm = f"LoadModule mpm_{mpm}_module modules/mod_mpm_{mpm}.so"
    main.write_text("\n".join([load_mpm, *lines, ""]))
    return read(ReadRequest(path=main))


@pytest.mark.parametrize("mpm", ["prefork", "worker", "event"])
@given(workers=NUMBERS, limit=NUMBERS, threads=NUMBERS, low=NUMBERS, high=NUMBERS, start=NUMBERS)
def test_httpd_has_nothing_to_correct_in_it(
    tmp_path_factory: pytest.TempPathFactory,
    mpm: str,
    workers: int,
    limit: int,
    threads: int,
    low: int,
    high: int,
    start: int,
) -> None:
    directory = tmp_path_factory.mktemp("front")
    spare = "Servers" if mpm == "prefork" else "Threads"
    written = [f"MaxRequestWorkers {workers}", f"ServerLimit {limit}", f"StartServers {start}"]
    written += [f"MinSpare{spare} {low}", f"MaxSpare{spare} {high}"]
    if mpm != "prefork":
        written.append(f"ThreadsPerChild {threads}")
    configuration = load(directory, mpm, written)
    views = views_of(configuration)
    assert views.settings is not None
    assert views.mpm is not None
    observation = observe(configuration, views, ObserveRequest(live=False))
    front = recommended_front(views.settings, views.mpm, observation, "none")
    fixed = [
        f"MaxRequestWorkers {front.max_request_workers}",
        f"ServerLimit {front.server_limit}",
        f"StartServers {front.start_servers}",
        f"MinSpare{spare} {front.min_spare}",
        f"MaxSpare{spare} {front.max_spare}",
    ]
    if mpm != "prefork":
        fixed += [f"ThreadLimit {front.thread_limit}", f"ThreadsPerChild {front.threads}"]
    after = mpm_settings(load(directory, mpm, fixed))
    assert after is not None
    assert after.clamps == ()


def test_daemons_need_workers_beside_their_own() -> None:
    assert enough_for_daemons(0) == 0
    assert enough_for_daemons(60) == 100
