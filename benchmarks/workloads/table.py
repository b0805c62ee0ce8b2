"""What the measured workloads come to: the figures over all of them, and the tables."""

import statistics
from typing import Any

from benchmarks import results


def markdown(document: dict[str, Any]) -> str:
    """Return the tables: each adviser's throughput as a share of the grid's best."""
    workloads = document["workloads"]
    names = [name for name in next(iter(workloads.values())) if name != "grid"]
    rows = [
        [title, f"{found['grid']['throughput']:.0f}", *(_cell(found[name]) for name in names)]
        for title, found in workloads.items()
    ]
    columns = {"tuner": "tuner chose", "tuner again 1": "again", "grid": "best of the grid"}
    columns = {name: head for name, head in columns.items() if name == "grid" or name in names}
    chosen = [
        [title, *(found[name]["name"] for name in columns)] for title, found in workloads.items()
    ]
    lines = [
        "Throughput as a share of the best of an exhaustive grid, all measured again in turn, "
        "with 95 % intervals; `!` marks settings over the memory budget.",
        results.table(["workload", "grid, req/s", *names], rows),
        "\n".join(f"- {line}" for line in _verdicts(document)),
        results.table(["workload", *columns.values()], chosen),
        f"Probes of {document['probe_seconds']:g} s in the searches, of 1 s in the comparison "
        f"({document['rounds']} rounds), a grid of about {document['grid']} points, "
        f"{document['trials']} trials for those that search.",
    ]
    return "\n\n".join(lines)


def _cell(found: dict[str, Any]) -> str:
    ratio = found["of_grid"]
    mark = "" if found["fits_budget"] else " !"
    return f"{ratio['estimate']:.1%} ({ratio['low']:.0%} to {ratio['high']:.0%}){mark}"


def _verdicts(document: dict[str, Any]) -> list[str]:
    """Return each figure with what was wanted of it."""

    def judged(text: str, is_met: bool) -> str:
        return f"{text}: {'met' if is_met else 'MISSED'}."

    found = document["summary"]
    agreement = found["agreement"]
    return [
        judged(
            f"tuner's share of the grid: worst {found['worst_share']:.1%}, wanted 95 %",
            found["worst_share"] >= 0.95,
        ),
        judged(f"median {found['median_share']:.1%}, wanted 98 %", found["median_share"] >= 0.98),
        judged(
            f"at most {found['most_trials']} trials and {found['most_seconds']:.0f} s, "
            "wanted 15 and 240 s",
            found["most_trials"] <= 15 and found["most_seconds"] <= 240,
        ),
        judged(
            f"{found['trials_over_budget']} trials and {found['advice_over_budget']} "
            "recommendations over the memory budget, wanted none",
            not found["trials_over_budget"] and not found["advice_over_budget"],
        ),
        judged(
            f"against Debian stock, geometric mean {found['gain']:.2f} times, wanted 1.7",
            found["gain"] >= 1.7,
        ),
        judged(
            "advisers whose settings fit the budget and are faster beyond noise: "
            + (", ".join(found["beaten_by"]) or "none"),
            not found["beaten_by"],
        ),
        judged(
            f"a second run of tuner differs by at most {agreement:.1%}, wanted 3 %",
            agreement <= 0.03,
        )
        if agreement is not None
        else "Not asked for a second run of tuner (--repeats 2).",
    ]


def summary(workloads: dict[str, Any]) -> dict[str, Any]:
    """Return the figures over all workloads."""
    tuners = [one["tuner"] for one in workloads.values()]
    shares = [one["of_grid"]["estimate"] for one in tuners]
    again = [one["tuner again 1"] for one in workloads.values() if "tuner again 1" in one]
    return {
        "gain": statistics.geometric_mean(
            one["tuner"]["throughput"] / one["Debian stock"]["throughput"]
            for one in workloads.values()
        ),
        "median_share": statistics.median(shares),
        "worst_share": min(shares),
        "most_trials": max(one["trials"] for one in (*tuners, *again)),
        "most_seconds": max(one["seconds"] for one in (*tuners, *again)),
        "trials_over_budget": sum(one["over_budget"] for one in (*tuners, *again)),
        "advice_over_budget": sum(not one["fits_budget"] for one in (*tuners, *again)),
        "beaten_by": [
            f"{name} ({title}, {other['of_tuner']['estimate']:.1%})"
            for title, one in workloads.items()
            for name, other in one.items()
            if other["fits_budget"] and other["of_tuner"]["low"] > 1 and "tuner" not in name
        ],
        "agreement": max(abs(one["of_tuner"]["estimate"] - 1) for one in again) if again else None,
    }
