"""Whose layout a tree has, and what follows from that."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apache.oracle import ask
from tests.apache.trees import kept, load
from tuner.apache.binary import Httpd, bundled_httpd, inspect
from tuner.apache.effective.daemons import daemon_groups
from tuner.apache.effective.mpm import loaded_mpm
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
    assert found.static_modules[: len(STATIC_MODULES[static])] == STATIC_MODULES[static]


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


def test_mod_wsgi_express_has_its_flags_in_apachectl(tmp_path: Path) -> None:
    apachectl = (
        '#!/bin/sh\n\nHTTPD="/opt/httpd"\n'
        'HTTPD_ARGS="-f /srv/httpd.conf -DMOD_WSGI_KEEP_ALIVE -DMOD_WSGI_WITH_HTTPS"\n'
        'MOD_WSGI_SERVER_ROOT="/srv"\n\nexport MOD_WSGI_SERVER_ROOT\n'
        'RUN_USER="${RUN_USER:-www-data}"\nMOD_WSGI_USER="${MOD_WSGI_USER:-${RUN_USER}}"\n'
        'if [ `id -u` = "0" -a ${MOD_WSGI_USER} = "root" ]; then\n    cat << EOF\n\nNot so.\n\n'
        "EOF\n\nfi\nLANG='C.UTF-8'\n"
        "if test -f /srv/envvars; then\n    . /srv/envvars\nfi\n"
        'case $ACMD in\nstart)\n    LANG="broken"\n    exec $HTTPD -k start\nesac\n'
    )
    files = {"httpd.conf": "", "apachectl": apachectl, "handler.wsgi": "", "envvars": "MORE=1\n"}
    found = recognise(tree(tmp_path, files), None)
    assert (found.name, found.server_root) == ("express", str(tmp_path))
    assert found.defines == ("MOD_WSGI_KEEP_ALIVE", "MOD_WSGI_WITH_HTTPS")
    kept_variables = ("MOD_WSGI_SERVER_ROOT", "MOD_WSGI_USER", "LANG", "MORE")
    assert [found.environment[name] for name in kept_variables] == [
        *("/srv", "www-data", "C.UTF-8", "1")
    ]


def test_a_directory_of_mod_wsgi_express_itself_is_read_as_its_httpd_reads_it(
    public_directory: Path, httpd: Httpd
) -> None:
    path = bundled_httpd()
    server = inspect(path) if path else None
    command = Path(sys.executable).with_name("mod_wsgi-express")
    if server is None or not command.is_file():
        pytest.skip("mod_wsgi-standalone is not installed")
    (public_directory / "app.wsgi").write_text("def application(environ, start): ...\n")
    place = public_directory / "server"
    subprocess.run(
        [
            *(command, "setup-server", public_directory / "app.wsgi", "--server-root", place),
            *("--port", "18999", "--user", "nobody", "--group", "nogroup", "--threads", "7"),
        ],
        check=True,
        capture_output=True,
    )
    before = load(["info"], server.modules)
    configuration = read(
        ReadRequest(path=place, httpd=server, before=before, defines=("DUMP_CONFIG",))
    )
    assert configuration.layout == "express"
    assert configuration.fatal_errors == ()
    assert loaded_mpm(configuration) == "event"
    (group,) = daemon_groups(configuration)
    assert (group.threads, group.errors) == (7, ())
    options = configuration.options
    answer = ask(
        server,
        place,
        place / "httpd.conf",
        defines=[one for one in options.defines if one != "DUMP_CONFIG"],
        before=before,
        environment=options.environment,
    )
    assert answer.tree is not None, answer.output
    assert kept(configuration) == answer.tree


SUSE = (
    'APACHE_MPM="event"\nAPACHE_SERVER_FLAGS="SSL -DSTATUS"\n'
    'APACHE_MODULES="actions alias wsgi authz_core"\n# a comment\n'
)


def test_opensuse_has_modules_flags_and_mpm_in_sysconfig(tmp_path: Path) -> None:
    files = {"etc/apache2/httpd.conf": "ServerName a\n", "etc/sysconfig/apache2": SUSE}
    found = recognise(tree(tmp_path, files), None)
    assert (found.name, found.defines) == ("suse", ("SSL", "STATUS"))
    assert found.static_modules == (*STATIC_MODULES["upstream"], "mpm_event_module")
    assert [line.split()[1] for line in found.before] == [
        *("actions_module", "alias_module", "wsgi_module", "authz_core_module")
    ]
    assert found.notes == ("modules are taken from APACHE_MODULES in sysconfig/apache2",)
    configuration = read(ReadRequest(path=tmp_path))
    assert configuration.fatal_errors == ()
    assert configuration.has_module("mod_wsgi.c")


def test_opensuse_passes_the_files_that_it_has_made_from_sysconfig(tmp_path: Path) -> None:
    files = {
        "etc/apache2/httpd.conf": "Include /etc/apache2/sysconfig.d/include.conf\n",
        "etc/sysconfig/apache2": SUSE,
        "etc/apache2/sysconfig.d/loadmodule.conf": "LoadModule wsgi_module /m/mod_wsgi.so\n",
        "etc/apache2/sysconfig.d/global.conf": "Timeout 5\n",
        "etc/apache2/sysconfig.d/include.conf": "KeepAlive Off\n",
    }
    found = recognise(tree(tmp_path, files), None)
    assert found.before == (
        "Include /etc/apache2/sysconfig.d/loadmodule.conf",
        "Include /etc/apache2/sysconfig.d/global.conf",
    )
    assert found.after == ()
    configuration = read(ReadRequest(path=tmp_path))
    assert [one.name for one in configuration.tree] == ["Timeout", "KeepAlive"]


def test_without_sysconfig_opensuses_prefork_is_assumed(tmp_path: Path) -> None:
    found = recognise(tree(tmp_path, {"etc/apache2/httpd.conf": ""}), None)
    assert found.static_modules[-1] == "mpm_prefork_module"
    assert found.notes == ("no APACHE_MPM in sysconfig/apache2: openSUSE's prefork is assumed",)


def test_gentoo_has_its_flags_in_conf_d(tmp_path: Path) -> None:
    files = {
        "etc/apache2/httpd.conf": "",
        "etc/conf.d/apache2": 'APACHE2_OPTS="-D DEFAULT_VHOST -D SSL"\n',
    }
    found = recognise(tree(tmp_path, files), None)
    assert (found.name, found.defines) == ("gentoo", ("DEFAULT_VHOST", "SSL"))


def test_a_unit_and_its_drop_ins_set_the_environment(tmp_path: Path) -> None:
    files = {
        "etc/httpd/conf/httpd.conf": "",
        "usr/lib/systemd/system/httpd.service": "[Service]\nEnvironment=LANG=C A=1\n",
        "etc/systemd/system/httpd.service.d/10.conf": "[Service]\n"
        'Environment="A=two words" B=2\nEnvironmentFile=-/etc/more\nEnvironment=\'open\n',
        "etc/more": "C=3\nOPTIONS=-DMORE\n",
    }
    found = recognise(tree(tmp_path, files), None)
    assert found.environment == {
        **{"LANG": "C", "A": "two words", "B": "2", "C": "3"},
        "OPTIONS": "-DMORE",
    }
    assert found.defines == ("MORE",)
    (note,) = found.notes
    assert note.startswith("/etc/systemd/system/httpd.service.d/10.conf: Environment='open")


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
