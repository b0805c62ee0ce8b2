"""The result under the other MPMs of this httpd."""

from tuner.apache.effective.mpm import MpmName
from tuner.capacity.front import front_for_mpm
from tuner.pipeline.optimise.alternatives.beside import Other, beside, failed
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.race import Runner
from tuner.pipeline.optimise.result import Alternative

_MPMS: tuple[MpmName, ...] = ("event", "worker", "prefork")


def try_other_mpms(laboratory: Laboratory, winner: Runner) -> tuple[Alternative, ...]:
    """Measure the winner's settings under each other MPM.

    An embedded application under a threaded MPM must be safe for threads, so it is
    not tried.
    """
    front = winner.settings.front
    if laboratory.bench.target.is_embedded:
        why = "the application runs in the front processes, and may not be safe for threads"
        return (failed(f"another MPM than {front.mpm}", winner.settings, why),)
    return tuple(
        beside(
            laboratory,
            winner,
            Other(
                name=f"MPM {mpm}",
                slug=f"mpm-{mpm}",
                laboratory=laboratory.apart(),
                tree=winner.tree,
                settings=winner.settings.model_copy(update={"front": front_for_mpm(front, mpm)}),
                directives=(f"LoadModule mpm_{mpm}_module (instead of mpm_{front.mpm}_module)",),
            ),
        )
        for mpm in _MPMS
        if mpm != front.mpm and laboratory.bench.httpd.has_mpm(mpm)
    )
