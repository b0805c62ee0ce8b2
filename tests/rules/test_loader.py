"""Rule files: what is accepted, and refusals with file, line and column."""

import shutil
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from tuner.errors import RuleError
from tuner.rules import loader
from tuner.rules.expression import explain
from tuner.rules.loader import builtin_rules, load_rule, load_rules, names_used
from tuner.rules.schema import json_schema

GOOD = """\
id: XYZ001
name: workers-above-ten
title: More than ten workers
severity: low
confidence: high
since: 0.1.0
let:
  most: 5 + 5
when: mpm.max_request_workers > most
formula: mpm.max_request_workers - most
message: "{mpm.max_request_workers} workers are more than {most}"
at: [MaxRequestWorkers]
fix:
  title: Lower it
  safety: safe
  set:
    MaxRequestWorkers: most
why: Ten are enough.
references:
  - https://example.com/
"""


def write(directory: Path, text: str | bytes, name: str = "XYZ001-workers-above-ten.yaml") -> Path:
    path = directory / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(path: Path) -> str:
    """Return the error of loading ``path``, its directory left out."""
    with pytest.raises(RuleError) as caught:
        load_rule(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:")
    assert "\n" not in message
    return message.removeprefix(f"{path}:")


def test_a_good_rule_is_compiled(tmp_path: Path) -> None:
    compiled = load_rule(write(tmp_path, GOOD))
    assert compiled.rule.id == "XYZ001"
    assert compiled.rule.url == "https://example.com/"
    assert explain(compiled.when, str) == "mpm.max_request_workers > most"
    assert compiled.kinds["most"] == "count"
    assert compiled.formula_kind == "count"
    assert list(compiled.sets) == ["MaxRequestWorkers"]
    assert compiled.options == {}


def test_the_condition_is_the_formula_where_none_is_given(tmp_path: Path) -> None:
    text = GOOD.replace("formula: mpm.max_request_workers - most\n", "")
    compiled = load_rule(write(tmp_path, text))
    assert compiled.formula == compiled.when
    assert compiled.formula_kind == "flag"


def test_names_behind_let_are_found(tmp_path: Path) -> None:
    text = GOOD.replace("most: 5 + 5", "half: mpm.server_limit // 2\n  most: half + host.cores")
    compiled = load_rule(write(tmp_path, text))
    assert names_used(compiled) == ("mpm.max_request_workers", "mpm.server_limit", "host.cores")


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("when: mpm", "when: [mpm", "10:8: expected ',' or ']', but got ':'"),
        ("let:", "let: :", "7:6: mapping values are not allowed"),
        ("since: 0.1.0", "since: '0.1.0", "21:1: found unexpected end of stream"),
        ("title: More", "\ttitle: More", "3:1: found character '\\t' that cannot start any token"),
        ("severity: low", "title: again", "4:1: title is there twice"),
        (GOOD, "- a list\n", "1:1: a rule is a mapping"),
        (GOOD, "", "1:1: a rule is a mapping"),
        (GOOD, "only text\n", "1:1: a rule is a mapping"),
        ("Ten are enough.", "Ten are\x07 enough.", " unacceptable character #x0007"),
        ("why: Ten", "---\nwhy: Ten", "18:1: one file holds one rule"),
    ],
)
def test_broken_yaml_is_refused(tmp_path: Path, old: str, new: str, where: str) -> None:
    assert refusal(write(tmp_path, GOOD.replace(old, new))).startswith(where)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    assert "can't decode byte 0xff" in refusal(write(tmp_path, GOOD.encode() + b"# \xff\n"))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "XYZ001-workers-above-ten.yaml")


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("title: More than ten workers\n", "", "1:1: title: Field required"),
        ("when: mpm.max_request_workers > most\n", "", "1:1: when: Field required"),
        ("why: Ten are enough.\n", "", "1:1: why: Field required"),
        ("at: [", "att: [", "12:6: att: Extra inputs are not permitted"),
        ("  safety: safe", "  safty: safe", "15:10: fix.safty: Extra inputs are not permitted"),
        ("id: XYZ001", "id: xyz1", "1:5: id: String should match pattern"),
        ("name: workers", "name: Workers", "2:7: name: String should match pattern"),
        ("name: workers", "name: no-workers", "2:7: name: Value error, name the bad pattern"),
        ("name: workers", "name: avoid-workers", "2:7: name: Value error, name the bad pattern"),
        ("severity: low", "severity: huge", "4:11: severity: Input should be 'info', 'low',"),
        ("confidence: high", "confidence: sure", "5:13: confidence: Input should be 'low',"),
        ("since: 0.1.0", "since: 0.1", "6:8: since: String should match pattern"),
        ("since: 0.1.0", "since: 0.1.0\nscope: host", "7:8: scope: Input should be 'server'"),
        ("  safety: safe", "  safety: perhaps", "15:11: fix.safety: Input should be 'safe'"),
        ("most: 5 + 5", "most: [5]", "8:9: let.most: Input should be a valid string"),
        ("  - https://example.com/", "  []", "20:3: references: Tuple should have at least 1"),
        ("references:\n  - h", "references: h", "19:13: references: Input should be a valid"),
        ("let:\n  most: 5 + 5", "let: text", "7:6: let: Input should be a valid dictionary"),
    ],
)
def test_a_rule_of_another_shape_is_refused(tmp_path: Path, old: str, new: str, where: str) -> None:
    assert old in GOOD
    assert refusal(write(tmp_path, GOOD.replace(old, new))).startswith(where)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("> most\n", "> > most\n", "9:33: when: unexpected '>'"),
        ("> most\n", "> mots\n", "9:33: when: no fact 'mots'; did you mean most"),
        ("> most\n", "> 5MB\n", "9:7: when: '>' between count and bytes"),
        ("when: mpm.max_request_workers >", "when: 1 +", "9:7: when: the condition must be true"),
        ("most: 5 + 5", "most: 5 + 5 +", "8:16: let.most: the expression ends here"),
        ("most: 5 + 5", "most: mpm.worker", "8:9: let.most: no fact 'mpm.worker'"),
        ("most: 5 + 5", "most: later + 5\n  later: 5 + 5", "8:9: let.most: no fact 'later'"),
        ("most: 5", "mpm.name: host.cores\n  most: 5", "8:13: let.mpm.name: 'mpm.name' has a mea"),
        ("workers - most", "workers - 5s", "10:34: formula: '-' between count and seconds"),
        ("Workers: most", "Workers: 7 most", "17:26: fix.set.MaxRequestWorkers: unexpected"),
        ("Workers: most", "Workers: group.x", "17:24: fix.set.MaxRequestWorkers: no fact"),
        ("than {most}", "than {least}", "11:11: message: no fact 'least'"),
        ("than {most}", "than {most", "11:11: message: expected '}' before end of string"),
        ("than {most}", "than most}", "11:11: message: Single '}' encountered"),
        ("  set:\n    M", "  option:\n    M", "17:5: fix.option: options belong to rules of sc"),
    ],
)
def test_a_mistake_in_an_expression_is_refused(
    tmp_path: Path, old: str, new: str, where: str
) -> None:
    assert old in GOOD
    assert refusal(write(tmp_path, GOOD.replace(old, new))).startswith(where)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("when: mpm.max_request_workers\n  > mots", "10:5"),
        ("when: >-\n  mpm.max_request_workers\n\n    > mots", "12:7"),
        ("when: |\n    mpm.max_request_workers >\n    mots", "11:5"),
        ("when: 'mpm.max_request_workers > mots'", "9:34"),
        ('when: "mots\n  > most"', "9:8"),
        ("when: >-\n    mpm.max_request_workers >", "11:1"),
    ],
)
def test_a_mistake_is_found_in_folded_and_quoted_text(
    tmp_path: Path, text: str, where: str
) -> None:
    bad = GOOD.replace("when: mpm.max_request_workers > most", text)
    assert refusal(write(tmp_path, bad)).startswith(f"{where}: when: ")


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("title: More", "title: &a More", None),
        ("why: Ten are enough.", "why: *a", "18:6: aliases are not understood"),
        ("id: XYZ001", "id: &a XYZ001\nbase: *a\nwhy:", "2:7: aliases are not"),
        ("let:\n", "let: &a\n  self: *a\n", "8:9: aliases are not"),
        ("let:\n", "let:\n  ? [a]\n  : b\n", "8:5: a key is plain text"),
        ("let:", "let: " + "[" * 100_000, "7:25: nested more than 20 deep"),
    ],
)
def test_hostile_yaml_is_refused(tmp_path: Path, old: str, new: str, where: str | None) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    if where is None:
        assert load_rule(path).rule.title == "More than ten workers"
    else:
        assert refusal(path).startswith(where)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    assert "larger than 256 KiB" in refusal(write(tmp_path, GOOD + "#" * 2**18))


def test_words_of_apache_stay_as_they_are_written(tmp_path: Path) -> None:
    text = GOOD.replace("Workers: most", 'Workers: "1"').replace("why: Ten are enough.", "why: Off")
    assert load_rule(write(tmp_path, text)).rule.why == "Off"


OCCURRENCE = (
    GOOD.replace("since: 0.1.0", "since: 0.1.0\nscope: occurrence\nabout: [Timeout]")
    .replace("mpm.max_request_workers", "here.number")
    .replace("  set:\n    MaxRequestWorkers: most", "  here: most")
)


def test_a_rule_can_be_about_directives_where_they_stand(tmp_path: Path) -> None:
    compiled = load_rule(write(tmp_path, OCCURRENCE))
    assert compiled.rule.about == ("Timeout",)
    assert compiled.here is not None
    assert explain(compiled.here, str) == "most"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (OCCURRENCE.replace("about: [Timeout]\n", ""), "1:1: about: about and scope occurrence go"),
        (OCCURRENCE.replace("here: most", "here: mots"), "18:9: fix.here: no fact 'mots'"),
        (GOOD.replace("let:", "about: [Timeout]\nlet:"), "7:8: about: about and scope occurrence"),
        (
            GOOD.replace("  set:\n    M", "  here: most\n  set:\n    M"),
            "16:9: fix.here: here belongs",
        ),
    ],
)
def test_what_only_rules_about_directives_have(tmp_path: Path, text: str, where: str) -> None:
    assert refusal(write(tmp_path, text)).startswith(where)


def test_facts_of_a_scope_are_unknown_in_another(tmp_path: Path) -> None:
    text = GOOD.replace("> most\n", "> group.threads\n")
    assert "no fact 'group.threads'" in refusal(write(tmp_path, text))
    scoped = write(tmp_path, text.replace("since: 0.1.0", "since: 0.1.0\nscope: group"))
    assert load_rule(scoped).rule.scope == "group"


@pytest.mark.parametrize("name", ["XYZ002-workers.yaml", "XYZ001.yaml", "xyz001-workers.yaml"])
def test_a_file_is_named_after_its_rule(tmp_path: Path, name: str) -> None:
    with pytest.raises(RuleError, match=r"the file of XYZ001 is named XYZ001-<slug>\.yaml"):
        load_rule(write(tmp_path, GOOD, name))


def test_rules_of_all_directories_come_sorted_by_id(tmp_path: Path) -> None:
    for directory, number in (("b", "002"), ("a/deep", "003"), ("a", "001")):
        (tmp_path / directory).mkdir(parents=True, exist_ok=True)
        text = GOOD.replace("XYZ001", f"XYZ{number}")
        write(tmp_path / directory, text, f"XYZ{number}-workers.yaml")
    found = load_rules([tmp_path / "b", tmp_path / "a"])
    assert [one.rule.id for one in found] == ["XYZ001", "XYZ002", "XYZ003"]


def test_an_id_is_defined_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, GOOD)
    with pytest.raises(RuleError) as caught:
        load_rules([tmp_path / "one", tmp_path / "two"])
    first, second = (tmp_path / name / "XYZ001-workers-above-ten.yaml" for name in ("one", "two"))
    assert str(caught.value) == f"{second}: XYZ001 is already defined in {first}"


def test_a_user_rule_cannot_replace_a_rule_of_the_pack(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("XYZ001", "CAP001"), "CAP001-mine.yaml")
    with pytest.raises(RuleError, match="CAP001 is already defined in"):
        load_rules([builtin_rules(), tmp_path])


def test_a_directory_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no such directory of rules"):
        load_rules([tmp_path / "nothing"])


def test_a_directory_without_rules_gives_none(tmp_path: Path) -> None:
    assert load_rules([tmp_path]) == ()


def test_the_installed_pack_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "files", lambda package: tmp_path / package)
    checkout = builtin_rules()
    assert sorted(path.name for path in checkout.iterdir() if path.is_dir())
    shutil.copytree(checkout, tmp_path / "tuner/_rules")
    assert builtin_rules() == tmp_path / "tuner/_rules"


def test_a_missing_pack_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "files", lambda package: tmp_path / package)
    monkeypatch.setattr(loader, "__file__", str(tmp_path / "a/b/c/d.py"))
    with pytest.raises(RuleError, match="the rule pack is missing"):
        builtin_rules()


# --- the published schema ------------------------------------------------------------

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize(
    "path", sorted(builtin_rules().rglob("*.yaml")), ids=lambda path: path.stem
)
def test_the_schema_accepts_every_rule(path: Path) -> None:
    document = YAML(typ="safe").load(path.read_text("utf-8"))
    assert list(VALIDATOR.iter_errors(document)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("id: XYZ001", "id: 7"),
        ("severity: low", "severity: huge"),
        ("at: [", "att: ["),
        ("why: Ten are enough.\n", ""),
        ("most: 5 + 5", "most: [5]"),
        ("  - https://example.com/", "  []"),
        ("  safety: safe", "  safety: perhaps"),
        ("let:", "scope: occurrence\nlet:"),
        ("let:", "about: [Timeout]\nlet:"),
        ("why: Ten are enough.", "why: ''"),
        ("since: 0.1.0", "since: '1'"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(tmp_path: Path, old: str, new: str) -> None:
    assert list(VALIDATOR.iter_errors(YAML(typ="safe").load(GOOD))) == []
    bad = GOOD.replace(old, new)
    assert list(VALIDATOR.iter_errors(YAML(typ="safe").load(bad)))
    with pytest.raises(RuleError):
        load_rule(write(tmp_path, bad))


THRESHOLD = GOOD.replace("let:\n  most: 5 + 5", "thresholds:\n  most: '10'")


def test_a_threshold_can_be_used_and_set(tmp_path: Path) -> None:
    write(tmp_path, THRESHOLD)
    (own,) = load_rules([tmp_path])
    assert explain(own.let["most"], str) == "10"
    (chosen,) = load_rules([tmp_path], {"XYZ001": {"most": "20"}})
    assert explain(chosen.let["most"], str) == "20"


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ({"XYZ009": {"most": "20"}}, "thresholds for XYZ009: there is no such rule"),
        ({"XYZ001": {"mots": "20"}}, "there is none of this name (there are: most)"),
        ({"XYZ001": {"most": "20s"}}, "'20s' is not like its own value (that is 10)"),
        ({"XYZ001": {"most": "host.cores"}}, "'host.cores' is not like its own value"),
        ({"XYZ001": {"most": "20 +"}}, "threshold most of XYZ001: the expression ends here"),
    ],
)
def test_a_wrong_threshold_is_refused(
    tmp_path: Path, thresholds: dict[str, dict[str, str]], message: str
) -> None:
    write(tmp_path, THRESHOLD)
    with pytest.raises(RuleError) as caught:
        load_rules([tmp_path], thresholds)
    assert message in str(caught.value)


def test_a_threshold_is_one_value(tmp_path: Path) -> None:
    text = THRESHOLD.replace("most: '10'", "most: 5 + 5")
    with pytest.raises(RuleError, match="a threshold is one value"):
        load_rules([write(tmp_path, text).parent])


def test_only_a_rule_about_a_directive_can_take_its_line_out(tmp_path: Path) -> None:
    path = tmp_path / "XYZ001-x.yaml"
    path.write_text(
        "id: XYZ001\nname: some-pattern\ntitle: T\nseverity: low\nconfidence: low\n"
        "since: 0.1.0\nwhen: server.keep_alive\nmessage: M\nwhy: W\n"
        "fix: {title: F, remove_line: true}\nreferences: ['https://example.com/']\n"
    )
    with pytest.raises(RuleError, match="remove_line belongs to scope directive"):
        load_rule(path)
