"""Compare the recommendation under the other MPMs of this httpd."""

from tuner.apache.effective.mpm import MpmName
from tuner.capacity.front import front_for_mpm
from tuner.errors import ServerError
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.race import Runner
from tuner.pipeline.optimise.result import OtherMpm

_MPMS: tuple[MpmName, ...] = ("event", "worker", "prefork")


def try_other_mpms(laboratory: Laboratory, winner: Runner) -> tuple[OtherMpm, ...]:
    """Measure the winner's settings under each other MPM, each beside the winner itself.

    An embedded application under a threaded MPM must be safe for threads, so it is
    not tried.
    """
    if laboratory.bench.target.is_embedded:
        return ()
    front = winner.settings.front
    load = (laboratory.request.concurrency,)
    found = []
    for mpm in _MPMS:
        if mpm == front.mpm or not laboratory.bench.httpd.has_mpm(mpm):
            continue
        settings = winner.settings.model_copy(update={"front": front_for_mpm(front, mpm)})
        try:
            (own,) = laboratory.bench.measure(winner.tree, winner.settings, load, "mpm-own")
            (other,) = laboratory.bench.measure(winner.tree, settings, load, f"mpm-{mpm}")
        except ServerError as error:
            found.append(OtherMpm(settings, 0.0, 0, 0.0, str(error)))
            continue
        found.append(
            OtherMpm(
                settings,
                other.probe.throughput,
                other.memory_bytes,
                other.probe.throughput / max(own.probe.throughput, 1e-9),
            )
        )
        laboratory.say(f"under {mpm}: {other.probe.throughput:.1f} req/s")
    return tuple(found)
