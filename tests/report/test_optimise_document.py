"""What of an optimisation may be told."""

from tuner.probe.plan import Request
from tuner.report.documents import as_json
from tuner.report.optimise_document import request_part


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
