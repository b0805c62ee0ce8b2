"""The search engines by name: one module each, behind one protocol."""

from collections.abc import Callable
from importlib import import_module
from typing import Protocol

from tuner.errors import UsageError
from tuner.search.space import Point, Space
from tuner.search.trial import Trial

_ENGINES = {
    "guided": ("tuner.search.guided", "GuidedSearch"),
    "coordinate": ("tuner.search.coordinate", "CoordinateSearch"),
}


class Search(Protocol):
    """Asks for points and is told their trials; never measures."""

    space: Space

    def ask(self) -> Point | None:
        """Return the point to measure next; None when the search is over."""

    def tell(self, trial: Trial) -> None:
        """Answer the last ``ask``."""

    def seed(self, point: Point, trial: Trial) -> None:
        """Take over a trial that was measured before this search."""

    @property
    def best(self) -> Trial | None:
        """The best feasible trial by the objective."""

    def candidates(self, count: int) -> list[Trial]:
        """Return the trials worth a final comparison, the best first."""

    @property
    def stopped(self) -> str:
        """Why the search asks no more; empty while it does."""


def search_engine(name: str) -> Callable[..., Search]:
    """Return an engine: call it with space, objective, demand, trials and ``has_lock``.

    Its module is imported only now.

    Raises:
        UsageError: there is no such engine.
    """
    if name not in _ENGINES:
        raise UsageError(f"no search {name!r}", hint=f"there are {', '.join(_ENGINES)}")
    module, attribute = _ENGINES[name]
    engine: Callable[..., Search] = getattr(import_module(module), attribute)
    return engine


ENGINES = tuple(_ENGINES)
