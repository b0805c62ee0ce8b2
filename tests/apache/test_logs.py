"""Which access logs a configuration writes, and in which format."""

from pathlib import Path

import pytest

from tuner.apache.effective.logs import COMMON, access_logs, named_format
from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration


def configuration(tmp_path: Path, text: str) -> Configuration:
    main = tmp_path / "httpd.conf"
    main.write_text("LoadModule log_config_module x\n" + text)
    return read(ReadRequest(path=main))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('LogFormat "%h \\"%r\\"" mine\nCustomLog logs/a mine', '%h "%r"'),
        ('CustomLog logs/a "%h %D"', "%h %D"),
        ('LogFormat "%h\\t%D" mine\nCustomLog logs/a mine', "%h\t%D"),
        ('LogFormat "%h" mine\nLogFormat "%v" mine\nCustomLog logs/a mine', "%v"),
        ("TransferLog logs/a", COMMON),
        ('LogFormat "%h %D"\nTransferLog logs/a', "%h %D"),
        ("CustomLog logs/a clf", COMMON),
        ('LogFormat "%h" mine\nCustomLog logs/a mine env=!skip', "%h"),
    ],
)
def test_the_format_of_a_log(tmp_path: Path, text: str, expected: str) -> None:
    (log,) = access_logs(configuration(tmp_path, text))
    assert log.format == expected
    assert not log.is_piped


def test_a_virtual_host_s_own_nickname_comes_first(tmp_path: Path) -> None:
    (log,) = access_logs(
        configuration(
            tmp_path,
            'Listen 80\nLogFormat "%h" mine\n<VirtualHost *:80>\nLogFormat "%v" mine\n'
            "CustomLog logs/a mine\n</VirtualHost>\n",
        )
    )
    assert log.format == "%v"


def test_a_log_to_a_program_is_marked(tmp_path: Path) -> None:
    (log,) = access_logs(configuration(tmp_path, 'CustomLog "|rotatelogs x 5M" "%h"'))
    assert log.is_piped


def test_a_format_is_found_by_its_nickname(tmp_path: Path) -> None:
    found = configuration(tmp_path, 'LogFormat "%h" mine')
    assert named_format(found, "mine") == "%h"
    assert named_format(found, "other") is None
