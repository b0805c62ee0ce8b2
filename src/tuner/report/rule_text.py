"""One rule as text, for ``tuner explain``."""

import textwrap

from tuner.rules.loader import CompiledRule, names_used


def render_rule(compiled: CompiledRule) -> str:
    """Return everything that is known about a rule."""
    rule = compiled.rule
    blocks = [
        f"{rule.id} {rule.name}\n{rule.title}",
        f"severity {rule.severity}, confidence {rule.confidence}, since {rule.since}",
        rule.why.strip(),
        "Fires when\n" + textwrap.indent(rule.when, "  "),
    ]
    if rule.thresholds:
        lines = [f"{name} = {text}" for name, text in rule.thresholds.items()]
        blocks.append("Thresholds\n" + textwrap.indent("\n".join(lines), "  "))
    if rule.let:
        lines = [f"{name} = {text}" for name, text in rule.let.items()]
        blocks.append("With\n" + textwrap.indent("\n".join(lines), "  "))
    blocks.append("Rests on\n" + textwrap.indent("\n".join(names_used(compiled)), "  "))
    if rule.fix is not None:
        fix = rule.fix
        lines = [f"{name} {text}" for name, text in fix.set.items()]
        lines += [f"{name}={text}" for name, text in fix.option.items()]
        lines += [f"remove {name}" for name in fix.remove]
        lines += [f"{' or '.join(compiled.rule.about)} {fix.here}"] if fix.here else []
        lines += ["remove this directive"] * fix.remove_line
        blocks.append(
            f"Fix ({fix.safety}): {fix.title}\n" + textwrap.indent("\n".join(lines), "  ")
        )
    if rule.example is not None:
        blocks.append("Before\n" + textwrap.indent(rule.example.before.rstrip(), "  "))
        blocks.append("After\n" + textwrap.indent(rule.example.after.rstrip(), "  "))
    blocks.append("Sources\n" + textwrap.indent("\n".join(rule.references), "  "))
    return "\n\n".join(blocks) + "\n"
