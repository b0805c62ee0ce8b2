"""The slow suite here runs only when it is asked for, with ``-m slow``."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" in config.getoption("markexpr"):
        return
    here = Path(__file__).parent
    slow = [one for one in items if one.path.is_relative_to(here) and "slow" in one.keywords]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [one for one in items if one not in slow]
