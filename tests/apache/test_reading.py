"""The read phase: the tables of ``cases``, and what the tree alone does not show."""

from pathlib import Path

import pytest

from tests.apache.cases import TABLES
from tests.apache.trees import (
    MAIN,
    MODULES,
    VERSION,
    Case,
    first_error,
    kept,
    one,
    read_case,
    read_text,
    shown,
)
from tuner.apache.reading.options import ReadOptions
from tuner.apache.reading.progress import MAX_ERRORS
from tuner.apache.reading.reader import read_configuration, reread
from tuner.apache.reading.state import merge_path
from tuner.apache.tree import Configuration, Directive


def table(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "case", [pytest.param(case, id=title) for title, case in TABLES[name].items()]
    )


def check(root: Path, case: Case) -> None:
    configuration = read_case(root, case)
    assert first_error(configuration, root) == case.error
    if not case.error:
        assert shown(kept(configuration), root) == list(case.tree)


@table("lines")
def test_lines_are_joined_and_numbered(case: Case, tmp_path: Path) -> None:
    check(tmp_path, case)


@table("words")
def test_names_and_arguments_are_kept(case: Case, tmp_path: Path) -> None:
    check(tmp_path, case)


@table("sections")
def test_sections_open_and_close(case: Case, tmp_path: Path) -> None:
    check(tmp_path, case)


@table("variables")
def test_variables_are_replaced(case: Case, tmp_path: Path) -> None:
    check(tmp_path, case)


@table("conditions")
def test_conditions_keep_or_skip_their_block(case: Case, tmp_path: Path) -> None:
    check(tmp_path, case)


@table("includes")
def test_includes_are_read_in_their_place(case: Case, tmp_path: Path) -> None:
    check(tmp_path, case)


@table("macros")
def test_macros_are_expanded_where_they_are_used(case: Case, tmp_path: Path) -> None:
    check(tmp_path, case)


@table("command line")
def test_the_command_line_adds_directives(case: Case, tmp_path: Path) -> None:
    check(tmp_path, case)


@table("loading")
def test_modules_are_loaded(case: Case, tmp_path: Path) -> None:
    check(tmp_path, case)


# --- false blocks ------------------------------------------------------------


def inactive(configuration: Configuration) -> list[tuple[int, str, int]]:
    return [(one.depth, one.label, one.line) for one in configuration.directives if not one.active]


def named(configuration: Configuration, name: str) -> Directive:
    return next(one for one in configuration.directives if one.key == name.lower())


def test_a_false_block_is_kept_as_inactive(tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path,
        "<VirtualHost *:80>\n<IfModule mod_ssl.c>\nSSLEngine on\n<Directory /x>\n"
        "<IfDefine A>\nUnsetEnv ${X}\n</IfDefine>\n</Directory>\nInclude nope\n</IfModule>\n"
        "</VirtualHost>\n",
    )
    assert inactive(configuration) == [
        (1, "SSLEngine on", 3),
        (1, "<Directory /x>", 4),
        (2, "<IfDefine A>", 5),
        (2, "UnsetEnv ${X}", 6),
        (1, "Include nope", 9),
    ]
    assert shown(kept(configuration), tmp_path) == ["t.conf:1 <VirtualHost *:80>"]
    assert configuration.errors == ()


def test_an_inactive_line_says_which_condition_is_false_and_why(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "Timeout 1\n<IfModule mod_ssl.c>\nTimeout 5\n</IfModule>\n")
    condition = named(configuration, "<IfModule")
    hidden = configuration.directives[-1]
    assert condition.reason == "module mod_ssl.c is not loaded"
    assert condition.active
    assert hidden.reason == (
        f"inside <IfModule mod_ssl.c> at {tmp_path}/t.conf:2: module mod_ssl.c is not loaded"
    )
    assert hidden.conditions == (condition,)
    assert hidden.variables == ()


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("IfModule mpm_event", "(it is mpm_event_module or event.c)"),
        ("IfModule mod_event.c", "(it is mpm_event_module or event.c)"),
        ("IfModule MPM_EVENT_MODULE", "(it is mpm_event_module or event.c)"),
        ("IfModule mod_so", "(it is so_module or mod_so.c)"),
        ("IfModule mod_so.so", "(it is so_module or mod_so.c)"),
        ("IfModule !core.c", "module core.c is loaded"),
        ("IfDefine X", "X is not defined"),
        ("IfDefine !Y", "Y is defined"),
        ("IfFile /nope", "/nope does not exist"),
        ("IfVersion < 2.4", "httpd 2.4.71 is not < 2.4"),
        ("IfVersion !>= 2.4", "httpd 2.4.71 is >= 2.4"),
        ("IfDirective SSLEngine", "directive SSLEngine is not known yet"),
        ("IfSection Proxy", "section <Proxy> is not known yet"),
    ],
)
def test_the_reason_helps_to_mend_the_condition(test: str, reason: str, tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path, f"Define Y\n<{test}>\nTimeout 5\n</{test.split()[0]}>\n", "mpm_event"
    )
    hidden = configuration.directives[-1]
    assert not hidden.active
    assert reason in str(hidden.reason)


def test_a_true_condition_is_noted_on_its_lines(tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path, "<IfModule core.c>\n<IfDefine !X>\nTimeout 5\n</IfDefine>\n</IfModule>\n"
    )
    timeout = named(configuration, "Timeout")
    assert [one.label for one in timeout.conditions] == ["<IfModule core.c>", "<IfDefine !X>"]
    assert timeout.depth == 0
    assert timeout.context == "server"
    assert timeout.reason is None


# --- what httpd executes while reading ---------------------------------------


def test_what_is_executed_while_reading_is_not_in_the_tree(tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path,
        "Define A b\nUnDefine A\nServerRoot /\n<IfModule core.c>\n</IfModule>\n"
        "LoadModule env_module x\nIncludeOptional nope/*.conf\nTimeout 5\n",
    )
    assert [(one.key, one.phase) for one in configuration.directives] == [
        *((name, "read") for name in ("define", "undefine", "serverroot", "<ifmodule")),
        *((name, "read") for name in ("loadmodule", "includeoptional")),
        ("timeout", "tree"),
    ]
    assert configuration.server_root == "/"
    assert configuration.options.server_root == str(tmp_path)


def test_a_condition_holds_only_behind_loadmodule(tmp_path: Path) -> None:
    block = (
        "<IfModule mod_ssl.c>\nUnsetEnv {}\n</IfModule>\n<IfDirective SSLEngine>\n</IfDirective>"
    )
    configuration = read_text(
        tmp_path,
        f"{block.format('before')}\nLoadModule ssl_module mod_ssl.so\n{block.format('behind')}\n",
    )
    conditions = [one for one in configuration.directives if one.is_section]
    assert [one.reason is None for one in conditions] == [False, False, True, True]
    assert shown(kept(configuration), tmp_path) == ["t.conf:8 UnsetEnv behind"]
    assert configuration.has_module("ssl_module")
    assert configuration.has_module("mod_ssl.c")
    assert not configuration.has_module("mod_ssl")


def test_a_module_gives_its_names_from_then_on(tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path, "sslengine on\nLoadModule ssl_module mod_ssl.so\nsslengine on\n"
    )
    assert [row.name for row in kept(configuration)] == ["sslengine", "SSLEngine"]


def test_loadmodule_in_a_section_is_global(tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path,
        "<VirtualHost *>\nLoadModule ssl_module x\n</VirtualHost>\n<IfModule ssl_module>\n"
        "Timeout 5\n</IfModule>\n",
    )
    assert shown(kept(configuration), tmp_path)[-1] == "t.conf:5 Timeout 5"


def test_a_second_mpm_is_refused(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "LoadModule mpm_worker_module x\n", "mpm_event")
    assert first_error(configuration, tmp_path) == (
        "t.conf:1: AH00534: Configuration error: More than one MPM loaded."
    )
    assert not configuration.has_module("mpm_worker_module")


def test_a_module_loaded_twice_is_a_warning(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "LoadModule env_module x\n", "env")
    assert [(str(error), error.fatal) for error in configuration.errors] == [
        (f"{tmp_path}/t.conf:1: AH01574: module env_module is already loaded, skipping", False)
    ]


def test_static_modules_are_loaded_from_the_beginning(tmp_path: Path) -> None:
    (tmp_path / MAIN).write_text("<IfModule prefork.c>\nTimeout 5\n</IfModule>\n")
    options = ReadOptions(server_root=str(tmp_path), static_modules=("core.c", "prefork.c"))
    configuration = read_configuration(f"{tmp_path}/{MAIN}", options)
    assert configuration.modules == {"core_module": "core.c", "mpm_prefork_module": "prefork.c"}
    assert shown(kept(configuration), tmp_path) == ["t.conf:2 Timeout 5"]


def test_without_mod_macro_a_macro_is_kept_as_text(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "<Macro M>\nTimeout 5\n</Macro>\nUse M\n")
    assert shown(kept(configuration), tmp_path) == [
        "t.conf:1 <Macro M>",
        "  t.conf:2 Timeout 5",
        "t.conf:4 Use M",
    ]


def test_a_lua_body_is_skipped_as_it_is(tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path,
        "<LuaQuickHandler f>\nif a <b then\n<Files x>\n${X}\nend\n</LuaQuickHandler>\nTimeout 5\n",
        "lua",
    )
    assert shown(kept(configuration), tmp_path) == ["t.conf:7 Timeout 5"]
    assert configuration.errors == ()


def test_a_lua_body_must_end(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "<LuaQuickHandler f>\nend\n", "lua")
    assert first_error(configuration, tmp_path) == "t.conf:1: <LuaQuickHandler> was not closed."


def test_a_runtime_directory_may_be_missing_on_a_tree_at_rest(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "DefaultRuntimeDir run\nTimeout 5\n")
    assert configuration.fatal_errors == ()
    assert [error.message for error in configuration.errors] == [
        f"DefaultRuntimeDir {tmp_path}/run does not exist here; httpd does not start without it"
    ]


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ("2.4.58", True),
        ("= 2.4.58", True),
        ("== 2.4.58", True),
        ("2.4.57", False),
        ("> 2.4.57", True),
        ("> 2.4.58", False),
        (">= 2.4.58", True),
        ("<= 2.4.58", True),
        ("< 2.4.58", False),
        ("< 2.4.100", True),
        ("2.4", False),
        ("> 2.", True),
        ("~ 58-dev$", True),
        ("!~ 58$", True),
        ("/58-dev/", True),
        ("= /^2\\.4\\.5[0-9]/", True),
    ],
)
def test_the_version_of_httpd_is_compared_by_numbers(
    test: str, holds: bool, tmp_path: Path
) -> None:
    (tmp_path / MAIN).write_text(f"<IfVersion {test}>\nTimeout 5\n</IfVersion>\n")
    options = ReadOptions(
        server_root=str(tmp_path), httpd_version=(2, 4, 58), version_suffix="-dev"
    )
    configuration = read_configuration(f"{tmp_path}/{MAIN}", options)
    assert configuration.errors == ()
    assert bool(kept(configuration)) is holds


# --- variables ----------------------------------------------------------------


def test_the_names_of_replaced_variables_are_noted(tmp_path: Path) -> None:
    case = one("Define X 1\nTimeout ${x}${HOME}${NOPE}${a:b}\n", environment={"HOME": "0"})
    configuration = read_case(tmp_path, case)
    assert named(configuration, "Timeout").variables == ("x", "HOME")
    assert configuration.variables == {"x": "1"}
    assert configuration.defines == ("X",)


def test_an_unknown_variable_is_a_warning_where_it_stands(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "Timeout 5\nUnsetEnv ${NOPE} \\\n${lc:x} ${Odd Name}\n")
    assert [(str(error), error.fatal) for error in configuration.errors] == [
        (f"{tmp_path}/t.conf:3: AH00111: Config variable ${{{name}}} is not defined", False)
        for name in ("NOPE", "Odd Name")
    ]


def test_many_warnings_hide_no_error(tmp_path: Path) -> None:
    text = "UnsetEnv ${NOPE}\n" * (MAX_ERRORS + 5) + "</Files>\nTimeout 5\n"
    configuration = read_text(tmp_path, text)
    assert first_error(configuration, tmp_path) == (
        f"t.conf:{MAX_ERRORS + 6}: </Files> without matching <Files> section"
    )
    assert len(configuration.errors) == MAX_ERRORS + 1
    assert named(configuration, "Timeout").line == MAX_ERRORS + 7


def test_reading_stops_at_too_many_errors(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "</Files>\n" * (MAX_ERRORS + 1) + "Timeout 5\n")
    assert len(configuration.errors) == MAX_ERRORS
    assert configuration.directives == ()


# --- where a line comes from -----------------------------------------------------


def test_an_included_line_knows_who_included_it(tmp_path: Path) -> None:
    case = Case({MAIN: "\nInclude a.inc\n", "a.inc": "Include b.inc\n", "b.inc": "Timeout 5\n"})
    configuration = read_case(tmp_path, case)
    source = named(configuration, "Timeout").source
    chain = []
    while source.included_by is not None:
        chain.append(source.included_by.location)
        source = source.included_by.source
    assert chain == [f"{tmp_path}/a.inc:1", f"{tmp_path}/t.conf:2"]
    assert [Path(one.path).name for one in configuration.sources[1:]] == [MAIN, "a.inc", "b.inc"]


def test_a_file_that_is_included_twice_has_two_sources(tmp_path: Path) -> None:
    case = Case({MAIN: "Include a.inc\nInclude a.inc\n", "a.inc": "Timeout 5\n"})
    first, second = read_case(tmp_path, case).named("Timeout")
    assert first.source is not second.source
    assert first.source.real == second.source.real == tmp_path / "a.inc"


def test_a_linked_file_keeps_its_name_and_knows_the_real_one(tmp_path: Path) -> None:
    case = Case(
        {MAIN: "Include enabled/a.conf\n", "available/a.conf": "Timeout 5\n"},
        links={"enabled/a.conf": "../available/a.conf"},
    )
    timeout = named(read_case(tmp_path, case), "Timeout")
    assert timeout.file == f"{tmp_path}/enabled/a.conf"
    assert timeout.source.real == tmp_path / "available/a.conf"


def test_a_line_of_a_macro_is_found_in_the_body(tmp_path: Path) -> None:
    text = "<Macro M $a>\n# comment\n\nUnsetEnv $a \\\n  b\nTimeout 5\n</Macro>\nUse M x\n"
    configuration = read_text(tmp_path, text, *MODULES)
    line = named(configuration, "UnsetEnv")
    use = line.source.macro
    assert use is not None
    assert (use.name, use.defined_in.path, use.defined_line) == ("m", f"{tmp_path}/t.conf", 1)
    assert use.used_by.location == f"{tmp_path}/t.conf:8"
    assert line.line == 2
    assert use.body_lines[line.line - 1] == (4, 5)
    assert use.body_lines[named(configuration, "Timeout").line - 1] == (6, 6)
    assert line.source.real is None


def test_the_span_of_a_directive_is_its_lines_in_the_file(tmp_path: Path) -> None:
    text = "# comment\n  Timeout \\\n  5\nKeepAlive On\n"
    timeout = named(read_text(tmp_path, text), "Timeout")
    assert text[timeout.start : timeout.end] == "  Timeout \\\n  5\n"
    assert (timeout.line_first, timeout.line) == (2, 3)
    assert timeout.source.data == text.encode()


def test_a_directive_knows_its_sections(tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path,
        "<VirtualHost *:80>\n<Directory '/a b'>\nUnsetEnv 'c d' e\n</Directory>\n</VirtualHost>\n",
    )
    line = named(configuration, "unsetenv")
    assert line.context == "<VirtualHost *:80> > <Directory '/a b'>"
    assert line.virtual_host is named(configuration, "<VirtualHost")
    assert line.words == ("c d", "e")
    assert named(configuration, "<Directory").words == ("/a b",)
    assert (line.depth, line.label, line.is_section) == (2, "UnsetEnv 'c d' e", False)


def test_named_gives_several_names_in_file_order(tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path, "MaxClients 1\nMaxRequestWorkers 2\nMAXCLIENTS 3\n", "mpm_event"
    )
    found = configuration.named("MaxRequestWorkers", "MaxClients")
    assert [one.line for one in found] == [1, 2, 3]
    assert [one.line for one in configuration.named("maxclients")] == [1, 3]
    assert configuration.named("Timeout") == ()


# --- going on after an error -------------------------------------------------------


def test_reading_goes_on_after_an_error(tmp_path: Path) -> None:
    case = Case({MAIN: "Include nope\n</Files>\nInclude a.inc\nUse M\n", "a.inc": "Timeout 5\n"})
    configuration = read_case(tmp_path, case)
    assert [error.line for error in configuration.fatal_errors] == [1, 2, 4]
    assert shown(kept(configuration), tmp_path) == ["a.inc:1 Timeout 5"]
    assert named(configuration, "Use").reason == "httpd refuses it: no macro defined before Use"


def test_a_wrong_closing_tag_closes_the_outer_section(tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path, "<VirtualHost *>\n<Files x>\nUnsetEnv a\n</VirtualHost>\nTimeout 5\n"
    )
    assert [error.line for error in configuration.fatal_errors] == [4]
    assert named(configuration, "Timeout").depth == 0


def test_files_before_a_failing_wildcard_are_read(tmp_path: Path) -> None:
    case = Case(
        {MAIN: "Include d/*/c.conf\nTimeout 5\n", "d/x/c.conf": "UnsetEnv a\n", "d/y/other": ""}
    )
    configuration = read_case(tmp_path, case)
    assert len(configuration.fatal_errors) == 1
    assert shown(kept(configuration), tmp_path) == ["d/x/c.conf:1 UnsetEnv a", "t.conf:2 Timeout 5"]


def test_a_missing_main_file_is_an_error(tmp_path: Path) -> None:
    configuration = read_configuration(f"{tmp_path}/nope", ReadOptions(server_root=str(tmp_path)))
    assert [str(error) for error in configuration.errors] == [
        f"{tmp_path}/nope: Could not open configuration file {tmp_path}/nope: "
        "No such file or directory"
    ]
    assert configuration.directives == ()


def test_a_line_of_more_than_16_megabytes_is_too_long(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, f"Timeout 5\nUnsetEnv {'x' * 17_000_000}\nTimeout 6\n")
    assert first_error(configuration, tmp_path) == (
        "t.conf:2: Error reading $ROOT/t.conf at line 2: Line too long"
    )
    assert shown(kept(configuration), tmp_path) == ["t.conf:1 Timeout 5"]


# --- reading again -------------------------------------------------------------------


def test_an_overlay_replaces_a_real_file(tmp_path: Path) -> None:
    case = Case({MAIN: "Include link.inc\n", "a.inc": "Timeout 5\n"}, links={"link.inc": "a.inc"})
    configuration = read_case(tmp_path, case)
    again = reread(configuration, {tmp_path / "a.inc": b"Timeout 6\nKeepAlive Off\n"})
    assert shown(kept(again), tmp_path) == ["link.inc:1 Timeout 6", "link.inc:2 KeepAlive Off"]
    assert shown(kept(configuration), tmp_path) == ["link.inc:1 Timeout 5"]
    assert (tmp_path / "a.inc").read_text() == "Timeout 5\n"


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    case = Case({MAIN: "Define X 1\nInclude d/*\n", "d/a": "Timeout ${X}\n", "d/b": "UnsetEnv b\n"})
    first = read_case(tmp_path, case)
    assert kept(reread(first, {})) == kept(first)
    assert first.options.httpd_version == VERSION


@pytest.mark.parametrize(
    ("base", "path", "expected"),
    [
        ("/etc", "a", "/etc/a"),
        ("/etc", "/a", "/a"),
        ("/etc", "../a", "/a"),
        ("/etc", "../../../a", "/a"),
        ("/etc", "./a/./b", "/etc/a/b"),
        ("/etc", "a//b", "/etc/a/b"),
        ("/etc", "a/", "/etc/a/"),
        ("/etc", "a/..", "/etc"),
        ("/etc", "a/.", "/etc/a"),
        ("/etc/", "a", "/etc/a"),
        ("/", "", "/"),
        ("/etc", "/", "/"),
        ("/etc", "a/*.conf", "/etc/a/*.conf"),
    ],
)
def test_paths_are_merged_by_their_text(base: str, path: str, expected: str) -> None:
    assert merge_path(base, path) == expected


def test_a_lone_bracket_is_a_directive_without_a_name(tmp_path: Path) -> None:
    configuration = read_case(tmp_path, one("> x\n>\nTimeout 5\n"))
    assert [(row.name, row.args) for row in kept(configuration)] == [
        *(("", "x"), ("", ""), ("Timeout", "5"))
    ]
