"""Sizes and durations: read, written, and read again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.errors import UsageError
from tuner.units import (
    format_seconds,
    format_size,
    parse_duration,
    parse_percent,
    parse_share,
    parse_size,
)

PROPERTY = settings(deadline=None, max_examples=300, derandomize=True)
KB, MB, GB, TB = 2**10, 2**20, 2**30, 2**40


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ("40M", 40 * MB),
        ("40MB", 40 * MB),
        ("40MiB", 40 * MB),
        ("40m", 40 * MB),
        ("40 mib", 40 * MB),
        (" 40M ", 40 * MB),
        ("1.5G", 3 * GB // 2),
        ("0.5K", 512),
        ("2T", 2 * TB),
        ("7B", 7),
        ("1.9", 1),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_size(text) == size
    assert isinstance(parse_size(text), int)


@pytest.mark.parametrize(
    "text", ["", "M", "-1", "+1", "1,5G", "1e3", "0x10", "40 MX", "4 0", "40%", "1.G", ".5G", "inf"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a size") as caught:
        parse_size(text)
    assert caught.value.hint == "write 40M, 1.5G or a number of bytes"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("50%", 500),
        ("0%", 0),
        ("100%", 1000),
        ("12.5 %", 125),
        (" 1% ", 10),
        ("40", 40),
        ("1K", KB),
    ],
)
def test_shares_are_sizes_or_percentages(text: str, size: int) -> None:
    assert parse_share(text, 1000) == size


@pytest.mark.parametrize("text", ["101%", "-1%", "%", "x%", "nan%", "inf%"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a share"):
        parse_share(text, 1000)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2", 2),
        ("2s", 2),
        ("2.5S", 2.5),
        ("500ms", 0.5),
        ("500 ms", 0.5),
        ("250us", 0.00025),
        ("3m", 180),
        ("3min", 180),
        ("1h", 3600),
        ("0", 0),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "-1s", "1 d", "1:30", "1m30s", "1e3", "nan"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (1000, "0.98 KB"),
        (1023, "1 KB"),
        (KB, "1 KB"),
        (1536, "1.5 KB"),
        (40 * MB, "40 MB"),
        (40.25 * MB, "40.2 MB"),
        (1000 * MB, "0.98 GB"),
        (19.53 * GB, "19.5 GB"),
        (16 * GB, "16 GB"),
        (5000 * TB, "5000 TB"),
        (-40 * MB, "-40 MB"),
    ],
)
def test_sizes_are_written(size: float, text: str) -> None:
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.0000123, "12.3 us"),
        (0.0124, "12.4 ms"),
        (0.5, "500 ms"),
        (1, "1 s"),
        (1.5, "1.5 s"),
        (15, "15 s"),
        (119, "119 s"),
        (120, "2.0 min"),
        (300, "5.0 min"),
        (5400, "90.0 min"),
    ],
)
def test_durations_are_written(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@PROPERTY
@given(st.integers(0, 900 * TB))
def test_a_size_that_was_written_reads_back_to_three_digits(size: int) -> None:
    assert parse_size(format_size(size)) == pytest.approx(size, rel=0.006, abs=1)


@PROPERTY
@given(st.integers(0, 10**6), st.sampled_from(["", "K", "M", "G"]))
def test_a_size_in_any_unit_is_that_many_times_its_unit(number: int, unit: str) -> None:
    factor = {"": 1, "K": KB, "M": MB, "G": GB}[unit]
    for suffix in ("", "B", "iB") if unit else ("", "B"):
        assert parse_size(f"{number}{unit}{suffix}") == number * factor


@PROPERTY
@given(st.floats(1e-6, 1e6))
def test_a_duration_that_was_written_reads_back_to_three_digits(seconds: float) -> None:
    assert parse_duration(format_seconds(seconds)) == pytest.approx(seconds, rel=0.03)


@PROPERTY
@given(st.lists(st.integers(1, 2**50), min_size=2, max_size=2, unique=True).map(sorted))
def test_a_larger_size_never_reads_smaller(sizes: list[int]) -> None:
    smaller, larger = (parse_size(format_size(size)) for size in sizes)
    assert smaller <= larger or larger == pytest.approx(smaller, rel=0.006)


@pytest.mark.parametrize(
    ("text", "share"), [("10%", 0.1), ("2.5", 0.025), (" 0% ", 0), ("150%", 1.5)]
)
def test_a_percentage_is_a_share(text: str, share: float) -> None:
    assert parse_percent(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "x", "-1%", "nan", "inf", "1001%"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a percentage"):
        parse_percent(text)
