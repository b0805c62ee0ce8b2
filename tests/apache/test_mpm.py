"""MPM settings as httpd runs them: every correction with the code of its warning."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.apache.trees import read_text
from tuner.apache.effective.mpm import Clamp, MpmSettings, loaded_mpm, mpm_settings

DEFAULTS = {
    "prefork": {
        "ServerLimit": 256,
        "MaxRequestWorkers": 256,
        "StartServers": 5,
        "MinSpareServers": 5,
        "MaxSpareServers": 10,
        "MaxConnectionsPerChild": 0,
    },
    "threaded": {
        "ServerLimit": 16,
        "MaxRequestWorkers": 400,
        "StartServers": 3,
        "MinSpareThreads": 75,
        "MaxSpareThreads": 250,
        "MaxConnectionsPerChild": 0,
        "ThreadLimit": 64,
        "ThreadsPerChild": 25,
    },
}

CODES = {
    "event": {
        "ServerLimit high": "AH00497",
        "ServerLimit low": "AH00499",
        "ThreadLimit high": "AH00502",
        "ThreadLimit low": "AH00504",
        "ThreadsPerChild high": "AH00507",
        "ThreadsPerChild low": "AH00509",
        "MaxRequestWorkers raised": "AH00511",
        "MaxRequestWorkers rounded": "AH00513",
        "MaxRequestWorkers limited": "AH00515",
        "StartServers low": "AH00517",
        "MinSpareThreads low": "AH00519",
    },
    "worker": {
        "ServerLimit high": "AH00300",
        "ServerLimit low": "AH00302",
        "ThreadLimit high": "AH00305",
        "ThreadLimit low": "AH00307",
        "ThreadsPerChild high": "AH00310",
        "ThreadsPerChild low": "AH00312",
        "MaxRequestWorkers raised": "AH00314",
        "MaxRequestWorkers rounded": "AH00316",
        "MaxRequestWorkers limited": "AH00318",
        "StartServers low": "AH00320",
        "MinSpareThreads low": "AH00322",
    },
}

threaded = pytest.mark.parametrize("name", ["event", "worker"])


def settings(root: Path, name: str, text: str = "", cores: int | None = None) -> MpmSettings:
    found = mpm_settings(read_text(root, text, f"mpm_{name}"), cores)
    assert found is not None
    return found


def effective(found: MpmSettings) -> dict[str, int]:
    """Effective values by the current name of the directive."""
    spare = "Threads" if found.is_threaded else "Servers"
    values = {
        "ServerLimit": found.server_limit,
        "MaxRequestWorkers": found.max_request_workers,
        "StartServers": found.start_servers,
        f"MinSpare{spare}": found.min_spare,
        f"MaxSpare{spare}": found.max_spare,
        "MaxConnectionsPerChild": found.max_connections_per_child,
        "ThreadLimit": found.thread_limit,
        "ThreadsPerChild": found.threads_per_child,
    }
    return {name: one.effective for name, one in values.items() if one is not None}


def corrections(found: MpmSettings) -> list[tuple[str, int, int, str | None]]:
    return [(one.directive, one.configured, one.effective, one.code) for one in found.clamps]


def changed(expected: Mapping[str, int], **values: int) -> dict[str, int]:
    return {**expected, **values}


# --- which MPM ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["prefork", "worker", "event"])
def test_the_loaded_mpm_counts(name: str, tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path,
        "<IfModule mpm_prefork_module>\nMaxRequestWorkers 101\n</IfModule>\n"
        "<IfModule mpm_worker_module>\nMaxRequestWorkers 125\n</IfModule>\n"
        "<IfModule mpm_event_module>\nMaxRequestWorkers 150\n</IfModule>\n",
        f"mpm_{name}",
    )
    assert loaded_mpm(configuration) == name
    found = mpm_settings(configuration)
    assert found is not None
    assert found.name == name
    assert found.workers == {"prefork": 101, "worker": 125, "event": 150}[name]


def test_without_an_mpm_there_are_no_settings(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "MaxRequestWorkers 10\n")
    assert loaded_mpm(configuration) is None
    assert mpm_settings(configuration) is None


# --- defaults ------------------------------------------------------------------


def test_prefork_has_its_defaults(tmp_path: Path) -> None:
    found = settings(tmp_path, "prefork")
    assert effective(found) == DEFAULTS["prefork"]
    assert found.clamps == ()
    assert (found.is_threaded, found.threads, found.processes) == (False, 1, 256)
    assert found.async_request_worker_factor is None
    assert found.max_request_workers.is_default


@threaded
def test_threaded_mpms_have_their_defaults(name: str, tmp_path: Path) -> None:
    found = settings(tmp_path, name)
    assert effective(found) == DEFAULTS["threaded"]
    assert found.clamps == ()
    assert (found.is_threaded, found.threads, found.processes) == (True, 25, 16)
    assert found.async_request_worker_factor == (2 if name == "event" else None)
    assert found.buckets == 1


# --- prefork -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected", "values"),
    [
        ("ServerLimit 200001", ("ServerLimit", 200001, 200000, "AH00175"), {"ServerLimit": 200000}),
        ("ServerLimit 200000", None, {"ServerLimit": 200000}),
        (
            "MaxRequestWorkers 300",
            ("MaxRequestWorkers", 300, 256, "AH00180"),
            {},
        ),
        ("MaxClients 500", ("MaxClients", 500, 256, "AH00180"), {}),
        (
            "ServerLimit 300\nMaxRequestWorkers 300",
            None,
            {"ServerLimit": 300, "MaxRequestWorkers": 300},
        ),
        ("ServerLimit 500", None, {"ServerLimit": 500}),
        (
            "StartServers 1\nMaxRequestWorkers 0",
            ("MaxRequestWorkers", 0, 1, "AH00182"),
            {"MaxRequestWorkers": 1, "StartServers": 1},
        ),
        ("StartServers 0", ("StartServers", 0, 1, "AH00184"), {"StartServers": 1}),
        (
            "MinSpareServers 0",
            ("MinSpareServers", 0, 1, "AH00186"),
            {"MinSpareServers": 1},
        ),
        ("MaxRequestWorkers 256", None, {}),
    ],
)
def test_prefork_corrects_with_a_warning(
    text: str,
    expected: tuple[str, int, int, str] | None,
    values: dict[str, int],
    tmp_path: Path,
) -> None:
    found = settings(tmp_path, "prefork", text)
    assert corrections(found) == ([expected] if expected else [])
    assert effective(found) == changed(DEFAULTS["prefork"], **values)


def test_a_low_server_limit_cuts_prefork_down_to_one_process(tmp_path: Path) -> None:
    found = settings(tmp_path, "prefork", "ServerLimit 0\n")
    assert corrections(found) == [
        ("ServerLimit", 0, 1, "AH00177"),
        ("MaxRequestWorkers", 256, 1, "AH00180"),
        ("StartServers", 5, 1, None),
    ]


@pytest.mark.parametrize(
    ("text", "cores", "expected"),
    [
        ("StartServers 50\nMaxRequestWorkers 20", None, [("StartServers", 50, 20, None)]),
        ("MaxSpareServers 3", None, [("MaxSpareServers", 3, 6, None)]),
        ("MinSpareServers 10", None, [("MaxSpareServers", 10, 11, None)]),
        ("MinSpareServers 9", None, []),
        (
            "MaxRequestWorkers 2\nStartServers 1\nMinSpareServers 1\nMaxSpareServers 2\n"
            "ListenCoresBucketsRatio 2",
            8,
            [
                ("MaxRequestWorkers", 2, 4, None),
                ("StartServers", 1, 4, None),
                ("MinSpareServers", 1, 4, None),
                ("MaxSpareServers", 2, 8, None),
            ],
        ),
    ],
)
def test_prefork_corrects_in_silence(
    text: str,
    cores: int | None,
    expected: list[tuple[str, int, int, str | None]],
    tmp_path: Path,
) -> None:
    assert corrections(settings(tmp_path, "prefork", text, cores)) == expected


# --- worker and event ------------------------------------------------------------------


@threaded
@pytest.mark.parametrize(
    ("text", "directive", "before", "after", "code"),
    [
        ("ServerLimit 20001", "ServerLimit", 20001, 20000, "ServerLimit high"),
        ("ThreadsPerChild 100\nMaxRequestWorkers 640", "ThreadsPerChild", 100, 64, "high"),
        ("MaxRequestWorkers 1000", "MaxRequestWorkers", 1000, 400, "limited"),
        ("MaxRequestWorkers 410\nServerLimit 20", "MaxRequestWorkers", 410, 400, "rounded"),
        ("MaxRequestWorkers 99", "MaxRequestWorkers", 99, 75, "rounded"),
        ("MaxRequestWorkers 10\nStartServers 1", "MaxRequestWorkers", 10, 25, "raised"),
        ("MaxRequestWorkers abc\nStartServers 1", "MaxRequestWorkers", 0, 25, "raised"),
        ("MaxClients 1000", "MaxClients", 1000, 400, "MaxRequestWorkers limited"),
        ("StartServers 0", "StartServers", 0, 1, "StartServers low"),
        ("MinSpareThreads 0", "MinSpareThreads", 0, 1, "MinSpareThreads low"),
    ],
)
def test_threaded_mpms_correct_with_a_warning(
    text: str, directive: str, before: int, after: int, code: str, name: str, tmp_path: Path
) -> None:
    found = settings(tmp_path, name, text)
    key = code if " " in code else f"{directive} {code}"
    assert corrections(found) == [(directive, before, after, CODES[name][key])]


@threaded
def test_the_lower_limits_have_codes_of_their_own(name: str, tmp_path: Path) -> None:
    text = "ServerLimit 0\nThreadLimit 0\nThreadsPerChild 0\nMaxRequestWorkers 1\nStartServers 1\n"
    codes = CODES[name]
    assert corrections(settings(tmp_path, name, text)) == [
        ("ServerLimit", 0, 1, codes["ServerLimit low"]),
        ("ThreadLimit", 0, 1, codes["ThreadLimit low"]),
        ("ThreadsPerChild", 0, 1, codes["ThreadsPerChild low"]),
    ]


@pytest.mark.parametrize(
    ("name", "limit", "expected"),
    [
        ("event", 100_000, []),
        ("event", 100_001, [("ThreadLimit", 100_001, 100_000, "AH00502")]),
        ("worker", 20_000, []),
        ("worker", 20_001, [("ThreadLimit", 20_001, 20_000, "AH00305")]),
    ],
)
def test_the_hard_limit_of_threads_differs(
    name: str, limit: int, expected: list[tuple[str, int, int, str]], tmp_path: Path
) -> None:
    assert corrections(settings(tmp_path, name, f"ThreadLimit {limit}\n")) == expected


@threaded
def test_the_default_of_maxrequestworkers_follows_nothing(name: str, tmp_path: Path) -> None:
    found = settings(tmp_path, name, "ServerLimit 40\nThreadsPerChild 50\n")
    assert (found.workers, found.processes) == (400, 8)
    assert found.clamps == ()


@threaded
def test_the_order_of_lines_does_not_matter(name: str, tmp_path: Path) -> None:
    for text in (
        "MaxRequestWorkers 1000\nServerLimit 40",
        "ServerLimit 40\nMaxRequestWorkers 1000",
    ):
        found = settings(tmp_path, name, text)
        assert (found.workers, found.clamps) == (1000, ())


@threaded
@pytest.mark.parametrize(
    ("text", "workers"),
    [
        ("ThreadsPerChild 64\nMaxRequestWorkers 150", 128),
        ("ThreadsPerChild 100", 384),
        ("ThreadsPerChild 100\nThreadLimit 100", 400),
        ("MaxRequestWorkers 400\nMaxClients 10", 25),
        ("MaxClients 10\nMaxRequestWorkers 400", 400),
        ("MaxRequestWorkers 150abc", 150),
        ("ServerLimit 0x20", 25),
        ("ThreadsPerChild 1e3", 16),
        ("ServerLimit 2\nMaxRequestWorkers 60", 50),
    ],
)
def test_the_workers_in_force_follow_from_all_limits(
    text: str, workers: int, name: str, tmp_path: Path
) -> None:
    assert settings(tmp_path, name, text).workers == workers


@threaded
def test_rounding_and_limiting_are_two_corrections(name: str, tmp_path: Path) -> None:
    codes = CODES[name]
    assert corrections(settings(tmp_path, name, "MaxRequestWorkers 1010\n")) == [
        ("MaxRequestWorkers", 1010, 1000, codes["MaxRequestWorkers rounded"]),
        ("MaxRequestWorkers", 1000, 400, codes["MaxRequestWorkers limited"]),
    ]


@threaded
@pytest.mark.parametrize(
    ("text", "cores", "expected"),
    [
        ("StartServers 20", None, [("StartServers", 20, 16, None)]),
        ("StartServers 5\nMaxRequestWorkers 100", None, [("StartServers", 5, 4, None)]),
        ("MaxSpareThreads 100", None, [("MaxSpareThreads", 100, 101, None)]),
        ("MaxSpareThreads 101", None, []),
        ("MinSpareThreads 250", None, [("MaxSpareThreads", 250, 276, None)]),
        (
            "ListenCoresBucketsRatio 2\nStartServers 1\nMinSpareThreads 10\nMaxSpareThreads 75\n"
            "MaxRequestWorkers 50",
            8,
            [
                ("MaxRequestWorkers", 50, 100, None),
                ("StartServers", 1, 4, None),
                ("MinSpareThreads", 10, 79, None),
                ("MaxSpareThreads", 75, 183, None),
            ],
        ),
    ],
)
def test_threaded_mpms_correct_in_silence(
    text: str,
    cores: int | None,
    expected: list[tuple[str, int, int, str | None]],
    name: str,
    tmp_path: Path,
) -> None:
    assert corrections(settings(tmp_path, name, text, cores)) == expected


@pytest.mark.parametrize(
    ("ratio", "cores", "buckets"),
    [("", 8, 1), ("4", 8, 2), ("8", 8, 1), ("3", 8, 2), ("16", 8, 1), ("4", None, 1), ("0", 8, 1)],
)
def test_buckets_follow_from_the_cores(
    ratio: str, cores: int | None, buckets: int, tmp_path: Path
) -> None:
    text = f"ListenCoresBucketsRatio {ratio}\n" if ratio else ""
    assert settings(tmp_path, "event", text, cores).buckets == buckets


@pytest.mark.parametrize(
    ("written", "factor"), [("2", 2), ("1.5", 1), ("0.5", 1), ("3.9", 3), ("abc", 1)]
)
def test_the_factor_of_event_loses_its_fraction(written: str, factor: int, tmp_path: Path) -> None:
    found = settings(tmp_path, "event", f"AsyncRequestWorkerFactor {written}\n")
    assert found.async_request_worker_factor == factor


# --- what a setting knows ------------------------------------------------------------------


def test_a_setting_knows_what_was_written_where(tmp_path: Path) -> None:
    found = settings(tmp_path, "prefork", "MaxRequestWorkers 5\nMaxClients \\\n 500x\n")
    workers = found.max_request_workers
    assert (workers.name, workers.configured, workers.parsed) == ("MaxClients", "500x", 500)
    assert workers.effective == 256
    assert not workers.is_default
    assert not workers.is_numeric
    assert str(workers.location) == f"{tmp_path}/t.conf:3"


def test_a_correction_says_why(tmp_path: Path) -> None:
    assert settings(tmp_path, "event", "MaxRequestWorkers 1000\n").clamps == (
        Clamp(
            directive="MaxRequestWorkers",
            configured=1000,
            effective=400,
            code="AH00515",
            because="ServerLimit 16 x ThreadsPerChild 25 = 400",
        ),
    )


def test_settings_in_sections_do_not_count(tmp_path: Path) -> None:
    text = "<VirtualHost *>\nMaxRequestWorkers 50\n</VirtualHost>\nMaxRequestWorkers 100\n"
    assert settings(tmp_path, "event", text).workers == 100
