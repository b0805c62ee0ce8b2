"""Ask for each kind of request before the load: whether it works, and how it looks."""

from collections.abc import Sequence

import httpx

from tuner.errors import ServerError
from tuner.probe.plan import USER_AGENT, Expected, ProbePlan, Request
from tuner.probe.result import Check

ASKED = 3
"""Times that a request is sent, to see whether its body changes."""


def with_expected(plan: ProbePlan) -> ProbePlan:
    """Ask for every request of the mix and return the plan with what it answered.

    A request that changes something (not GET or HEAD) is not sent before its time.

    Raises:
        ServerError: the server does not answer, or answers with an error.
    """
    with httpx.Client(
        base_url=plan.url,
        timeout=plan.timeout_seconds,
        verify=False,
        trust_env=False,
        follow_redirects=plan.follow_redirects,
        headers=[("Host", plan.host), ("User-Agent", USER_AGENT), *plan.headers],
    ) as client:
        requests = tuple(_asked(client, plan.url, one) for one in plan.requests)
    only = requests[0].expected if len(requests) == 1 else None
    return plan.model_copy(update={"requests": requests, "expected": only})


def redirected(plan: ProbePlan) -> tuple[Check, ...]:
    """Doubt a load that the server answers with redirects: nothing is behind them."""
    found = [
        f"{one.expected.status} to {one.path}"
        for one in plan.requests
        if one.expected is not None and 300 <= one.expected.status < 400
    ]
    if not found:
        return ()
    return (
        Check(
            name="redirect",
            effect="doubt",
            message=f"the server answers {', '.join(found)}: redirects are measured, not pages",
            advice="ask for the address that they lead to",
        ),
    )


def _asked(client: httpx.Client, url: str, request: Request) -> Request:
    if not request.is_safe:
        return request
    answers = [_ask(client, url, request) for _ in range(ASKED)]
    last = answers[-1]
    if last.status_code >= 400:
        raise ServerError(
            f"{url} answers {last.status_code} to {request.path}",
            hint="probe a path that works; --header and --cookie can log in",
        )
    return request.model_copy(
        update={"expected": Expected(status=last.status_code, body_bytes=_length(answers))}
    )


def _ask(client: httpx.Client, url: str, request: Request) -> httpx.Response:
    try:
        # Accept as the engines send it, and no compression: lengths are compared.
        return client.request(
            request.method,
            request.path,
            headers=[*request.headers, ("Accept", "*/*"), ("Accept-Encoding", "identity")],
        )
    except httpx.HTTPError as error:
        said = str(error) or type(error).__name__
        raise ServerError(f"{url} does not answer {request.path}: {said}") from error


def _length(answers: Sequence[httpx.Response]) -> int | None:
    """Return the length of the body; None when it changes, or is not sent beforehand.

    The load loop compares declared lengths: it does not add up chunks.
    """
    lengths = {one.headers.get("content-length") for one in answers}
    if len(lengths) != 1 or answers[0].request.method == "HEAD":
        return None
    (only,) = lengths
    return int(only) if only is not None and only.isdigit() else None
