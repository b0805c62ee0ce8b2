"""All fixes of one audit agree with each other, on servers that nobody thought of."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rules.test_rule_pack import (
    Case,
    _pack_is_read_once,  # noqa: F401 - a fixture
    run,
)
from tuner.apache.changes import SetDirective
from tuner.apache.effective.mpm import mpm_settings
from tuner.pipeline.audit import audit_patch

COMMON = {
    "MaxRequestWorkers": [1, 10, 25, 60, 100, 150, 400, 1000],
    "ServerLimit": [1, 4, 16, 40, 100, 500, 2000],
    "StartServers": [1, 3, 10, 40],
    "MaxConnectionsPerChild": [0, 10, 500, 20000],
    "Timeout": [10, 60, 150, 300],
}
OF_MPM = {
    "prefork": {"MinSpareServers": [1, 5, 50], "MaxSpareServers": [1, 10, 20, 60, 200]},
    "event": {
        "ThreadsPerChild": [1, 10, 25, 30, 64, 100],
        "ThreadLimit": [10, 25, 64, 128],
        "MinSpareThreads": [1, 10, 25, 75, 130],
        "MaxSpareThreads": [1, 30, 75, 100, 250, 500],
    },
}
OPTIONS = {
    "processes": [1, 2, 5, 20],
    "threads": [1, 3, 5, 15, 40],
    "queue-timeout": [0, 30, 100, 400],
    "request-timeout": [0, 10, 60, 400],
    "socket-timeout": [0, 20, 60, 200],
    "listen-backlog": [10, 100, 500],
    "maximum-requests": [0, 100, 5000],
    "graceful-timeout": [0, 15],
    "memory-limit": [0, 50000000, 500000000],
    "virtual-memory-limit": [0, 500000000],
}


def some(choices: dict[str, list[int]], form: str) -> st.SearchStrategy[list[str]]:
    """Return a strategy for some of the names, each with one of its values."""
    one = [
        st.one_of(st.none(), st.sampled_from([form.format(name, value) for value in values]))
        for name, values in choices.items()
    ]
    return st.tuples(*one).map(lambda found: [text for text in found if text])


@st.composite
def servers(draw: st.DrawFn) -> str:
    mpm = draw(st.sampled_from(["prefork", "worker", "event"]))
    lines = [
        f"LoadModule mpm_{mpm}_module modules/mod_mpm_{mpm}.so",
        "LoadModule wsgi_module modules/mod_wsgi.so",
        *draw(some(COMMON, "{} {}")),
        *draw(some(OF_MPM["prefork" if mpm == "prefork" else "event"], "{} {}")),
        *draw(st.sampled_from([[], ["MaxRequestWorkers 100"], ["WSGIRestrictEmbedded On"]])),
        *draw(st.sampled_from([[], ["WSGIApplicationGroup %{GLOBAL}"]])),
    ]
    for number in range(draw(st.integers(0, 2))):
        options = " ".join(draw(some(OPTIONS, "{}={}")))
        lines.append(f"WSGIDaemonProcess g{number} {options}")
        lines.append(f"WSGIScriptAlias /{number} /srv/{number}.wsgi process-group=g{number}")
    lines += draw(st.sampled_from([[], ["WSGIScriptAlias /embedded /srv/embedded.wsgi"]]))
    return "\n".join([*lines, ""])


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=servers())
def test_after_all_fixes_nothing_fixable_is_left_and_nothing_is_corrected(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    case = Case(conf=text, expect="fire")
    report = run(tmp_path_factory.mktemp("before"), case)
    made, refused = audit_patch(report, None, unsafe=True)
    assert refused == ()
    if made is None:
        assert not any(one.fix for one in report.findings)
        return
    written = {one.name for one in made.changes if isinstance(one, SetDirective)}
    mpm = mpm_settings(made.patched)
    assert mpm is not None
    assert not written & {one.directive for one in mpm.clamps}
    fixed: Path = tmp_path_factory.mktemp("after")
    after = run(fixed, case, conf=made.files[0].after.decode())
    assert {one.id for one in after.findings if one.fix} == set()
