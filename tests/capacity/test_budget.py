"""The budget and the equation that it comes with."""

import pytest

from tuner.capacity.budget import Budget, BudgetTerm, given_budget, measured_budget
from tuner.errors import UsageError

MB, GB = 2**20, 2**30


@pytest.mark.parametrize(
    ("text", "reserve", "size", "formula"),
    [
        ("16G", None, 16 * GB, "16 GB given"),
        ("512M", None, 512 * MB, "512 MB given"),
        ("75%", None, 24 * GB, "24 GB given"),
        ("100%", None, 32 * GB, "32 GB given"),
        ("16G", "1G", 15 * GB, "16 GB given - 1 GB reserve = 15 GB"),
        ("16G", "25%", 12 * GB, "16 GB given - 4 GB reserve = 12 GB"),
        ("50%", "50%", 8 * GB, "16 GB given - 8 GB reserve = 8 GB"),
        ("16G", "0", 16 * GB, "16 GB given + 0 B reserve = 16 GB"),
        ("1G", "2G", 0, "1 GB given - 2 GB reserve = 0 B"),
    ],
)
def test_a_given_budget(text: str, reserve: str | None, size: int, formula: str) -> None:
    budget = given_budget(text, 32 * GB, reserve)
    assert budget.size_bytes == size
    assert budget.formula == formula
    assert budget.origin == "given"


@pytest.mark.parametrize(
    ("text", "source"), [("16G", "--budget"), ("50%", "--budget 50% of the memory")]
)
def test_a_given_budget_says_where_it_comes_from(text: str, source: str) -> None:
    assert given_budget(text, 32 * GB, None).terms[0].source == source


@pytest.mark.parametrize("text", ["", "much", "-1G", "101%", "-1%", "%", "nan%", "1 X"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        given_budget(text, 32 * GB, None)
    with pytest.raises(UsageError):
        given_budget("1G", 32 * GB, text)


@pytest.mark.parametrize(
    ("memory", "others", "reserve", "size"),
    [
        (16 * GB, 2 * GB, None, int(12.4 * GB)),
        (1 * GB, 0, None, 768 * MB),
        (200 * MB, 0, None, 0),
        (16 * GB, 2 * GB, "1G", 13 * GB),
        (16 * GB, 2 * GB, "25%", 10 * GB),
        (16 * GB, 2 * GB, "0", 14 * GB),
        (1 * GB, 2 * GB, None, 0),
    ],
)
def test_a_measured_budget(memory: int, others: int, reserve: str | None, size: int) -> None:
    budget = measured_budget(memory, "MemTotal", others, "others", reserve)
    assert abs(budget.size_bytes - size) <= 1
    assert budget.origin == "measured"


def test_a_measured_budget_shows_its_terms() -> None:
    budget = measured_budget(16 * GB, "MemTotal in /proc/meminfo", 2 * GB, "used by others", None)
    assert budget.formula == "16 GB memory - 2 GB other services - 1.6 GB reserve = 12.4 GB"
    assert [one.source for one in budget.terms] == [
        "MemTotal in /proc/meminfo",
        "used by others",
        "10 % of the memory, at least 256 MB",
    ]
    assert measured_budget(GB, "", 0, "", "1M").terms[-1].source == "--reserve"


def test_a_budget_is_the_sum_of_its_terms_and_never_below_nothing() -> None:
    terms = [BudgetTerm(name=f"t{size}", size_bytes=size, source="") for size in (5, -3, 4)]
    assert Budget(terms=tuple(terms), origin="given").size_bytes == 6
    assert Budget(terms=tuple(terms[1:2]), origin="given").size_bytes == 0
    assert Budget(terms=(), origin="given").size_bytes == 0
