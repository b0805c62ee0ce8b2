"""What of an optimisation may be told."""

from types import SimpleNamespace

from tests.search.surfaces import daemon_space
from tuner.pipeline.optimise.result import Alternative
from tuner.probe.plan import Request
from tuner.report.documents import as_json
from tuner.report.optimise_document import request_part
from tuner.report.optimise_text import alternative_rows
from tuner.search.statistics import Ratio
from tuner.search.trial import Objective


def test_values_of_headers_and_bodies_stay_here() -> None:
    request = Request(
        path="/shop",
        headers=(("Authorization", "Bearer geheim-geheim"), ("X-Trace", "seen")),
        body=b"password=geheim",
    )
    part = request_part(request)
    assert part.headers == ("Authorization", "X-Trace")
    assert part.body_bytes == 15
    assert "geheim" not in as_json(part)


def test_other_ways_to_serve_stand_in_rows_with_what_to_write_or_why_not() -> None:
    settings = daemon_space().today
    measured = Alternative(
        name="KeepAlive Off",
        settings=settings,
        directives=("KeepAlive Off",),
        throughput=95.0,
        ratio=Ratio(estimate=0.95, low=0.9, high=1.0, pairs=3),
        latency_seconds=0.25,
        fairness=0.98,
        need_bytes=200 * 2**20,
    )
    failed = Alternative(name="MPM prefork", settings=settings, failed="it does not start")
    report = SimpleNamespace(
        alternatives=(measured, failed), request=SimpleNamespace(objective=Objective())
    )
    head, first, second = alternative_rows(report)  # type: ignore[arg-type]
    assert len(head) == len(first) == len(second)
    assert first[:3] == ("KeepAlive Off", "95.0", "0.95 times (0.90 to 1.00)")
    assert first[3:] == ("250 ms", "98%", "200 MB", "KeepAlive Off")
    assert second[-1] == "it does not start"
