"""Where a wanted change goes, or why it is refused."""

from pathlib import Path

import pytest

from tests.patch.support import EVENT, PREFORK, WSGI, edited, load
from tuner.apache.changes import Change, RemoveDirective, RemoveLine, SetDirective, SetOption
from tuner.errors import PatchError
from tuner.patch.locate import locate

WORKERS = SetDirective(name="MaxRequestWorkers", value="400")
LIMIT = SetDirective(name="ServerLimit", value="400")


def option(name: str, value: str, group: str = "app") -> SetOption:
    return SetOption(group=group, option=name, value=value)


# --- directives in place ---------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"MaxRequestWorkers 150\n", b"MaxRequestWorkers 400\n"),
        (b"MaxRequestWorkers 150", b"MaxRequestWorkers 400"),
        (b"maxrequestWORKERS 150\n", b"maxrequestWORKERS 400\n"),
        (b"MaxClients   150 \n", b"MaxClients   400 \n"),
        (b"\tMaxRequestWorkers\t150\n", b"\tMaxRequestWorkers\t400\n"),
        (b"MaxRequestWorkers 150\r\nListen 80\r\n", b"MaxRequestWorkers 400\r\nListen 80\r\n"),
        (b'MaxRequestWorkers "150"\n', b"MaxRequestWorkers 400\n"),
        (b"MaxRequestWorkers 150 # no comment\n", b"MaxRequestWorkers 400 # no comment\n"),
        (b"MaxRequestWorkers \\\n  150\n", b"MaxRequestWorkers \\\n  400\n"),
        (b"MaxRequestWorkers 1\\\r\n50\r\n", b"MaxRequestWorkers 400\r\n"),
        (b"MaxClients 1\nMaxRequestWorkers 2\n", b"MaxClients 1\nMaxRequestWorkers 400\n"),
        (b"MaxRequestWorkers 1\nMaxClients 2\n", b"MaxRequestWorkers 1\nMaxClients 400\n"),
        (
            b"<IfModule mpm_prefork_module>\n  MaxClients 1\n</IfModule>\n"
            b"<IfModule mpm_event_module>\n  MaxClients 2\n</IfModule>\n",
            b"<IfModule mpm_prefork_module>\n  MaxClients 400\n</IfModule>\n"
            b"<IfModule mpm_event_module>\n  MaxClients 2\n</IfModule>\n",
        ),
        (
            b"# caf\xe9 \xff\r\nMaxClients 1\n\x0c\nListen 80\r# \xe9",
            b"# caf\xe9 \xff\r\nMaxClients 400\n\x0c\nListen 80\r# \xe9",
        ),
    ],
)
def test_the_value_in_force_is_replaced_and_no_other_byte(
    tmp_path: Path, before: bytes, after: bytes
) -> None:
    configuration = load(tmp_path, PREFORK + before)
    assert edited(configuration, [WORKERS]) == {"httpd.conf": PREFORK + after}


def test_the_last_of_several_files_wins(tmp_path: Path) -> None:
    for name in ("a.conf", "b.conf"):
        (tmp_path / name).write_bytes(b"MaxRequestWorkers 1\n")
    main = PREFORK + b"MaxRequestWorkers 1\nInclude b.conf\nInclude a.conf\n"
    assert edited(load(tmp_path, main), [WORKERS]) == {"a.conf": b"MaxRequestWorkers 400\n"}


def test_a_value_is_quoted_where_it_has_to_be(tmp_path: Path) -> None:
    configuration = load(tmp_path, b"ServerAdmin me\n")
    change = SetDirective(name="ServerAdmin", value='the "admin" on duty')
    after = {"httpd.conf": b'ServerAdmin "the \\"admin\\" on duty"\n'}
    assert edited(configuration, [change]) == after


def test_a_directive_in_a_virtual_host_is_another_one(tmp_path: Path) -> None:
    main = b"Timeout 300\n<VirtualHost *:80>\n  Timeout 200\n</VirtualHost>\n"
    change = SetDirective(name="Timeout", value="60")
    assert edited(load(tmp_path, main), [change]) == {
        "httpd.conf": main.replace(b"300", b"60"),
    }


def test_removal_takes_out_every_active_occurrence(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_bytes(b"  ServerLimit \\\n 7\n# kept\n")
    main = PREFORK + b"ServerLimit 5\nInclude a.conf\n<IfDefine X>\nServerLimit 9\n</IfDefine>\n"
    after = edited(load(tmp_path, main), [RemoveDirective(name="ServerLimit")])
    assert after == {"httpd.conf": main.replace(b"ServerLimit 5\n", b""), "a.conf": b"# kept\n"}


def test_removal_of_what_nothing_sets_is_no_edit(tmp_path: Path) -> None:
    assert edited(load(tmp_path, PREFORK), [RemoveDirective(name="ServerLimit")]) == {}


# --- values behind a Define --------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Define W 150\nMaxClients ${W}\n", b"Define W 400\nMaxClients ${W}\n"),
        (b"Define W 150\nMaxClients ${w}\n", b"Define W 400\nMaxClients ${w}\n"),
        (b"define w '150'\nMaxClients \"${W}\"\n", b'define w 400\nMaxClients "${W}"\n'),
        (
            b"Define W 1\nDefine W 2\nMaxClients ${W}\n",
            b"Define W 1\nDefine W 400\nMaxClients ${W}\n",
        ),
        (b"Define W 1\nDefine W\nMaxClients ${W}\n", b"Define W 400\nDefine W\nMaxClients ${W}\n"),
        (
            b"Define W 1\n<IfDefine X>\nDefine W 2\n</IfDefine>\nMaxClients ${W}\n",
            b"Define W 400\n<IfDefine X>\nDefine W 2\n</IfDefine>\nMaxClients ${W}\n",
        ),
    ],
)
def test_a_defined_value_is_changed_where_it_is_defined(
    tmp_path: Path, before: bytes, after: bytes
) -> None:
    configuration = load(tmp_path, PREFORK + before)
    assert edited(configuration, [WORKERS]) == {"httpd.conf": PREFORK + after}


def test_an_option_behind_a_define_is_changed_there_too(tmp_path: Path) -> None:
    main = WSGI + b"Define P 2\nWSGIDaemonProcess app processes=${P} threads=5\n"
    after = {"httpd.conf": main.replace(b"Define P 2", b"Define P 4")}
    assert edited(load(tmp_path, main), [option("processes", "4")]) == after


# --- new directives -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"MaxClients 1\n", b"ServerLimit 400\nMaxClients 1\n"),
        (b"MaxClients 1", b"ServerLimit 400\nMaxClients 1"),
        (
            b"Listen 80\r\n  MaxClients 1\r\n",
            b"Listen 80\r\n  ServerLimit 400\r\n  MaxClients 1\r\n",
        ),
        (b"MaxClients 1\nMaxClients 2\n", b"MaxClients 1\nServerLimit 400\nMaxClients 2\n"),
        (b"MaxClients \\\n1\n", b"ServerLimit 400\nMaxClients \\\n1\n"),
        (b"StartServers 2\n#\n", b"StartServers 2\nServerLimit 400\n#\n"),
        (b"  StartServers 2", b"  StartServers 2\n  ServerLimit 400"),
        (b"\tStartServers \\\r\n2\r\n#", b"\tStartServers \\\r\n2\r\n\tServerLimit 400\r\n#"),
        (b"Listen 80\n# end", b"ServerLimit 400\nListen 80\n# end"),
        (
            b"StartServers 2\n<IfModule prefork.c>\nListen 443\n</IfModule>\n",
            b"StartServers 2\nServerLimit 400\n<IfModule prefork.c>\nListen 443\n</IfModule>\n",
        ),
    ],
)
def test_a_limit_stands_before_what_it_limits_or_beside_its_relatives(
    tmp_path: Path, before: bytes, after: bytes
) -> None:
    configuration = load(tmp_path, PREFORK + before)
    assert edited(configuration, [LIMIT]) == {"httpd.conf": PREFORK + after}


def test_without_relatives_it_stands_behind_the_line_that_loads_its_module(tmp_path: Path) -> None:
    change = SetDirective(name="WSGIRestrictEmbedded", value="On")
    main = PREFORK + WSGI + b"Listen 80\n"
    after = {"httpd.conf": PREFORK + WSGI + b"WSGIRestrictEmbedded On\nListen 80\n"}
    assert edited(load(tmp_path, main), [change]) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Listen 80\n", b"Listen 80\nTimeout 60\n"),
        (b"Listen 80", b"Listen 80\nTimeout 60\n"),
        (b"Listen 80\r\n", b"Listen 80\r\nTimeout 60\r\n"),
        (b"# a\r\nListen 80", b"# a\r\nListen 80\r\nTimeout 60\r\n"),
        (b"", b"Timeout 60\n"),
    ],
)
def test_a_core_directive_goes_to_the_end_of_the_main_file(
    tmp_path: Path, before: bytes, after: bytes
) -> None:
    change = SetDirective(name="Timeout", value="60")
    assert edited(load(tmp_path, before), [change]) == {"httpd.conf": after}


def test_nothing_is_written_beside_a_relative_that_cannot_be_edited(tmp_path: Path) -> None:
    (tmp_path / "twice.conf").write_bytes(b"StartServers 2\n")
    main = PREFORK + b"MinSpareServers 3\nInclude twice.conf\nInclude twice.conf\n"
    assert edited(load(tmp_path, main), [LIMIT]) == {
        "httpd.conf": main.replace(b"Servers 3\n", b"Servers 3\nServerLimit 400\n"),
    }


def test_directives_of_another_mpm_are_no_relatives(tmp_path: Path) -> None:
    main = EVENT + b"MinSpareServers 3\n<IfModule prefork.c>\nStartServers 2\n</IfModule>\n"
    change = SetDirective(name="MinSpareThreads", value="50")
    after = {"httpd.conf": main.replace(EVENT, EVENT + b"MinSpareThreads 50\n")}
    assert edited(load(tmp_path, main), [change]) == after


def test_both_limits_go_before_what_they_limit(tmp_path: Path) -> None:
    main = EVENT + b"<IfModule event.c>\n\tThreadsPerChild 100\n\tMaxClients 900\n</IfModule>\n"
    changes = [
        SetDirective(name="ServerLimit", value="12"),
        SetDirective(name="ThreadLimit", value="100"),
        SetDirective(name="MaxRequestWorkers", value="1000"),
    ]
    assert edited(load(tmp_path, main), changes) == {
        "httpd.conf": EVENT + b"<IfModule event.c>\n\tThreadLimit 100\n\tThreadsPerChild 100\n"
        b"\tServerLimit 12\n\tMaxClients 1000\n</IfModule>\n"
    }


# --- options of a daemon process ------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"app processes=2 threads=15\n", b"app processes=4 threads=15\n"),
        (b"app processes=2", b"app processes=4"),
        (b"app threads=15\n", b"app threads=15 processes=4\n"),
        (b"app\n", b"app processes=4\n"),
        (b"app  \r\n# \xff\r\n", b"app processes=4  \r\n# \xff\r\n"),
        (b"'app'\n", b"'app' processes=4\n"),
        (b"app processes=2 processes=3\n", b"app processes=2 processes=4\n"),
        (b'app processes="2" threads=15\n', b"app processes=4 threads=15\n"),
        (b"app processes= 2 threads=15\n", b"app processes= 4 threads=15\n"),
        (b"app home='/a b'processes=2\n", b"app home='/a b'processes=4\n"),
        (b'app display-name="a processes=9"\n', b'app display-name="a processes=9" processes=4\n'),
        (b"app \\\n  processes=2 \\\n  threads=15\n", b"app \\\n  processes=4 \\\n  threads=15\n"),
        (b"app \\\r\n  threads=15\r\n", b"app \\\r\n  threads=15 processes=4\r\n"),
        (
            b"app \\\n  threads=15 \\\n\nListen 80\n",
            b"app \\\n  threads=15 processes=4 \\\n\nListen 80\n",
        ),
        (b"app processes=\\\n2\n", b"app processes=\\\n4\n"),
        (b"app processes=1\\\n2\n", b"app processes=4\n"),
    ],
)
def test_an_option_is_replaced_or_added_in_its_line(
    tmp_path: Path, before: bytes, after: bytes
) -> None:
    configuration = load(tmp_path, WSGI + b"WSGIDaemonProcess " + before)
    expected = WSGI + b"WSGIDaemonProcess " + after
    assert edited(configuration, [option("processes", "4")]) == {"httpd.conf": expected}


def test_two_options_that_are_missing_are_added_in_order(tmp_path: Path) -> None:
    main = WSGI + b"WSGIDaemonProcess other\nWSGIDaemonProcess app\n"
    changes = [option("queue-timeout", "45"), option("display-name", "the app")]
    assert edited(load(tmp_path, main), changes) == {
        "httpd.conf": main.replace(b"app\n", b'app queue-timeout=45 display-name="the app"\n')
    }


def test_the_group_inside_a_virtual_host_is_found(tmp_path: Path) -> None:
    main = WSGI + b"<VirtualHost *:80>\n  WSGIDaemonProcess app threads=5\n</VirtualHost>\n"
    after = {"httpd.conf": main.replace(b"threads=5", b"threads=7")}
    assert edited(load(tmp_path, main), [option("threads", "7")]) == after


# --- refusals -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("main", "change", "message"),
    [
        (
            b"<Macro Sized $n>\nMaxRequestWorkers $n\n</Macro>\nUse Sized 150\n",
            WORKERS,
            r"MaxRequestWorkers comes from macro sized \(change .*httpd\.conf:4 by hand\)",
        ),
        (
            b"MaxRequestWorkers ${FROM_ENVVARS}\n",
            WORKERS,
            r"comes from the environment variable FROM_ENVVARS \(change it where httpd's",
        ),
        (
            b"Define W 15\nMaxRequestWorkers ${W}0\n",
            WORKERS,
            r"MaxRequestWorkers is composed of variables: \$\{W\}0",
        ),
        (
            b"Define A 1\nDefine B 5\nMaxRequestWorkers ${A}${B}\n",
            WORKERS,
            r"MaxRequestWorkers is composed of variables: \$\{A\}\$\{B\}",
        ),
        (
            b"Define W 150\nServerLimit ${W}\nMaxRequestWorkers ${W}\n",
            WORKERS,
            r"comes from \$\{W\}, which .*httpd\.conf:5 also uses",
        ),
        (
            b"Define W 150\nListen ${w}\nMaxRequestWorkers ${W}\n",
            WORKERS,
            r"comes from \$\{W\}, which .*httpd\.conf:5 also uses",
        ),
        (
            b"<Macro Def $n>\nDefine W $n\n</Macro>\nUse Def 5\nMaxRequestWorkers ${W}\n",
            WORKERS,
            r"Define comes from macro def",
        ),
        (
            b"Include twice.conf\nInclude twice.conf\n",
            WORKERS,
            r"twice\.conf is included 2 times \(MaxRequestWorkers at line 1 would change",
        ),
        (b"MaxRequestWorkers\n", WORKERS, r"MaxRequestWorkers has no value to replace"),
        (
            b"WSGIDaemonProcess one\n",
            option("threads", "5"),
            "there is no daemon process group app",
        ),
        (
            b"<Macro Daemon $n>\nWSGIDaemonProcess $n\n</Macro>\nUse Daemon app\n",
            option("threads", "5"),
            "WSGIDaemonProcess comes from macro daemon",
        ),
        (
            b"WSGIDaemonProcess app threads=${FROM_ENVVARS}\n",
            option("threads", "5"),
            "comes from the environment variable FROM_ENVVARS",
        ),
        (
            b"Include twice.conf\nInclude twice.conf\n",
            RemoveDirective(name="MaxClients"),
            r"twice\.conf is included 2 times",
        ),
    ],
)
def test_what_cannot_be_edited_safely_is_refused(
    tmp_path: Path, main: bytes, change: Change, message: str
) -> None:
    (tmp_path / "twice.conf").write_bytes(b"MaxRequestWorkers 150\n")
    loading = PREFORK + WSGI + b"LoadModule macro_module modules/mod_macro.so\n"
    configuration = load(tmp_path, loading + main, environment={"FROM_ENVVARS": "150"})
    with pytest.raises(PatchError, match=message):
        locate(configuration, [change])


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_value_from_the_command_line_is_refused(tmp_path: Path, where: str) -> None:
    configuration = load(tmp_path, PREFORK, **{where: ("MaxClients 9",)})
    with pytest.raises(PatchError, match=r"MaxClients is given on httpd's command line \(change"):
        locate(configuration, [WORKERS])


def test_a_variable_from_the_command_line_is_refused(tmp_path: Path) -> None:
    configuration = load(tmp_path, PREFORK + b"MaxClients ${W}\n", before=("Define W 150",))
    with pytest.raises(PatchError, match="Define is given on httpd's command line"):
        locate(configuration, [WORKERS])


def test_two_values_for_one_directive_are_refused(tmp_path: Path) -> None:
    configuration = load(tmp_path, PREFORK)
    both = [WORKERS, SetDirective(name="MaxClients", value="300")]
    with pytest.raises(PatchError, match="two values are wanted for maxrequestworkers"):
        locate(configuration, both)
    with pytest.raises(PatchError, match="two values are wanted for app threads"):
        locate(configuration, [option("threads", "5"), option("threads", "6")])


def test_a_repeated_change_counts_once(tmp_path: Path) -> None:
    configuration = load(tmp_path, PREFORK)
    assert len(locate(configuration, [LIMIT, LIMIT])) == 1


# --- one line of several -----------------------------------------------------------


def test_one_line_is_taken_out_and_others_of_its_name_stay(tmp_path: Path) -> None:
    configuration = load(tmp_path, PREFORK + b"MaxClients 1\nMaxClients \\\n 2\nMaxClients 3\n")
    change = RemoveLine(name="MaxClients", file=configuration.main, line=4)
    assert edited(configuration, [change]) == {
        "httpd.conf": PREFORK + b"MaxClients 1\nMaxClients 3\n"
    }


def test_a_void_line_goes_and_the_one_in_force_changes(tmp_path: Path) -> None:
    configuration = load(tmp_path, PREFORK + b"MaxClients 1\nMaxRequestWorkers 2\n")
    change = RemoveLine(name="MaxClients", file=configuration.main, line=2)
    assert edited(configuration, [change, WORKERS]) == {
        "httpd.conf": PREFORK + b"MaxRequestWorkers 400\n"
    }


def test_a_line_that_is_not_there_is_refused(tmp_path: Path) -> None:
    configuration = load(tmp_path, PREFORK + b"MaxClients 1\n")
    with pytest.raises(PatchError, match="there is no MaxClients at"):
        locate(configuration, [RemoveLine(name="MaxClients", file=configuration.main, line=9)])
