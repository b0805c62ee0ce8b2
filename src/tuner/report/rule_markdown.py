"""One rule as Markdown: a page for a wiki or a pull request."""

from tuner.report.markdown import code, fenced, plain, table
from tuner.report.rule_document import RuleDocument
from tuner.report.wording import fix_lines


def render_markdown(document: RuleDocument) -> str:
    """Return the page."""
    rule = document.rule
    fix = rule.fix.safety if rule.fix else "none"
    blocks = [
        f"# {rule.id} {plain(rule.title)}",
        table(
            ("name", "severity", "confidence", "fix", "since"),
            [(code(rule.name), rule.severity, rule.confidence, fix, plain(rule.since))],
        ),
        # The reasons are prose of the rule, and may use Markdown.
        rule.why.strip(),
        "## Condition",
        fenced("\n".join([*(f"{name} = {text}" for name, text in rule.let.items()), rule.when])),
        "It rests on " + ", ".join(map(code, document.facts)) + ".",
    ]
    if rule.thresholds:
        rows = [(code(name), code(text)) for name, text in rule.thresholds.items()]
        blocks += ["## Thresholds", table(("name", "value"), rows)]
        blocks.append(f"Other values go into `[thresholds.{rule.id}]` of `tuner.toml`.")
    if rule.fix is not None:
        blocks += [f"## Fix: {plain(rule.fix.title)}", fenced("\n".join(fix_lines(rule)))]
    if rule.example is not None:
        blocks += ["## Before", fenced(rule.example.before, "apache")]
        blocks += ["## After", fenced(rule.example.after, "apache")]
    blocks += ["## Sources", "\n".join(f"- <{url}>" for url in rule.references)]
    return "\n\n".join(blocks) + "\n"
