"""What is learned from an access log, and what is left out."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.errors import UsageError
from tuner.probe.accesslog import WELL_KNOWN, LearnedTraffic, has_token, learn
from tuner.probe.mix import parse_requests

COMBINED_D = '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D'


def line(
    request: str = "GET / HTTP/1.1",
    status: int = 200,
    second: int = 0,
    agent: str = "Mozilla",
    microseconds: int = 1000,
) -> str:
    return (
        f"192.0.2.7 - - [23/Nov/2026:10:00:{second:02} +0000] "
        f'"{request}" {status} 100 "-" "{agent}" {microseconds}\n'
    )


def learned(
    tmp_path: Path, lines: Sequence[str], formats: Sequence[str] = (COMBINED_D,), **options: object
) -> LearnedTraffic:
    file = tmp_path / "access.log"
    file.write_text("".join(lines))
    return learn(file, formats, **options)  # type: ignore[arg-type]


def test_paths_are_weighted_by_how_often_they_were_asked_for(tmp_path: Path) -> None:
    found = learned(tmp_path, [line("GET /a HTTP/1.1")] * 3 + [line("HEAD /b?x=1 HTTP/1.1")])
    assert found.options == ("/a=3", "HEAD /b?x=1=1")
    first, second = parse_requests(found.options)
    assert (first.path, first.weight) == ("/a", 3)
    assert (second.method, second.path, second.weight) == ("HEAD", "/b?x=1", 1)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line("POST /a HTTP/1.1"), "method POST"),
        (line("GET /a HTTP/1.1", 404), "error responses"),
        (line("GET /a HTTP/1.1", 503), "error responses"),
        (line("GET /a?token=abc HTTP/1.1"), "may hold a token"),
        (line("GET /a?x=4f2a9c81e7b34d55a1c0ffee12345678 HTTP/1.1"), "may hold a token"),
        (line("GET /reset/4f2a9c81e7b34d55a1c0ffee12345678 HTTP/1.1"), "may hold a token"),
        (line("GET /account/logout HTTP/1.1"), "signs out or deletes"),
        (line("GET /items/3/delete?x=1 HTTP/1.1"), "signs out or deletes"),
        (line("GET http://elsewhere/ HTTP/1.1"), "not a path"),
        (line("OPTIONS * HTTP/1.0"), "method OPTIONS"),
        (line(agent="tuner/0.1.0 (load probe)"), "sent by tuner"),
    ],
)
def test_what_is_unsafe_to_send_again_is_counted_but_not_in_the_mix(
    tmp_path: Path, bad: str, reason: str
) -> None:
    found = learned(tmp_path, [line(), bad])
    assert found.options == ("/=1",)
    assert found.excluded == {reason: 1}


def test_tokens_are_sent_again_only_when_allowed(tmp_path: Path) -> None:
    lines = [line(), line("GET /a?key=1 HTTP/1.1")]
    assert learned(tmp_path, lines, allow_tokens=True).options == ("/=1", "/a?key=1=1")


@pytest.mark.parametrize(
    "path", ["/", "/shop?page=2&sort=price", "/static/app-3f2a9c81.js", "/a/b"]
)
def test_usual_addresses_hold_no_token(path: str) -> None:
    assert not has_token(path)


def test_a_secret_never_gets_into_the_result(tmp_path: Path) -> None:
    found = learned(tmp_path, [line(), line("GET /a?password=hunter2 HTTP/1.1")])
    assert "hunter2" not in found.model_dump_json()


def test_rare_paths_are_reported_as_the_remainder(tmp_path: Path) -> None:
    lines = [line(f"GET /{n} HTTP/1.1") for n in range(5) for _ in range(5 - n)]
    found = learned(tmp_path, lines, top=2)
    assert [one.path for one in found.shares] == ["/0", "/1"]
    assert (found.remainder_paths, found.remainder_requests) == (3, 6)


def test_rate_and_concurrency_are_those_of_the_busiest_second(tmp_path: Path) -> None:
    """Ten requests of half a second in one second keep five in flight on average."""
    lines = [line(second=1, microseconds=400_000)] * 10 + [line(second=9, microseconds=1000)]
    found = learned(tmp_path, lines)
    assert found.peak_rate == 10
    assert found.period_seconds == 9
    assert found.mean_rate == pytest.approx(11 / 9)
    assert found.peak_concurrency == pytest.approx(4.0)
    assert found.duration_source == "%D"


def test_a_long_request_counts_in_every_second_that_it_lasts(tmp_path: Path) -> None:
    lines = [line(second=second, microseconds=5_000_000) for second in range(10)]
    assert learned(tmp_path, lines).peak_concurrency == pytest.approx(5.0)


def test_without_durations_the_concurrency_is_unknown(tmp_path: Path) -> None:
    lines = [one.rpartition(" ")[0] + "\n" for one in [line(), line()]]
    found = learned(tmp_path, lines, WELL_KNOWN)
    assert found.peak_concurrency is None
    assert found.format == WELL_KNOWN[1]


def test_errors_and_excluded_requests_are_load_too(tmp_path: Path) -> None:
    found = learned(tmp_path, [line(), line("POST /x HTTP/1.1"), line(status=500)])
    assert found.peak_rate == 3


def test_only_the_named_virtual_host_is_in_the_mix(tmp_path: Path) -> None:
    lines = [f"{host}:80 {line()}" for host in ("shop.example", "shop.example", "other.example")]
    text = f"%v:%p {COMBINED_D}"
    found = learned(tmp_path, lines, (text,), host="shop.example")
    assert found.options == ("/=2",)
    assert found.excluded == {"other virtual host": 1}


def test_gzip_is_read(tmp_path: Path) -> None:
    file = tmp_path / "access.log.2.gz"
    file.write_bytes(gzip.compress(line().encode() * 3))
    assert learn(file, (COMBINED_D,)).options == ("/=3",)


def test_a_damaged_gzip_is_one_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "access.log.gz"
    whole = gzip.compress("".join(line(second=n % 60) for n in range(5000)).encode())
    for damaged in (whole[: len(whole) // 2], whole[:100] + b"\0" * 50 + whole[150:]):
        file.write_bytes(damaged)
        with pytest.raises(UsageError, match=r"--access-log .*access\.log\.gz: "):
            learn(file, (COMBINED_D,))


def test_time_is_bounded_and_said(tmp_path: Path) -> None:
    file = tmp_path / "access.log"
    file.write_text(line() * 5000)
    ticks = iter([0.0, 1.0, 2.0, 100.0])
    found = learn(file, (COMBINED_D,), clock=lambda: next(ticks))
    assert found.lines == 2000
    assert found.cut == "only the 2000 lines read in 30 s"


def test_of_a_long_file_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuner.probe.accesslog.MAX_BYTES", 1 << 20)
    old, new = line("GET /old HTTP/1.1"), line("GET /new HTTP/1.1")
    found = learned(tmp_path, [old] * 20_000 + [new] * 100)
    assert found.cut == "only its last 1 MB"
    assert {one.path for one in found.shares} == {"/old", "/new"}
    assert found.lines < 15_000


@pytest.mark.parametrize(
    ("lines", "formats", "said"),
    [
        ([], (COMBINED_D,), "no line has a known format"),
        (["nonsense\n"], (COMBINED_D,), "no line has a known format"),
        ([line()], ("%Y",), "is not understood"),
        ([line("POST / HTTP/1.1")], (COMBINED_D,), "nothing in it can be sent again"),
    ],
)
def test_a_log_of_no_use_is_refused(
    tmp_path: Path, lines: list[str], formats: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError, match="--access-log") as error:
        learned(tmp_path, lines, formats)
    assert said in str(error.value)


def test_a_log_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        learn(tmp_path / "none", (COMBINED_D,))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.log"
    file.write_bytes(line().encode() + data)
    found = learn(file, (COMBINED_D,))
    assert found.lines >= 1
    assert parse_requests(found.options)
