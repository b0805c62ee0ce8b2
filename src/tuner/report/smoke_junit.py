"""The outcome of a smoke test as JUnit XML, one test case for each metric."""

from xml.etree import ElementTree

from tuner.pipeline.smoke.compare import Comparison
from tuner.report.style import printable

SUITE = "tuner smoke"


def render_junit(found: Comparison, *, inconclusive_fails: bool) -> str:
    """Return the document; an inconclusive metric is skipped, or fails where that is asked."""
    cases = []
    for one in found.metrics:
        case = ElementTree.Element(
            "testcase", classname=f"{SUITE}.{printable(found.today.url)}", name=one.name
        )
        if one.verdict == "regressed" or (one.verdict == "inconclusive" and inconclusive_fails):
            ElementTree.SubElement(case, "failure", message=one.message, type=one.verdict)
        elif one.verdict == "inconclusive":
            ElementTree.SubElement(case, "skipped", message=f"inconclusive: {one.message}")
        ElementTree.SubElement(case, "system-out").text = one.message
        cases.append(case)
    suite = ElementTree.Element(
        "testsuite",
        name=SUITE,
        timestamp=found.today.started_at.rstrip("Z"),
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        errors="0",
    )
    suite.extend(cases)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, "unicode", xml_declaration=True) + "\n"
