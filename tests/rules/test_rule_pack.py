"""Every rule of the pack against its cases in ``tests/rules/<ID>.yaml``; see style.md 4.

A case file maps case names to cases. A rule that can be undecided has a case
with ``expect: skip``; one that cannot says why at the key ``never_skips``.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple
from unittest.mock import patch

import pytest
from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from tuner.apache.read import ReadRequest
from tuner.apache.versions import parse_version
from tuner.fact import Known
from tuner.pipeline import audit as pipeline
from tuner.pipeline.audit import AuditReport, AuditRequest, audit, audit_patch
from tuner.pipeline.facts.build import build_facts
from tuner.pipeline.observe import ObserveRequest
from tuner.report.rule_document import rule_document
from tuner.report.rule_text import render_text
from tuner.rules.facts import Facts, Subject
from tuner.rules.loader import builtin_rules, load_rule, load_rules, names_used
from tuner.rules.vocabulary import SERVER_FACTS, group, occurrence

CASES = Path(__file__).parent
RULES = {one.rule.id: one for one in load_rules([builtin_rules()])}
RULE_FILES = sorted(builtin_rules().rglob("*.yaml"))
FIXABLE = sorted(key for key, one in RULES.items() if one.rule.fix is not None)


class Case(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    conf: str
    """``@HERE@`` stands for the directory that the configuration and its files are in."""
    files: dict[str, str] = Field(default_factory=dict)
    """More files, beside the configuration."""
    facts: dict[str, bool | int | float | str | tuple[str, ...]] = Field(default_factory=dict)
    """Facts of the server that a configuration cannot give: kernel limits, logs, measurements."""
    versions: dict[str, str] = Field(default_factory=dict)
    app_memory: tuple[str, ...] = ()
    budget: str | None = None
    expect: Literal["fire", "quiet", "skip"]
    message: str | None = None
    fixed: str | None = None


class CaseFile(NamedTuple):
    never_skips: str | None
    cases: dict[str, Case]


@cache
def case_file(rule_id: str) -> CaseFile:
    document = YAML(typ="safe").load((CASES / f"{rule_id}.yaml").read_bytes())
    never_skips = document.pop("never_skips", None)
    return CaseFile(never_skips, {name: Case(**case) for name, case in document.items()})


def cases(*expected: str, rules: list[str] | None = None) -> list[object]:
    """Return parameters: one for each case that expects one of ``expected``."""
    return [
        pytest.param(rule_id, case, id=f"{rule_id}-{name}")
        for rule_id in rules or sorted(RULES)
        if (CASES / f"{rule_id}.yaml").is_file()
        for name, case in case_file(rule_id).cases.items()
        if case.expect in expected
    ]


@pytest.fixture(autouse=True)
def _pack_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuner.pipeline.audit.load_rules", lambda *_: tuple(RULES.values()))


def with_given(facts: Facts, case: Case) -> Facts:
    """Return the facts with what the case gives in place of an observation."""
    unknown = case.facts.keys() - SERVER_FACTS.keys() - occurrence.FACTS.keys() - group.FACTS.keys()
    assert not unknown, f"not facts of the server, a group or a directive: {unknown}"
    given = {
        name: Known(value, "measured", "given by the case") for name, value in case.facts.items()
    }

    def replaced(found: tuple[Subject, ...]) -> tuple[Subject, ...]:
        return tuple(one._replace(facts={**one.facts, **given}) for one in found)

    subjects = {scope: replaced(found) for scope, found in facts.subjects.items()}
    versions = {
        program: Known(parse_version(version), "given", "")
        for program, version in case.versions.items()
    }
    return facts._replace(
        subjects=subjects,
        versions={**facts.versions, **versions},
        occurrences=lambda name: replaced(facts.occurrences(name)),
    )


def run(tmp_path: Path, case: Case, *select: str, conf: str | None = None) -> AuditReport:
    """Audit the case, or another configuration with what the case gives."""
    for name, content in case.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    main = tmp_path / "httpd.conf"
    content = case.conf if conf is None else conf
    main.write_bytes(content.replace("@HERE@", str(tmp_path)).encode())

    def facts(*arguments: Any, **options: Any) -> Facts:
        return with_given(build_facts(*arguments, **options), case)

    with patch.object(pipeline, "build_facts", facts):
        report = audit(
            AuditRequest(
                read=ReadRequest(path=main),
                observe=ObserveRequest(live=False, app_memory=case.app_memory, budget=case.budget),
                select=select,
            )
        )
    assert report.configuration.fatal_errors == ()
    return report


@pytest.mark.parametrize(("rule_id", "case"), cases("fire", "quiet", "skip"))
def test_a_case(tmp_path: Path, rule_id: str, case: Case) -> None:
    report = run(tmp_path, case, rule_id)
    if case.expect == "fire":
        assert {one.id for one in report.findings} == {rule_id}
        messages = [one.message for one in report.findings]
        assert case.message is None or any(case.message in one for one in messages), messages
    else:
        assert report.findings == ()
        skipped = {one.id for one in report.skipped}
        assert skipped == ({rule_id} if case.expect == "skip" else set())


@pytest.mark.parametrize(("rule_id", "case"), cases("fire"))
def test_a_finding_is_complete(tmp_path: Path, rule_id: str, case: Case) -> None:
    for finding in run(tmp_path, case, rule_id).findings:
        assert not re.search(r"unknown|[{}]|\s\s|\s$", finding.message)
        assert finding.locations
        for where in finding.locations:
            assert where.file == str(tmp_path / "httpd.conf")
            assert 1 <= where.line_first <= where.line_last <= case.conf.count("\n")
        assert finding.evidence.formula
        assert finding.evidence.substituted
        assert "unknown" not in finding.evidence.result
        assert [one.name for one in finding.evidence.inputs] == list(names_used(RULES[rule_id]))
        assert finding.url.startswith("https://")


@pytest.mark.parametrize(("rule_id", "case"), cases("skip"))
def test_a_skip_says_what_is_missing(tmp_path: Path, rule_id: str, case: Case) -> None:
    for skipped in run(tmp_path, case, rule_id).skipped:
        assert skipped.title == RULES[rule_id].rule.title
        assert skipped.missing
        assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+: .+", one) for one in skipped.missing)


@pytest.mark.parametrize(("rule_id", "case"), cases("fire", rules=FIXABLE))
def test_the_fix_gives_the_text_in_the_case(tmp_path: Path, rule_id: str, case: Case) -> None:
    made, refused = audit_patch(run(tmp_path, case, rule_id), None, unsafe=True)
    assert refused == ()
    assert made is not None
    assert [one.path for one in made.files] == [tmp_path / "httpd.conf"]
    assert made.files[0].after.decode().replace(str(tmp_path), "@HERE@") == case.fixed


@pytest.mark.parametrize(("rule_id", "case"), cases("fire", rules=FIXABLE))
def test_the_fix_silences_the_rule_and_wakes_no_other(
    tmp_path: Path, rule_id: str, case: Case
) -> None:
    before = {one.id for one in run(tmp_path, case).findings}
    assert rule_id in before
    after = {one.id for one in run(tmp_path, case, conf=case.fixed).findings}
    assert after <= before - {rule_id}


@pytest.mark.parametrize(("rule_id", "case"), cases("fire"))
def test_all_fixes_together_silence_all_fixable_rules(
    tmp_path: Path, rule_id: str, case: Case
) -> None:
    report = run(tmp_path, case)
    made, refused = audit_patch(report, None, unsafe=True)
    assert refused == ()
    if made is None:
        assert not any(one.fix for one in report.findings)
        return
    after = run(tmp_path, case, conf=made.files[0].after.decode())
    assert not {one.id for one in after.findings if one.fix}
    assert {one.id for one in after.findings} <= {one.id for one in report.findings}


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_every_rule_has_the_cases_that_it_needs(rule_id: str) -> None:
    assert (CASES / f"{rule_id}.yaml").is_file()
    found = case_file(rule_id)
    expected = {case.expect for case in found.cases.values()}
    assert {"fire", "quiet"} <= expected
    assert ("skip" in expected) != bool(found.never_skips)
    for case in found.cases.values():
        assert (case.fixed is not None) == (case.expect == "fire" and rule_id in FIXABLE)
        assert case.message is None or case.expect == "fire"
    assert any(case.message for case in found.cases.values())


@pytest.mark.parametrize(
    ("rule_id", "case"),
    cases("fire", "quiet", rules=[key for key in sorted(RULES) if case_file(key).never_skips]),
)
def test_a_rule_that_never_skips_needs_neither_mpm_nor_memory(
    tmp_path: Path, rule_id: str, case: Case
) -> None:
    without = re.sub(r"LoadModule mpm_.*\n", "", case.conf)
    bare = case.model_copy(update={"app_memory": ()})
    assert run(tmp_path, bare, rule_id, conf=without).skipped == ()


def test_no_case_file_is_without_a_rule() -> None:
    assert {path.stem for path in CASES.glob("*.yaml")} == set(RULES)


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_a_rule_file_loads_and_is_named_after_its_rule(path: Path) -> None:
    rule = load_rule(path).rule
    assert path.name == f"{rule.id}-{rule.name}.yaml"


def test_the_pack_is_sorted_and_complete() -> None:
    assert list(RULES) == sorted(RULES)
    assert len(RULES) == len(RULE_FILES)


_REMEDIES = {
    "add", "allow", "avoid", "disable", "disallow", "do", "dont", "enable", "fix", "forbid",
    "limit", "lower", "missing", "must", "no", "not", "prefer", "raise", "reduce", "require",
    "set", "should", "use",
}  # fmt: skip


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_a_name_reads_as_what_one_would_allow(rule_id: str) -> None:
    words = RULES[rule_id].rule.name.split("-")
    assert len(words) >= 2
    assert words[0] not in _REMEDIES


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_references_are_https_urls(rule_id: str) -> None:
    references = RULES[rule_id].rule.references
    assert references
    for url in references:
        assert re.fullmatch(r"https://[a-z0-9.-]+\.[a-z]+/\S+", url)


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_the_explanation_renders(rule_id: str) -> None:
    rule = RULES[rule_id].rule
    text = render_text(rule_document(RULES[rule_id]))
    assert text.startswith(f"{rule_id} {rule.name}\n{rule.title}\n")
    for part in (rule.why.strip(), *rule.references, *names_used(RULES[rule_id])):
        assert part in text
    assert ("\nFix (" in text) == (rule_id in FIXABLE)
    assert "Fires when\n" in text
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
