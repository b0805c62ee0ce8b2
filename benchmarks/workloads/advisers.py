"""Who advises: today's folklore and general optimisers, each as a function to settings."""

import math
import random
from collections.abc import Callable

from tuner.capacity.front import resize_front, workers_for_daemons
from tuner.capacity.settings import GroupSettings, Settings
from tuner.search.space import Point, Space
from tuner.search.trial import Trial

Measure = Callable[[Point], Trial]


def debian_stock(space: Space) -> Settings:
    """Return what Debian and mod_wsgi do when nothing is set: the configuration as it is."""
    return space.today


def express(space: Space) -> Settings:
    """Return mod_wsgi-express's defaults: 1 process, 5 threads, and its formula for the front."""
    groups = tuple(
        GroupSettings(name=one.name, processes=1, threads=5) for one in space.today.groups
    )
    workers = workers_for_daemons(sum(one.capacity for one in groups) or 5)
    return Settings(front=resize_front(space.today.front, workers), groups=groups)


def division(space: Space, front_rss_bytes: int) -> Settings:
    """Return budget / RSS of a front process as MaxRequestWorkers, as apache2buddy divides.

    It knows neither threads nor daemons: the number goes into MaxRequestWorkers and
    the daemons stay as they are.
    """
    workers = max(1, space.budget_bytes // max(1, front_rss_bytes))
    workers = min(workers, 20_000)
    return space.today.model_copy(update={"front": resize_front(space.today.front, workers)})


def every_point(space: Space) -> list[Point]:
    """Return all points of the space that fit memory."""
    return [
        point
        for processes in space.process_levels()
        for threads in space.thread_levels()
        if space.allows(point := Point(processes=processes, threads=threads))
    ]


def grid(space: Space, most: int) -> list[Point]:
    """Return at most about ``most`` points spread over the space, the corners included."""
    processes, threads = space.process_levels(), space.thread_levels()
    if len(threads) == 1:
        rows, columns = most, 1
    else:
        rows = min(len(processes), max(2, round(math.sqrt(most))))
        columns = max(2, most // rows)
    chosen = [
        Point(processes=p, threads=t)
        for p in _spread(processes, rows)
        for t in _spread(threads, columns)
    ]
    return [point for point in chosen if space.allows(point)]


def _spread(levels: tuple[int, ...], count: int) -> list[int]:
    if len(levels) <= count:
        return list(levels)
    step = (len(levels) - 1) / (count - 1)
    return [levels[round(number * step)] for number in range(count)]


def random_search(space: Space, measure: Measure, trials: int, seed: int) -> Trial:
    """Measure random points of the space; return the best."""
    points = every_point(space)
    chosen = random.Random(seed).sample(points, min(trials, len(points)))
    return best([measure(point) for point in chosen])


def optuna_tpe(space: Space, measure: Measure, trials: int, seed: int) -> Trial:
    """Let Optuna's TPE sampler choose among the same levels; return its best trial."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found: list[Trial] = []

    def objective(trial: "optuna.Trial") -> float:
        levels = space.process_levels()
        processes = levels[trial.suggest_int("processes", 0, len(levels) - 1)]
        levels = space.thread_levels()
        threads = levels[trial.suggest_int("threads", 0, len(levels) - 1)]
        point = Point(processes=processes, threads=threads)
        if not space.allows(point):
            raise optuna.TrialPruned
        found.append(measure(point))
        return found[-1].throughput

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, n_trials=trials)
    return best(found)


def best(trials: list[Trial]) -> Trial:
    """Return the fastest trial."""
    return max(trials, key=lambda one: one.throughput)


def settings_of(space: Space, point: Point) -> Settings:
    """Return the settings of a point."""
    return space.today if point == space.start else space.settings(point)
