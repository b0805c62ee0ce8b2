"""Whose layout a tree has, and what follows from that."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apache.trees import kept
from tuner.apache.binary import Httpd
from tuner.apache.environment import DEBIAN_DEFAULTS
from tuner.apache.layouts import recognise
from tuner.apache.modules import STATIC_MODULES, source_of, static_modules, symbol_of
from tuner.apache.read import ReadRequest, read
from tuner.errors import ConfigurationNotFound, UsageError


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "name", "main", "server_root", "static"),
    [
        ({"etc/apache2/apache2.conf": ""}, "debian", "apache2.conf", "/etc/apache2", "debian"),
        ({"etc/httpd/conf/httpd.conf": ""}, "rhel", "conf/httpd.conf", "/etc/httpd", "upstream"),
        ({"etc/apache2/httpd.conf": ""}, "suse", "httpd.conf", "/etc/apache2", "upstream"),
        (
            {"usr/local/apache2/conf/httpd.conf": ""},
            "upstream",
            "conf/httpd.conf",
            "/usr/local/apache2",
            "upstream",
        ),
    ],
)
def test_a_whole_tree_is_recognised_by_its_main_file(
    files: dict[str, str], name: str, main: str, server_root: str, static: str, tmp_path: Path
) -> None:
    found = recognise(tree(tmp_path, files), None)
    assert (found.name, found.main, found.server_root) == (
        name,
        f"{server_root}/{main}",
        server_root,
    )
    assert found.root == tmp_path
    assert found.static_modules == STATIC_MODULES[static]


@pytest.mark.parametrize(
    "path", ["", "etc", "etc/httpd", "etc/httpd/conf", "etc/httpd/conf/httpd.conf"]
)
def test_with_a_root_any_path_down_to_the_main_file_will_do(path: str, tmp_path: Path) -> None:
    tree(tmp_path, {"etc/httpd/conf/httpd.conf": ""})
    if path == "etc":
        with pytest.raises(ConfigurationNotFound):
            recognise(Path("/etc"), tmp_path)
        return
    found = recognise(Path("/") / path, tmp_path)
    assert (found.main, found.server_root) == ("/etc/httpd/conf/httpd.conf", "/etc/httpd")


@pytest.mark.parametrize("path", ["apache2.conf", ""])
def test_without_a_root_paths_are_those_of_this_machine(path: str, tmp_path: Path) -> None:
    tree(tmp_path, {"apache2.conf": ""})
    found = recognise(tmp_path / path, None)
    assert (found.name, found.main) == ("debian", f"{tmp_path}/apache2.conf")
    assert (found.server_root, found.root) == (str(tmp_path), None)


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, {"apache2/apache2.conf": ""})
    monkeypatch.chdir(tmp_path)
    assert recognise(Path("apache2"), None).main == f"{tmp_path}/apache2/apache2.conf"


def test_a_directory_with_a_main_file_is_not_taken_for_a_root(tmp_path: Path) -> None:
    tree(tmp_path, {"apache2.conf": "", "etc/httpd/conf/httpd.conf": ""})
    assert recognise(tmp_path, None).main == f"{tmp_path}/apache2.conf"


def test_debian_has_its_environment_in_envvars(tmp_path: Path) -> None:
    envvars = (
        "export APACHE_LOG_DIR=/logs\nexport APACHE_ARGUMENTS=\"-D A -DB -c 'Timeout 5'\"\n"
        "ulimit -n 9\n"
    )
    tree(tmp_path, {"etc/apache2/apache2.conf": "", "etc/apache2/envvars": envvars})
    found = recognise(tmp_path, None)
    assert found.environment["APACHE_LOG_DIR"] == "/logs"
    assert found.environment["APACHE_CONFDIR"] == "/etc/apache2"
    assert (found.defines, found.before, found.after) == (("A", "B"), (), ("Timeout 5",))
    assert found.notes == ("envvars line 3: ulimit -n 9 is not understood and was skipped",)


def test_without_envvars_debians_defaults_are_assumed(tmp_path: Path) -> None:
    found = recognise(tree(tmp_path, {"etc/apache2/apache2.conf": ""}), None)
    assert found.environment == DEBIAN_DEFAULTS
    assert found.notes == ("no envvars beside apache2.conf: Debian's defaults are assumed",)


def test_red_hat_has_its_options_in_sysconfig(tmp_path: Path) -> None:
    sysconfig = "# comment\nLANG=C\nOPTIONS=\"-D SSL -C 'Define X 1'\"\nnonsense\n"
    tree(tmp_path, {"etc/httpd/conf/httpd.conf": "", "etc/sysconfig/httpd": sysconfig})
    found = recognise(tmp_path, None)
    assert found.environment["LANG"] == "C"
    assert (found.defines, found.before) == (("SSL",), ("Define X 1",))
    assert found.notes == ("sysconfig/httpd line 4: nonsense is not understood",)


def test_upstream_has_no_sysconfig(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {"usr/local/apache2/conf/httpd.conf": "", "usr/local/sysconfig/httpd": "OPTIONS=-DX\n"},
    )
    assert recognise(tmp_path, None).defines == ()


def test_mod_wsgi_express_is_recognised_by_what_it_writes(tmp_path: Path) -> None:
    tree(tmp_path, {"httpd.conf": "", "apachectl": "", "rc/x": ""})
    found = recognise(tmp_path, None)
    assert (found.name, found.server_root) == ("express", str(tmp_path))


def test_nothing_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationNotFound, match="no such file or directory"):
        recognise(tmp_path / "nope", None)
    with pytest.raises(ConfigurationNotFound, match=r"looked for apache2\.conf, conf/httpd\.conf"):
        recognise(tmp_path, None)
    with pytest.raises(ConfigurationNotFound, match="no Apache configuration inside"):
        recognise(Path("/etc/apache2"), tmp_path)


# --- reading with a layout ----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("debian-event-daemon", "debian"),
        ("founding-prefork-embedded", "debian"),
        ("rhel-event-daemon", "rhel"),
    ],
)
def test_the_samples_are_read_without_an_error(
    name: str, layout: str, sample: Callable[[str], Path]
) -> None:
    configuration = read(ReadRequest(path=sample(name)))
    assert configuration.layout == layout
    assert configuration.fatal_errors == ()
    assert "${" not in "".join(one.args for one in configuration.tree)
    assert configuration.assumptions == (
        "httpd 2.4.62 is assumed: no httpd here to ask",
        *(configuration.assumptions[1:]),
    )


def test_the_command_line_adds_to_the_layout(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "etc/apache2/apache2.conf": "<IfDefine A>\nTimeout ${T}\n</IfDefine>\n"
            "<IfDefine B>\nErrorLog ${APACHE_LOG_DIR}/${E}\n</IfDefine>\n"
            "<IfModule extra.c>\nKeepAlive Off\n</IfModule>\n",
            "etc/apache2/envvars": "export APACHE_ARGUMENTS=-DA\nexport APACHE_LOG_DIR=/logs\n",
            "more": "E=error\nT=1\n",
        },
    )
    request = ReadRequest(
        path=tmp_path,
        defines=("B",),
        before=("User x",),
        after=("Group x",),
        environment={"T": "2"},
        environment_files=(tmp_path / "more",),
        static_modules=("core.c", "extra"),
    )
    configuration = read(request)
    assert [f"{row.name} {row.args}" for row in kept(configuration)] == [
        "User x",
        "Timeout 2",
        "ErrorLog /logs/error",
        "Group x",
    ]
    assert configuration.modules == {"core_module": "core.c", "extra_module": "mod_extra.c"}


def test_an_environment_file_may_be_shell(tmp_path: Path) -> None:
    tree(tmp_path, {"apache2.conf": "Timeout ${T}\n", "env": "export A=4\nexport T=${A}2\n"})
    request = ReadRequest(path=tmp_path, environment_files=(tmp_path / "env",))
    assert [row.args for row in kept(read(request))] == ["42"]


def test_a_missing_environment_file_is_a_usage_error(tmp_path: Path) -> None:
    tree(tmp_path, {"apache2.conf": ""})
    with pytest.raises(UsageError, match="nope: No such file or directory"):
        read(ReadRequest(path=tmp_path, environment_files=(tmp_path / "nope",)))


def test_the_version_of_a_real_httpd_is_used(tmp_path: Path) -> None:
    tree(tmp_path, {"apache2.conf": "<IfVersion 2.4.99>\nTimeout 5\n</IfVersion>\n"})
    httpd = Httpd(
        path=tmp_path,
        version=(2, 4, 99),
        version_suffix="",
        server_root=str(tmp_path),
        static_modules=(),
        modules=tmp_path,
        wsgi_module=None,
    )
    configuration = read(ReadRequest(httpd=httpd))
    assert [row.args for row in kept(configuration)] == ["5"]
    assert configuration.assumptions == (
        "no envvars beside apache2.conf: Debian's defaults are assumed",
    )


# --- names of modules --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "source"),
    [
        ("core_module", "core.c"),
        ("http_module", "http_core.c"),
        ("so_module", "mod_so.c"),
        ("ssl_module", "mod_ssl.c"),
        ("ldap_module", "util_ldap.c"),
        ("mpm_event_module", "event.c"),
        ("mpm_prefork_module", "prefork.c"),
        ("mpm_worker_module", "worker.c"),
        ("wsgi_module", "mod_wsgi.c"),
    ],
)
def test_a_module_has_a_symbol_and_a_source(symbol: str, source: str) -> None:
    assert source_of(symbol) == source
    assert symbol_of(source) == symbol
    assert symbol_of(symbol) == symbol
    assert static_modules((source,)) == {symbol: source}


@pytest.mark.parametrize(
    ("name", "symbol"), [("ssl", "ssl_module"), ("mod_ssl", "ssl_module"), ("wsgi", "wsgi_module")]
)
def test_a_module_may_be_named_shortly(name: str, symbol: str) -> None:
    assert symbol_of(name) == symbol
