"""Versions of httpd and mod_wsgi: from the programs themselves."""

from pathlib import Path

import pytest

from tuner.apache.binary import Httpd
from tuner.apache.read import ReadRequest, read
from tuner.apache.versions import (
    parse_version,
    server_version,
    version_in_module,
    wsgi_python_version,
    wsgi_version,
)
from tuner.fact import Known, Unknown


def test_a_version_is_numbers() -> None:
    assert parse_version("2.4.66") == (2, 4, 66)
    with pytest.raises(ValueError, match="invalid literal"):
        parse_version("2.x")


def test_the_module_names_its_version(httpd: Httpd) -> None:
    assert httpd.wsgi_module is not None
    version = version_in_module(httpd.wsgi_module)
    assert version is not None
    assert (4, 5) <= version < (7,)


def test_another_library_has_none(httpd: Httpd) -> None:
    assert version_in_module(httpd.modules / "mod_mpm_event.so") is None


def test_the_version_is_that_of_the_module_which_is_loaded(httpd: Httpd, tmp_path: Path) -> None:
    main = tmp_path / "httpd.conf"
    main.write_text(f"LoadModule wsgi_module {httpd.wsgi_module}\n")
    found = wsgi_version(read(ReadRequest(path=main)))
    assert isinstance(found, Known)
    assert httpd.wsgi_module is not None
    assert found.value == version_in_module(httpd.wsgi_module)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "mod_wsgi is not loaded by this configuration"),
        ("LoadModule wsgi_module modules/none.so\n", "No such file or directory"),
    ],
)
def test_what_is_not_there_is_unknown(tmp_path: Path, text: str, reason: str) -> None:
    main = tmp_path / "httpd.conf"
    main.write_text(text)
    found = wsgi_version(read(ReadRequest(path=main)))
    assert isinstance(found, Unknown)
    assert reason in found.reason


def test_an_assumed_httpd_is_unknown(tmp_path: Path) -> None:
    main = tmp_path / "httpd.conf"
    main.write_text("")
    configuration = read(ReadRequest(path=main))
    assert isinstance(server_version(configuration, is_asked=False), Unknown)
    assert server_version(configuration, is_asked=True) == Known(
        configuration.options.httpd_version, "measured", "httpd -V"
    )


def test_the_python_of_the_module_is_the_one_it_is_linked_with(
    httpd: Httpd, tmp_path: Path
) -> None:
    main = tmp_path / "httpd.conf"
    main.write_text(f"LoadModule wsgi_module {httpd.wsgi_module}\n")
    found = wsgi_python_version(read(ReadRequest(path=main)))
    assert isinstance(found, Known)
    assert f"libpython{found.value}".encode() in Path(str(httpd.wsgi_module)).read_bytes()


def test_without_the_module_there_is_no_python(tmp_path: Path) -> None:
    main = tmp_path / "httpd.conf"
    main.write_text("Listen 80\n")
    assert isinstance(wsgi_python_version(read(ReadRequest(path=main))), Unknown)
