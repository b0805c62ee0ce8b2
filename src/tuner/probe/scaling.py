"""What a ladder says: knee, error cliff, and the Universal Scalability Law.

Gunther, "Guerrilla Capacity Planning", 2007:
``X(N) = rate x N / (1 + contention x (N - 1) + coherency x N x (N - 1))``.
"""

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

from tuner.probe.plan import Value
from tuner.probe.result import ProbeResult

FLAT_GAIN = 1.05
FLAT_LATENCY = 1.7
IDLE_SERVER_SHARE = 0.5
KNEE_SHARE = 0.95
CLIFF_ERRORS = 0.01
CLIFF_SHARE = 0.8


class Step(Value):
    """All probes at one concurrency."""

    concurrency: int
    probes: tuple[ProbeResult, ...]

    @property
    def throughput(self) -> float:
        """Median over the probes."""
        return statistics.median([one.throughput for one in self.probes])

    @property
    def error_rate(self) -> float:
        """Share of all requests that failed."""
        requests = sum(one.requests for one in self.probes)
        return 1 - sum(one.good for one in self.probes) / requests if requests else 1.0

    def latency(self, field: str) -> float | None:
        """Return the median of one latency field in seconds; None when nothing succeeded."""
        found = [getattr(one.latency, field) for one in self.probes if one.latency]
        return statistics.median(found) if found else None

    @property
    def server_cores(self) -> float | None:
        """Cores that the server used; None when that is not known."""
        found = [one.server_cores for one in self.probes if one.server_cores is not None]
        return statistics.median(found) if found else None


class ScalabilityLaw(Value):
    """The law's parameters with their standard errors."""

    rate: float
    """Requests a second of one client alone."""
    contention: float
    contention_error: float
    coherency: float
    coherency_error: float
    fit: float
    """Share of the variation that the law explains (R squared)."""

    @property
    def peak_concurrency(self) -> float | None:
        """Where throughput is highest; None when the law has no peak."""
        if self.coherency <= 0 or self.contention >= 1:
            return None
        return math.sqrt((1 - self.contention) / self.coherency)

    @property
    def limit(self) -> float | None:
        """The throughput that it approaches or peaks at."""
        peak = self.peak_concurrency
        if peak is not None:
            return self.at(peak)
        return self.rate / self.contention if self.contention > 0 else None

    def at(self, concurrency: float) -> float:
        """Return the predicted throughput."""
        below = 1 + self.contention * (concurrency - 1)
        below += self.coherency * concurrency * (concurrency - 1)
        return self.rate * concurrency / below


class Scaling(Value):
    """What the whole ladder says."""

    knee: int | None
    """The first concurrency that reaches 95 % of the highest throughput."""
    knee_reason: str
    cliff: int | None
    """The first concurrency at which requests fail or throughput collapses."""
    cliff_reason: str
    law: ScalabilityLaw | None
    flat: tuple[str, ...]
    """Steps at which neither side worked: the client or the network was the limit."""


def scaling(steps: Sequence[Step]) -> Scaling:
    """Read a ladder."""
    knee, knee_reason = _knee(steps)
    cliff, cliff_reason = _cliff(steps)
    return Scaling(
        knee=knee,
        knee_reason=knee_reason,
        cliff=cliff,
        cliff_reason=cliff_reason,
        law=fit_law(
            [
                (one.concurrency, one.throughput)
                for one in steps
                if one.throughput > 0 and one.error_rate <= CLIFF_ERRORS
            ]
        ),
        flat=_flat(steps),
    )


def _knee(steps: Sequence[Step]) -> tuple[int | None, str]:
    most = max((one.throughput for one in steps), default=0.0)
    if len(steps) < 2 or not most:
        return None, "a knee needs two steps that work"
    knee = next(one for one in steps if one.throughput >= KNEE_SHARE * most)
    if knee is steps[-1]:
        return None, f"throughput still rises at {knee.concurrency}"
    latency = knee.latency("p50_seconds")
    shown = f" at {latency * 1e3:.1f} ms" if latency else ""
    return knee.concurrency, (
        f"{knee.throughput:.0f} requests/s{shown}; more clients only wait longer"
    )


def _cliff(steps: Sequence[Step]) -> tuple[int | None, str]:
    most = 0.0
    for step in steps:
        most = max(most, step.throughput)
        if step.error_rate > CLIFF_ERRORS:
            kinds: dict[str, int] = {}
            for probe in step.probes:
                for kind, count in probe.errors.items():
                    kinds[kind] = kinds.get(kind, 0) + count
            worst = max(kinds, key=lambda kind: kinds[kind])
            return step.concurrency, f"{step.error_rate:.1%} of the requests fail, mostly: {worst}"
        if step.throughput < CLIFF_SHARE * most:
            return step.concurrency, (
                f"throughput falls to {step.throughput / most:.0%} of the highest"
            )
    return None, "no errors and no collapse up to the last step"


def _flat(steps: Sequence[Step]) -> tuple[str, ...]:
    found: list[str] = []
    for before, after in pairwise(steps):
        first, second = before.latency("p50_seconds"), after.latency("p50_seconds")
        cores = after.server_cores
        if first is None or second is None or cores is None:
            continue
        grown = after.concurrency / before.concurrency
        stays = after.throughput < FLAT_GAIN * before.throughput
        waits = second > min(FLAT_LATENCY, grown * 0.85) * first
        if stays and waits and cores < IDLE_SERVER_SHARE:
            found.append(
                f"from {before.concurrency} to {after.concurrency} clients throughput stays and "
                f"latency grows while the server uses {cores:.2f} cores: it is not the limit"
            )
    return tuple(found)


def fit_law(points: Sequence[tuple[float, float]]) -> ScalabilityLaw | None:
    """Fit the law by least squares on ``N / X``, in which it is linear.

    Each point is weighted so that relative errors of X count alike: without, the
    slowest point would decide alone. Needs four points. Parameters that would be
    negative are left out, as they mean nothing.
    """
    if len({n for n, _ in points}) < 4:
        return None
    weights = [x / n for n, x in points]
    rows = [
        (weight, weight * (n - 1.0), weight * n * (n - 1.0))
        for weight, (n, _) in zip(weights, points, strict=True)
    ]
    target = [1.0] * len(points)
    for used in ((0, 1, 2), (0, 1), (0, 2), (0,)):
        solved = _least_squares([[row[i] for i in used] for row in rows], target)
        if solved is None:
            continue
        values, errors = solved
        if values[0] > 0 and all(value >= 0 for value in values):
            full = dict(zip(used, values, strict=True))
            spread = dict(zip(used, errors, strict=True))
            law = ScalabilityLaw(
                rate=1 / full[0],
                contention=full.get(1, 0.0) / full[0],
                contention_error=spread.get(1, 0.0) / full[0],
                coherency=full.get(2, 0.0) / full[0],
                coherency_error=spread.get(2, 0.0) / full[0],
                fit=0.0,
            )
            return law.model_copy(update={"fit": _explained(law, points)})
    return None


def _explained(law: ScalabilityLaw, points: Sequence[tuple[float, float]]) -> float:
    mean = math.fsum(x for _, x in points) / len(points)
    total = math.fsum((x - mean) ** 2 for _, x in points)
    left = math.fsum((x - law.at(n)) ** 2 for n, x in points)
    return 1 - left / total if total else 1.0


def _least_squares(
    rows: Sequence[Sequence[float]], target: Sequence[float]
) -> tuple[list[float], list[float]] | None:
    """Solve the normal equations; return values and standard errors."""
    size = len(rows[0])
    scale = [max(abs(row[i]) for row in rows) or 1.0 for i in range(size)]
    scaled = [[row[i] / scale[i] for i in range(size)] for row in rows]
    matrix = [[math.fsum(r[i] * r[j] for r in scaled) for j in range(size)] for i in range(size)]
    inverse = _inverse(matrix)
    if inverse is None:
        return None
    pairs = list(zip(scaled, target, strict=True))
    moments = [math.fsum(row[i] * t for row, t in pairs) for i in range(size)]
    values = [math.fsum(inverse[i][j] * moments[j] for j in range(size)) for i in range(size)]
    residual = math.fsum(
        (t - math.fsum(v * x for v, x in zip(values, row, strict=True))) ** 2 for row, t in pairs
    )
    freedom = max(1, len(rows) - size)
    errors = [math.sqrt(max(0.0, inverse[i][i] * residual / freedom)) for i in range(size)]
    return (
        [value / s for value, s in zip(values, scale, strict=True)],
        [error / s for error, s in zip(errors, scale, strict=True)],
    )


def _inverse(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """Invert a small matrix by elimination; None when it is singular."""
    size = len(matrix)
    work = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(work[row][column]))
        if abs(work[pivot][column]) < 1e-12:
            return None
        work[column], work[pivot] = work[pivot], work[column]
        divisor = work[column][column]
        work[column] = [value / divisor for value in work[column]]
        for row in range(size):
            if row != column:
                factor = work[row][column]
                work[row] = [a - factor * b for a, b in zip(work[row], work[column], strict=True)]
    return [row[size:] for row in work]
