"""The catalogue of rules in every form of ``tuner rules``."""

import csv
import io
from collections.abc import Sequence
from itertools import groupby

from tuner.report.documents import as_json
from tuner.report.formats import ListFormat
from tuner.report.markdown import code, plain, table
from tuner.report.rule_document import rules_document
from tuner.report.style import count_of
from tuner.rules.schema import Rule

_COLUMNS = ("id", "name", "severity", "confidence", "status", "scope", "fix", "title", "url")


def render_rules(rules: Sequence[Rule], form: ListFormat) -> str:
    """Return the rules, which are sorted by id."""
    match form:
        case ListFormat.TEXT:
            return _text(rules)
        case ListFormat.JSON:
            return as_json(rules_document(rules))
        case ListFormat.CSV:
            return _csv(rules)
        case ListFormat.MARKDOWN:
            return _markdown(rules)


def _text(rules: Sequence[Rule]) -> str:
    width = max((len(one.name) for one in rules), default=0)
    lines: list[str] = []
    for area, group in groupby(rules, key=_area):
        lines += [area, *(f"  {_line(one, width)}" for one in group), ""]
    lines.append(f"{count_of(len(rules), 'rule')}; tuner explain ID tells more")
    return "\n".join(lines) + "\n"


def _area(rule: Rule) -> str:
    return rule.id.rstrip("0123456789")


def _line(rule: Rule, width: int) -> str:
    return f"{rule.id}  {rule.severity:<6}  {rule.name:<{width}}  {rule.title}"


def _cells(rule: Rule) -> dict[str, str]:
    values = {name: str(getattr(rule, name)) for name in _COLUMNS if name != "fix"}
    return {**values, "fix": rule.fix.safety if rule.fix else ""}


def _csv(rules: Sequence[Rule]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_cells, rules))
    return text.getvalue()


def _markdown(rules: Sequence[Rule]) -> str:
    rows = [
        (
            f"[{one.id}]({one.url})",
            code(one.name),
            one.severity,
            one.fix.safety if one.fix else "",
            plain(one.title),
        )
        for one in rules
    ]
    return table(("rule", "name", "severity", "fix", "finds"), rows) + "\n"
