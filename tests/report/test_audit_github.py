"""Annotations: read back as GitHub's runner reads workflow commands."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.support import configuration, document_of, rendered, report_of
from tuner.report.audit_github import annotation
from tuner.report.style import printable

PROPERTY = settings(deadline=None, max_examples=200, derandomize=True)
TEXTS = st.one_of(st.text(), st.text("%\r\n:,=;A0123456789DC", max_size=12))


def read_command(line: str) -> tuple[str, dict[str, str], str]:
    """Undo the escapes of one command (actions/runner, ActionCommand.cs)."""
    match = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
    assert match is not None, line
    properties = {}
    for part in match[2].split(","):
        key, _, value = part.partition("=")
        for escape, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
            value = value.replace(escape, char)
        properties[key] = value.replace("%25", "%")
    text = match[3].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    return match[1], properties, text


def visible(text: str) -> str:
    """Control characters other than line ends are made visible."""
    return "".join(char if char in "\r\n" else printable(char) for char in text)


@PROPERTY
@given(TEXTS, TEXTS, TEXTS)
def test_any_text_arrives_as_it_was(title: str, message: str, file: str) -> None:
    line = annotation("warning", title, message, file, 3, 4)
    assert len(line.splitlines()) == 1
    assert read_command(line) == (
        "warning",
        {"file": visible(file), "line": "3", "endLine": "4", "title": visible(title)},
        visible(message),
    )


def test_every_finding_is_one_annotation_at_its_place(sample: Callable[[str], Path]) -> None:
    tree = sample("founding-prefork-embedded")
    report = report_of(tree)
    lines = rendered("github", report, base=tree).splitlines()
    findings = document_of(report, tree).findings
    assert len(lines) == len(findings) + 1
    commands = {"high": "error", "medium": "warning", "low": "notice", "info": "notice"}
    for line, finding in zip(lines, findings, strict=False):
        command, properties, message = read_command(line)
        assert command == commands[finding.severity]
        assert properties["file"] == finding.locations[0].path
        assert (tree / properties["file"]).is_file()
        assert properties["line"] == str(finding.locations[0].line_first)
        assert properties["title"].startswith(finding.id)
        assert finding.message in message
    counted = Counter(one.severity for one in findings)
    parts = [f"{counted[one]} {one}" for one in ("high", "medium", "low", "info") if counted[one]]
    assert lines[-1] == f"tuner audit: {len(findings)} findings: {', '.join(parts)}"


def test_what_httpd_says_is_annotated_too(tmp_path: Path) -> None:
    main = configuration(tmp_path, "<Directory /x>")
    first = rendered("github", report_of(main)).splitlines()[0]
    command, properties, message = read_command(first)
    assert command == "error"
    assert properties["file"] == str(main)
    assert "was not closed" in message


def test_what_stands_in_no_file_belongs_to_the_whole_run(tmp_path: Path) -> None:
    report = report_of(configuration(tmp_path), select=("TMO001",), after=("Timeout 300",))
    command, properties, _ = read_command(rendered("github", report).splitlines()[0])
    assert command == "warning"
    assert set(properties) == {"title"}
