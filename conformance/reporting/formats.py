"""The JSON document of a run in the forms that other tools read: JUnit XML, a badge, and annotations of GitHub."""

import html
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree


def to_junit(document: dict[str, Any]) -> str:
    """JUnit XML: a suite for each subject, and a test for each formula, dtype and requirement."""
    suites = ElementTree.Element("testsuites", name="gaugeblock")
    for report in document["reports"]:
        suite = ElementTree.SubElement(suites, "testsuite", name=report["subject"])
        properties = ElementTree.SubElement(suite, "properties")
        for name, value in {"claim": report["claim"], "citation": document["citation"]}.items():
            ElementTree.SubElement(properties, "property", name=name, value=value)
        for result in report["results"]:
            name = f"{result['requirement']} [{result['dtype']}]"
            test = ElementTree.SubElement(suite, "testcase", classname=report["subject"], name=name)
            if result["status"] == "fail":
                ElementTree.SubElement(test, "failure", message=message(result)).text = result["text"]
            elif result["status"] == "not offered":
                ElementTree.SubElement(test, "skipped", message=result["reason"])
        count(suite)
    for error in document["errors"]:
        suite = ElementTree.SubElement(suites, "testsuite", name="not judged")
        test = ElementTree.SubElement(suite, "testcase", classname="not judged", name=error.partition(":")[0])
        ElementTree.SubElement(test, "error", message=error)
        count(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def count(suite: ElementTree.Element) -> None:
    """Give a suite the counts that readers expect."""
    for key, tag in {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        suite.set(key, str(sum(1 for _ in suite.iter(tag))))


def message(result: dict[str, Any]) -> str:
    """A failure in one line: the case, the error as a multiple of the bound, and the diagnosis."""
    worst = result["worst"]
    found = f"{float(result['ratio']):.3g} times the bound" if worst["index"] is not None else result["reason"]
    likely = f"; most likely: {result['diagnosis']}" if result["diagnosis"] else ""
    return f"{worst['case']}: {found}{likely}"


def annotations(document: dict[str, Any]) -> Iterator[str]:
    """Workflow commands of GitHub Actions: an error for each requirement that fails, and for what was not judged."""
    for error in document["errors"]:
        yield f"::error title=gaugeblock::{escaped(error)}"
    for report in document["reports"]:
        for result in report["results"]:
            if result["status"] == "fail":
                title = f"{report['subject']}: {result['requirement']} in {result['dtype']}"
                text = f"{result['text']}\n{message(result)}"
                yield f"::error title={escaped(title).replace(':', '%3A').replace(',', '%2C')}::{escaped(text)}"


def escaped(text: str) -> str:
    """Text as a workflow command carries it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


# A character of the badge's font is about this wide, in pixels; textLength stretches the text to it.
WIDTH = 6.5
BADGE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{title}">
<title>{title}</title>
<rect width="{width}" height="20" rx="3" fill="{colour}"/>
<path d="M3 0h{left}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#444"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="7" y="14" textLength="{label}">gaugeblock</text>
<text x="{at}" y="14" textLength="{length}">{words}</text>
</g>
</svg>
"""


def to_badge(document: dict[str, Any]) -> str:
    """An SVG badge: all subjects conform, or how many formulas do not; of a single one, what may be claimed too."""
    results = [result for report in document["reports"] for result in report["results"] if result["cases"]]
    judged = {result["formula"] for result in results}
    failed = {result["formula"] for result in results if result["status"] == "fail"}
    if document["errors"] or not judged:
        words, colour = "not judged", "#646464"
    elif failed:
        words, colour = f"fails {len(failed)} of {len(judged)}", "#b3261e"
    elif any(report["verdict"] != "conforms" for report in document["reports"]):
        words, colour = "conforms in part", "#7a5c00"
    else:
        words, colour = "conforms", "#17693a"
    single = document["reports"][0] if len(document["reports"]) == 1 else {"claim": ""}
    title = single["claim"] if words == "conforms" and single["claim"] else words
    label, length = round(WIDTH * len("gaugeblock")), round(WIDTH * len(words))
    return BADGE.format(
        title=html.escape(f"gaugeblock: {title}"),
        words=words,
        colour=colour,
        label=label,
        length=length,
        left=label + 11,
        at=label + 21,
        width=label + length + 28,
    )
