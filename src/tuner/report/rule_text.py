"""One rule as text, for ``tuner explain``."""

import textwrap
from collections.abc import Iterable

from tuner.report.rule_document import RuleDocument
from tuner.report.wording import fix_lines


def render_text(document: RuleDocument) -> str:
    """Return everything that is known about a rule."""
    rule = document.rule
    blocks = [
        f"{rule.id} {rule.name}\n{rule.title}",
        f"severity {rule.severity}, confidence {rule.confidence}, since {rule.since}",
        rule.why.strip(),
        _block("Fires when", [rule.when]),
    ]
    if rule.thresholds:
        head = f"Thresholds, to be changed in tuner.toml under [thresholds.{rule.id}]"
        blocks.append(_block(head, _aligned(rule.thresholds)))
    if rule.let:
        blocks.append(_block("With", _aligned(rule.let)))
    blocks.append(_block("Rests on", document.facts))
    if rule.fix is not None:
        blocks.append(_block(f"Fix ({rule.fix.safety}): {rule.fix.title}", fix_lines(rule)))
    if rule.example is not None:
        blocks.append(_block("Before", [rule.example.before.rstrip()]))
        blocks.append(_block("After", [rule.example.after.rstrip()]))
    blocks.append(_block("Sources", rule.references))
    return "\n\n".join(blocks) + "\n"


def _block(head: str, lines: Iterable[str]) -> str:
    return f"{head}\n" + textwrap.indent("\n".join(lines), "  ")


def _aligned(values: dict[str, str]) -> list[str]:
    width = max(map(len, values))
    return [f"{name:<{width}} = {text}" for name, text in values.items()]
