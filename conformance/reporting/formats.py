"""The JSON document of a run in the forms that other tools read: JUnit XML, a badge, and what GitHub Actions shows."""

import html
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from .failures import sentence
from .terminal import counts

Fields = dict[str, Any]  # an object of the JSON document
ANNOTATIONS = 10  # GitHub shows no more of a step


def to_junit(document: Fields) -> str:
    """JUnit XML: a suite for each subject, and a test for each requirement and dtype of the formulas that it offers.

    It is written here, with the standard library: the form is these five elements, and a library would be one more
    dependency that each user installs.
    """
    suites = ElementTree.Element("testsuites", name="gaugeblock")
    for report in document["reports"]:
        suite = ElementTree.SubElement(suites, "testsuite", name=report["subject"])
        properties = ElementTree.SubElement(suite, "properties")
        for name, value in {"claim": report["claim"], "citation": document["citation"]}.items():
            ElementTree.SubElement(properties, "property", name=name, value=value)
        offered = {result["formula"] for result in report["results"] if result["status"] != "not offered"}
        for result in report["results"]:
            if result["formula"] not in offered:
                continue
            name, time = f"{result['requirement']} [{result['dtype']}]", f"{result['seconds']:.3f}"
            test = ElementTree.SubElement(suite, "testcase", classname=report["subject"], name=name, time=time)
            if result["status"] == "fail" and result["requirement"] in report["known"]:
                ElementTree.SubElement(test, "skipped", message=f"known: {report['known'][result['requirement']]}")
            elif result["status"] == "fail":
                ElementTree.SubElement(test, "failure", message=message(result)).text = result["text"]
            elif result["status"] == "not offered":
                ElementTree.SubElement(test, "skipped", message=result["reason"])
        count(suite)
    for error in document["errors"]:
        suite = ElementTree.SubElement(suites, "testsuite", name="not judged")
        test = ElementTree.SubElement(suite, "testcase", classname="not judged", name=error.partition(":")[0], time="0")
        ElementTree.SubElement(test, "error", message=error)
        count(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def count(suite: ElementTree.Element) -> None:
    """Give a suite the counts and the time that readers expect."""
    for key, tag in {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        suite.set(key, str(sum(1 for _ in suite.iter(tag))))
    suite.set("time", f"{sum(float(test.get('time', 0)) for test in suite.iter('testcase')):.3f}")


def message(result: Fields) -> str:
    """A failure in one line: the case, the error as a multiple of the bound, and the diagnosis."""
    worst = result["worst"]
    found = f"{float(result['ratio']):.3g} times the bound" if worst["index"] is not None else result["reason"]
    likely = f"; {': '.join(sentence(result['diagnosis']))}" if result["diagnosis"] else ""
    return f"{worst['case']}: {found}{likely}"


def failing(document: Fields) -> Iterator[tuple[Fields, list[Fields]]]:
    """Yield each requirement that fails and is not known to: the report, and the results in which it fails."""
    for report in document["reports"]:
        found: dict[str, list[Fields]] = {}
        for result in report["results"]:
            if result["status"] == "fail" and result["requirement"] not in report["known"]:
                found.setdefault(result["requirement"], []).append(result)
        yield from ((report, results) for results in found.values())


def annotations(document: Fields) -> Iterator[str]:
    """Workflow commands of GitHub Actions: an error for each requirement that fails, and for what was not judged.

    GitHub shows ten of a step; where there are more, the tenth says how many.
    """
    lines = [error("gaugeblock", text) for text in document["errors"]]
    for report, results in failing(document):
        dtypes = " and ".join(result["dtype"] for result in results)
        title = f"{report['subject']}: {results[0]['requirement']} in {dtypes}"
        place = report["places"].get(results[0]["worst"]["function"], "")
        lines.append(error(title, "\n".join((results[0]["text"], message(results[0]))), place))
    yield from limited(lines)


def error(title: str, text: str, place: str = "") -> str:
    """A workflow command that shows an error, at the file and line of a place where that is known."""
    file, _, line = place.rpartition(":")
    where = f"file={escaped(file, ':,')},line={escaped(line, ':,')}," if file else ""
    return f"::error {where}title={escaped(title, ':,')}::{escaped(text)}"


def limited(lines: list[str]) -> list[str]:
    """At most ten errors, the last of which says how many more there are."""
    if len(lines) <= ANNOTATIONS:
        return lines
    more = f"{len(lines) - ANNOTATIONS + 1} more requirements fail; the summary of the run has all"
    return [*lines[: ANNOTATIONS - 1], error("gaugeblock", more)]


def escaped(text: str, also: str = "") -> str:
    """Text as a workflow command carries it, or in a property, where a colon and a comma end it."""
    for each in "%\r\n" + also:
        text = text.replace(each, f"%{ord(each):02X}")
    return text


def to_summary(document: Fields) -> str:
    """Markdown for the summary of a run of GitHub Actions: the verdicts, and each requirement that fails."""
    lines = ["### gaugeblock", "", "| subject | verdict | what fails |", "| --- | --- | --- |"]
    for report in document["reports"]:
        count = in_table("; ".join(counts(report))) or "nothing"
        lines.append(f"| {in_table(report['subject'])} | {report['verdict']} | {count} |")
    lines += [f"| {in_table(error)} | not judged | |" for error in document["errors"]]
    rows = [
        f"| {in_table(report['subject'])} | `{results[0]['requirement']}` | "
        f"{', '.join(result['dtype'] for result in results)} | {in_table(message(results[0]))} |"
        for report, results in failing(document)
    ]
    if rows:
        lines += ["", "| subject | fails | in | worst case |", "| --- | --- | --- | --- |", *rows]
    claims = [f"`{in_table(report['subject'])}` {report['claim']}" for report in document["reports"] if report["claim"]]
    return "\n".join([*lines, *(f"\n{claim}" for claim in claims), ""]) + "\n"


def in_table(text: str) -> str:
    """Text that Markdown takes for nothing else, in a cell of a table."""
    return "".join(f"&#{ord(each)};" if each in "|<>&`*_[]\\" else each for each in text)


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
