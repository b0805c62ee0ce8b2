"""From rules and facts to findings: confidence, fixes, evidence, what is skipped."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tuner.apache.changes import RemoveDirective, RemoveLine, SetDirective, SetOption
from tuner.apache.effective.values import Location
from tuner.apache.versions import Version
from tuner.fact import Fact, Known, Origin, Unknown
from tuner.rules.checker import Outcome, evaluate_rules, format_value
from tuner.rules.expression import UNKNOWN
from tuner.rules.expression.evaluate import Value
from tuner.rules.expression.nodes import Kind, Scalar
from tuner.rules.facts import Facts, Subject
from tuner.rules.finding import Finding
from tuner.rules.loader import CompiledRule, load_rule

MAIN = Location(file="/etc/httpd.conf", line_first=1, line_last=1)
RULE = """\
id: XYZ001
name: front-above-budget
title: Too much
severity: high
confidence: high
since: 0.1.0
let: {need: mpm.processes * memory.front}
when: need > memory.budget
formula: need - memory.budget
message: "{mpm.processes} x {memory.front}  is {need},\\n of {memory.budget}"
at: [MaxRequestWorkers, ServerLimit]
why: Because.
references: ["https://example.com/"]
"""


def rule(tmp_path: Path, more: str = "", **replaced: str) -> CompiledRule:
    lines = [
        f"{key}: {replaced[key]}" if (key := line.partition(":")[0]) in replaced else line
        for line in RULE.splitlines()
    ]
    path = tmp_path / "XYZ001-x.yaml"
    path.write_text("\n".join([*lines, more, ""]))
    return load_rule(path)


def facts(
    table: Mapping[str, Fact[Scalar]],
    directives: Mapping[str, Location] | None = None,
    current: Mapping[str, str] | None = None,
    versions: Mapping[str, Fact[Version]] | None = None,
    modules: frozenset[str] = frozenset(),
    **other: tuple[Subject, ...],
) -> Facts:
    return Facts(
        subjects={
            "server": (Subject("server", table, None),),
            "group": other.get("group", ()),
            "application": other.get("application", ()),
            "directive": other.get("directive", ()),
        },
        directives=directives or {},
        current=current or {},
        fallback=MAIN,
        versions=versions or {},
        modules=modules,
    )


def table(origin: Origin = "measured", **changed: Fact[Scalar]) -> dict[str, Fact[Scalar]]:
    found: dict[str, Fact[Scalar]] = {
        "mpm.processes": Known(500, "derived", "MaxRequestWorkers"),
        "memory.front": Known(40 * 2**20, origin, "95th percentile"),
        "memory.budget": Known(16 * 2**30, "given", "--budget"),
    }
    return {**found, **{key.replace("__", "."): fact for key, fact in changed.items()}}


def only(outcome: Outcome) -> Finding:
    assert outcome.skipped == ()
    (finding,) = outcome.findings
    return finding


def test_a_finding_shows_formula_values_and_where_they_come_from(tmp_path: Path) -> None:
    finding = only(evaluate_rules([rule(tmp_path)], facts(table())))
    assert finding.message == "500 x 40 MB is 19.5 GB, of 16 GB"
    assert finding.evidence.formula == "need - memory.budget"
    assert finding.evidence.substituted == "19.5 GB - 16 GB"
    assert finding.evidence.result == "3.53 GB"
    assert [(one.name, one.value, one.unit, one.origin) for one in finding.evidence.inputs] == [
        ("mpm.processes", "500", "count", "derived"),
        ("memory.front", str(40 * 2**20), "bytes", "measured"),
        ("memory.budget", str(16 * 2**30), "bytes", "given"),
    ]
    assert finding.fix is None
    assert finding.restart == "graceful"


def test_a_condition_has_no_result_beside_itself(tmp_path: Path) -> None:
    compiled = rule(tmp_path, formula='""')
    finding = only(evaluate_rules([compiled], facts(table())))
    assert finding.evidence.formula == "need > memory.budget"
    assert finding.evidence.result == ""


def test_a_rule_that_does_not_hold_is_quiet(tmp_path: Path) -> None:
    fits = table(mpm__processes=Known(400, "derived"))
    assert evaluate_rules([rule(tmp_path)], facts(fits)) == Outcome((), ())


def test_an_unknown_fact_is_reported_as_skipped_with_the_reason(tmp_path: Path) -> None:
    unknown = table(memory__front=Unknown("no server is running"))
    findings, skipped = evaluate_rules([rule(tmp_path)], facts(unknown))
    assert findings == ()
    assert [one.missing for one in skipped] == [("memory.front: no server is running",)]
    assert (skipped[0].id, skipped[0].title, skipped[0].subject) == ("XYZ001", "Too much", "server")


@pytest.mark.parametrize(
    ("wanted", "origin", "found"),
    [
        ("high", "measured", "high"),
        ("high", "given", "high"),
        ("high", "assumed", "medium"),
        ("medium", "assumed", "low"),
        ("low", "assumed", "low"),
    ],
)
def test_confidence_falls_with_an_assumed_number(
    tmp_path: Path, wanted: str, origin: Origin, found: str
) -> None:
    compiled = rule(tmp_path, confidence=wanted)
    assert only(evaluate_rules([compiled], facts(table(origin)))).confidence == found


def test_the_first_directive_that_is_set_is_the_place_to_look(tmp_path: Path) -> None:
    limit = Location(file="/etc/mpm.conf", line_first=3, line_last=3)
    workers = Location(file="/etc/mpm.conf", line_first=7, line_last=8)
    compiled = rule(tmp_path)
    assert only(evaluate_rules([compiled], facts(table()))).locations == (MAIN,)
    found = only(evaluate_rules([compiled], facts(table(), {"serverlimit": limit})))
    assert found.locations == (limit,)
    both = facts(table(), {"serverlimit": limit, "maxrequestworkers": workers})
    assert only(evaluate_rules([compiled], both)).locations == (workers, limit)


FIX = """\
fix:
  title: Repair it
  safety: safe
  set: {MaxRequestWorkers: "memory.budget / memory.front * 0.999", HostnameLookups: "'Off'"}
  remove: [ServerLimit]
"""


def test_a_fix_holds_whole_numbers_and_plain_text(tmp_path: Path) -> None:
    finding = only(evaluate_rules([rule(tmp_path, FIX)], facts(table())))
    assert finding.fix is not None
    assert finding.fix.changes == (
        RemoveDirective(name="ServerLimit"),
        SetDirective(name="MaxRequestWorkers", value="409"),
        SetDirective(name="HostnameLookups", value="Off"),
    )
    assert (finding.fix.title, finding.fix.safety) == ("Repair it", "safe")
    assert finding.restart == "stop+start"


def test_a_fix_leaves_out_what_is_so_already(tmp_path: Path) -> None:
    now = {"maxrequestworkers": "409", "hostnamelookups": "Off"}
    finding = only(evaluate_rules([rule(tmp_path, FIX)], facts(table(), current=now)))
    assert finding.fix is not None
    assert finding.fix.changes == (RemoveDirective(name="ServerLimit"),)


def test_a_fix_without_changes_is_none(tmp_path: Path) -> None:
    now = {"maxrequestworkers": "409", "hostnamelookups": "Off"}
    compiled = rule(tmp_path, FIX.replace("  remove: [ServerLimit]\n", ""))
    finding = only(evaluate_rules([compiled], facts(table(), current=now)))
    assert finding.fix is None


def test_a_fix_that_needs_an_unknown_value_is_none(tmp_path: Path) -> None:
    compiled = rule(tmp_path, FIX.replace("* 0.999", "+ mpm.server_limit"))
    unknown = table(mpm__server_limit=Unknown("no MPM is loaded"))
    assert only(evaluate_rules([compiled], facts(unknown))).fix is None


def test_a_rule_of_scope_group_is_evaluated_for_every_group(tmp_path: Path) -> None:
    place = Location(file="/etc/app.conf", line_first=2, line_last=4)
    groups = tuple(
        Subject(
            f"daemon group {name}",
            {**table(), "group.processes": Known(size, "configuration")},
            place,
            name,
        )
        for name, size in (("small", 2), ("large", 20), ("huge", 200))
    )
    compiled = rule(
        tmp_path,
        "scope: group\nfix: {title: Repair it, option: {processes: group.processes // 2}}",
        let="{}",
        when="group.processes > 10",
        formula="group.processes",
        message="too many",
    )
    found = evaluate_rules([compiled], facts(table(), group=groups)).findings
    assert [one.subject for one in found] == ["daemon group large", "daemon group huge"]
    assert [one.locations for one in found] == [(place,), (place,)]
    assert [one.fix.changes for one in found if one.fix] == [
        (SetOption(group="large", option="processes", value="10"),),
        (SetOption(group="huge", option="processes", value="100"),),
    ]
    assert {one.fix.safety for one in found if one.fix} == {"unsafe"}


def test_an_option_that_needs_an_unknown_value_is_not_set(tmp_path: Path) -> None:
    compiled = rule(
        tmp_path,
        "scope: group\nfix: {title: Repair it, option: {processes: group.processes_that_fit}}",
        when="group.processes > 10",
    )
    known: dict[str, Fact[Scalar]] = {
        **table(),
        "group.processes": Known(20, "configuration"),
        "group.processes_that_fit": Unknown("no process was running"),
    }
    group = Subject("daemon group app", known, MAIN, "app")
    assert only(evaluate_rules([compiled], facts(table(), group=(group,)))).fix is None


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (500, "count", "500"),
        (409.6, "count", "410"),
        (2.5, "count", "2.5"),
        (2.0, "count", "2"),
        (0.123456, "count", "0.123"),
        (40 * 2**20, "bytes", "40 MB"),
        (0.5, "seconds", "500 ms"),
        (15, "seconds", "15 s"),
        (True, "flag", "On"),
        (False, "flag", "Off"),
        (("MaxClients", "x"), "texts", "MaxClients, x"),
        ((), "texts", ""),
        ("event", "text", "event"),
        (UNKNOWN, "bytes", "unknown"),
    ],
)
def test_values_are_written_by_their_kind(value: Value, kind: Kind, shown: str) -> None:
    assert format_value(value, kind) == shown


@pytest.mark.parametrize(
    ("version", "fires"),
    [
        ((2, 4, 9), False),
        ((2, 4, 10), True),
        ((2, 4, 37), True),
        ((2, 4, 37, 1), True),
        ((2, 4, 38), False),
        ((2, 5, 0), False),
    ],
)
def test_a_rule_applies_to_its_versions_both_ends_included(
    tmp_path: Path, version: Version, fires: bool
) -> None:
    compiled = rule(tmp_path, "versions: {httpd: {since: 2.4.10, until: 2.4.37}}")
    found = facts(table(), versions={"httpd": Known(version, "measured")})
    assert bool(evaluate_rules([compiled], found).findings) == fires


def test_a_rule_for_some_versions_is_skipped_where_the_version_is_unknown(tmp_path: Path) -> None:
    compiled = rule(tmp_path, 'versions: {mod_wsgi: {since: "4"}}')
    outcome = evaluate_rules(
        [compiled], facts(table(), versions={"mod_wsgi": Unknown("not loaded")})
    )
    assert outcome.findings == ()
    assert [one.missing for one in outcome.skipped] == [("mod_wsgi.version: not loaded",)]


def test_a_rule_for_some_versions_is_quiet_where_its_condition_is_false(tmp_path: Path) -> None:
    compiled = rule(tmp_path, 'versions: {mod_wsgi: {since: "4"}}', when="need < memory.budget")
    found = facts(table(), versions={"mod_wsgi": Unknown("not loaded")})
    assert evaluate_rules([compiled], found) == Outcome((), ())


@pytest.mark.parametrize(
    ("module", "name"), [("prefork.c", "MaxSpareServers"), ("event.c", "MaxSpareThreads")]
)
def test_of_two_names_the_one_is_set_that_a_loaded_module_knows(
    tmp_path: Path, module: str, name: str
) -> None:
    compiled = rule(tmp_path, "fix: {title: T, set: {MaxSpareServers|MaxSpareThreads: '9'}}")
    (finding,) = evaluate_rules([compiled], facts(table(), modules=frozenset({module}))).findings
    assert finding.fix is not None
    assert finding.fix.changes == (SetDirective(name=name, value="9"),)


def test_without_a_module_that_knows_the_name_there_is_no_fix(tmp_path: Path) -> None:
    compiled = rule(tmp_path, "fix: {title: T, set: {MaxSpareServers|MaxSpareThreads: '9'}}")
    (finding,) = evaluate_rules([compiled], facts(table())).findings
    assert finding.fix is None


def test_a_rule_about_a_directive_takes_out_that_very_line(tmp_path: Path) -> None:
    where = Location(file="/etc/more.conf", line_first=6, line_last=7)
    subject = Subject("Timeout 5 at /etc/more.conf:7", table(), where, directive="Timeout")
    compiled = rule(tmp_path, "scope: directive\nfix: {title: T, remove_line: true}")
    (finding,) = evaluate_rules([compiled], facts(table(), directive=(subject,))).findings
    assert finding.fix is not None
    assert finding.fix.changes == (RemoveLine(name="Timeout", file="/etc/more.conf", line=7),)
    assert finding.locations == (where,)
