"""Latency in HDR histograms: three significant digits from 1 us to an hour, merged exactly."""

from collections.abc import Iterable, Mapping

from hdrh.histogram import HdrHistogram
from pydantic import BaseModel, ConfigDict

LOWEST_MICROSECONDS = 1
HIGHEST_MICROSECONDS = 3600 * 10**6
SIGNIFICANT_DIGITS = 3


class Latency(BaseModel):
    """Response times in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int
    mean_seconds: float
    p50_seconds: float
    p90_seconds: float
    p95_seconds: float
    p99_seconds: float
    p999_seconds: float
    max_seconds: float


def new_histogram() -> HdrHistogram:
    """Return an empty histogram."""
    return HdrHistogram(LOWEST_MICROSECONDS, HIGHEST_MICROSECONDS, SIGNIFICANT_DIGITS)


def record_counts(histogram: HdrHistogram, counts: Mapping[int, int]) -> None:
    """Add values in microseconds with their counts."""
    for value, count in counts.items():
        bounded = min(max(value, LOWEST_MICROSECONDS), HIGHEST_MICROSECONDS)
        histogram.record_value(bounded, count)


def histogram_of(microseconds: Iterable[int]) -> HdrHistogram:
    """Return a histogram of single values."""
    histogram = new_histogram()
    for value in microseconds:
        histogram.record_value(min(max(value, LOWEST_MICROSECONDS), HIGHEST_MICROSECONDS))
    return histogram


def merged(encoded: Iterable[str]) -> HdrHistogram:
    """Return the sum of encoded histograms; nothing is lost by merging."""
    total = new_histogram()
    for text in encoded:
        total.decode_and_add(text.encode("ascii"))
    return total


def encode(histogram: HdrHistogram) -> str:
    """Return the histogram in the HDR V2 format, compressed, as text."""
    return str(histogram.encode().decode("ascii"))


def decode(text: str) -> HdrHistogram:
    """Undo ``encode``."""
    return HdrHistogram.decode(text.encode("ascii"))


def summarise(histogram: HdrHistogram) -> Latency | None:
    """Return the usual percentiles; None when nothing was recorded."""
    if not histogram.get_total_count():
        return None

    def at(percent: float) -> float:
        return float(histogram.get_value_at_percentile(percent)) / 1e6

    return Latency(
        count=histogram.get_total_count(),
        mean_seconds=_mean_microseconds(histogram) / 1e6,
        p50_seconds=at(50),
        p90_seconds=at(90),
        p95_seconds=at(95),
        p99_seconds=at(99),
        p999_seconds=at(99.9),
        max_seconds=float(histogram.get_max_value()) / 1e6,
    )


def _mean_microseconds(histogram: HdrHistogram) -> float:
    """Return what ``get_mean_value`` does in 0.1 s; every probe has several histograms."""
    total = 0.0
    for index, count in enumerate(histogram.counts):
        if count:
            value = histogram.get_value_from_index(index)
            lowest = histogram.get_lowest_equivalent_value(value)
            total += count * (lowest + histogram.get_highest_equivalent_value(value)) / 2
    return total / float(histogram.get_total_count())
