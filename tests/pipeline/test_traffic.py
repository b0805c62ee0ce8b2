"""From the options about traffic to requests, with formats from a configuration."""

from pathlib import Path

import pytest

from tuner.apache.read import ReadRequest
from tuner.errors import UsageError
from tuner.pipeline.traffic import TrafficRequest, find_traffic

LINE = '192.0.2.7 [23/Nov/2026:10:00:00 +0000] 250 "GET /{} HTTP/1.1" 200\n'
CONF = """
LoadModule log_config_module x
LogFormat "%h %t %{ms}T \\"%r\\" %>s" timed
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
CustomLog logs/other.log common
CustomLog logs/shop.log timed
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "httpd.conf").write_text(f'ServerRoot "{tmp_path}"\n{CONF}')
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/shop.log").write_text(LINE.format("a") * 2 + LINE.format("b"))
    return tmp_path


def test_the_configuration_names_the_format_of_its_log(tree: Path) -> None:
    found = find_traffic(
        TrafficRequest(
            access_log=tree / "logs/shop.log",
            configuration=ReadRequest(path=tree / "httpd.conf"),
        )
    )
    assert [(one.path, one.weight) for one in found.requests] == [("/a", 2), ("/b", 1)]
    assert found.learned is not None
    assert found.learned.duration_source == "%{ms}T"
    assert found.learned.peak_concurrency == pytest.approx(0.75)


def test_a_rotated_or_copied_log_keeps_its_format(tree: Path) -> None:
    for name in ("shop.log.1", "copy"):
        file = (tree / "logs/shop.log").rename(tree / f"logs/{name}")
        request = TrafficRequest(
            access_log=file, configuration=ReadRequest(path=tree / "httpd.conf")
        )
        assert len(find_traffic(request).requests) == 2
        file.rename(tree / "logs/shop.log")


def test_a_nickname_is_looked_up(tree: Path) -> None:
    request = TrafficRequest(
        access_log=tree / "logs/shop.log",
        log_format="timed",
        configuration=ReadRequest(path=tree / "httpd.conf"),
    )
    assert len(find_traffic(request).requests) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"log_format": "none"}, "no such format"),
        ({"log_format": "timed", "configuration": None}, "--apache"),
        ({"paths": ("/",)}, "exclude each other"),
        ({"log_format": "%h"}, "--access-log"),
    ],
)
def test_what_cannot_be_understood_is_refused(
    tree: Path, changes: dict[str, object], said: str
) -> None:
    fields: dict[str, object] = {
        "access_log": tree / "logs/shop.log",
        "configuration": ReadRequest(path=tree / "httpd.conf"),
        **changes,
    }
    with pytest.raises(UsageError) as error:
        find_traffic(TrafficRequest(**fields))  # type: ignore[arg-type]
    assert said in str(error.value)


def test_the_host_header_is_kept_apart() -> None:
    found = find_traffic(TrafficRequest(headers=("Host: shop.example", "X-A: b"), cookies=("s=1",)))
    assert found.host == "shop.example"
    assert found.headers == (("X-A", "b"), ("Cookie", "s=1"))
    assert found.requests == ()


def test_the_host_of_the_url_selects_a_virtual_host_unless_it_is_an_address(
    tmp_path: Path,
) -> None:
    file = tmp_path / "log"
    line = '{}:80 192.0.2.7 - - [23/Nov/2026:10:00:00 +0000] "GET /{} HTTP/1.1" 200 5 "-" "x"\n'
    file.write_text(line.format("shop.example", "a") + line.format("api.example", "b"))
    request = TrafficRequest(access_log=file)
    assert [one.path for one in find_traffic(request, "shop.example").requests] == ["/a"]
    assert len(find_traffic(request, "127.0.0.1:8080").requests) == 2
