"""The budget and the equation that it comes with."""

import pytest

from tuner.capacity.budget import Budget, BudgetTerm, Room, given_budget, measured_budget
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


def room(memory: int, others: int = 0, *, is_group: bool = False) -> Room:
    return Room(
        limit_bytes=memory,
        limit_source="MemTotal in /proc/meminfo",
        others_bytes=others,
        others_source="used by others",
        is_group=is_group,
    )


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
    budget = measured_budget([room(memory, others)], reserve)
    assert abs(budget.size_bytes - size) <= 1
    assert budget.origin == "measured"


def test_a_measured_budget_shows_its_terms() -> None:
    budget = measured_budget([room(16 * GB, 2 * GB)], None)
    assert budget.formula == "16 GB memory - 2 GB other services - 1.6 GB reserve = 12.4 GB"
    assert [one.source for one in budget.terms] == [
        "MemTotal in /proc/meminfo",
        "used by others",
        "10 % of the memory, at least 256 MB",
    ]
    assert measured_budget([room(GB)], "1M").terms[-1].source == "--reserve"


def test_the_budget_is_that_of_the_limit_that_leaves_least() -> None:
    group = room(4 * GB, is_group=True)
    assert measured_budget([room(16 * GB), group], None).terms[0].size_bytes == 4 * GB
    full = room(8 * GB, 7 * GB, is_group=True)
    assert measured_budget([room(16 * GB), group, full], None).terms[0].size_bytes == 8 * GB


def test_a_control_group_keeps_less_in_reserve_than_a_machine() -> None:
    assert measured_budget([room(256 * MB, is_group=True)], None).size_bytes == 192 * MB
    assert measured_budget([room(256 * MB)], None).size_bytes == 0


@pytest.mark.parametrize(("files", "kept"), [(300 * MB, 300 * MB), (9 * GB, 4 * GB)])
def test_static_files_have_their_page_cache_up_to_a_quarter(files: int, kept: int) -> None:
    term = BudgetTerm(name="static files", size_bytes=-files, source="/var/www")
    budget = measured_budget([room(16 * GB)], None, term)
    assert budget.terms[-1].size_bytes == -kept
    assert measured_budget([room(16 * GB)], "1G", term).terms[-1].name == "reserve"


def test_a_budget_is_the_sum_of_its_terms_and_never_below_nothing() -> None:
    terms = [BudgetTerm(name=f"t{size}", size_bytes=size, source="") for size in (5, -3, 4)]
    assert Budget(terms=tuple(terms), origin="given").size_bytes == 6
    assert Budget(terms=tuple(terms[1:2]), origin="given").size_bytes == 0
    assert Budget(terms=(), origin="given").size_bytes == 0
