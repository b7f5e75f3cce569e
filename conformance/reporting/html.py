"""The report as one HTML file, made from the JSON document: no script, no network, no colour without a word."""

import math
import re
from importlib import resources
from itertools import groupby
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup, escape

from .plots import Series, ratio_plot, ulp_histogram

Fields = dict[str, Any]  # an object of the JSON document


class Cell(NamedTuple):
    """A field of a grid: its shade, its mark, and what it says."""

    shade: str
    mark: str
    words: str


def to_html(document: Fields) -> str:
    """Return the page.

    Parameters
    ----------
    document : dict
        As ``report.schema.json`` describes it.
    """
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.undefined = jinja2.StrictUndefined
    environment.filters.update(breakable=breakable, number=number, prose=prose)
    template = resources.files("gaugeblock.conformance.reporting").joinpath("report.html").read_text(encoding="utf-8")
    reports = document["reports"]
    return environment.from_string(template).render(
        document=document,
        verdict=verdict(document),
        counts=[counts(report) for report in reports],
        grid=grid(reports, [results_of(report) for report in reports]),
        failures=[(report, failures(report)) for report in reports if not report["passed"]],
        missing=[(report["subject"], not_offered(report)) for report in reports if not_offered(report)],
        formulas=[formula_section(reports, formula) for formula in judged_formulas(reports)],
    )


def verdict(document: Fields) -> str:
    """The first line: whether all conform."""
    reports, asked = document["reports"], len(document["reports"]) + len(document["errors"])
    if asked == len(reports) == 1:
        return f"{reports[0]['subject']} {reports[0]['verdict']}"
    good = sum(report["passed"] for report in reports)
    return f"All {asked} subjects conform" if good == asked else f"{good} of {asked} subjects conform"


def counts(report: Fields) -> str:
    """How many requirements were judged, and how many fail."""
    judged = [result for result in report["results"] if result["status"] != "not offered"]
    failed = sum(result["status"] == "fail" for result in judged)
    dtypes = ", ".join(dict.fromkeys(result["dtype"] for result in judged))
    met = f"{failed} of {len(judged)} requirements fail" if failed else f"all {len(judged)} requirements are met"
    return f"{met}, in {dtypes} on {report['device']}"


def judged_formulas(reports: list[Fields]) -> list[str]:
    """The formulas that any subject offers, in the order of the report."""
    results = (result for report in reports for result in report["results"])
    return list(dict.fromkeys(result["formula"] for result in results if result["cases"]))


def results_of(report: Fields, formula: str | None = None) -> dict[tuple[str, str], list[Fields]]:
    """A report's results by formula and dtype, or one formula's by requirement and dtype."""
    found: dict[tuple[str, str], list[Fields]] = {}
    for result in report["results"]:
        if formula in (None, result["formula"]):
            key = result["formula"] if formula is None else result["requirement"]
            found.setdefault((key, result["dtype"]), []).append(result)
    return found


def grid(reports: list[Fields], columns: list[dict[tuple[str, str], list[Fields]]]) -> Fields:
    """A table: for each name its dtypes, and for each of these a cell for each subject."""
    keys = sorted({key: None for column in columns for key in column}, key=lambda key: order(columns, key[0]))
    rows = [(name, dtype, [cell(column.get((name, dtype), [])) for column in columns]) for name, dtype in keys]
    rows = [row for row in rows if any(each.shade != "none" for each in row[2])]
    grouped = [(name, [row[1:] for row in some]) for name, some in groupby(rows, key=lambda row: row[0])]
    return {"subjects": [report["subject"] for report in reports], "rows": grouped}


def order(columns: list[dict[tuple[str, str], list[Fields]]], name: str) -> int:
    """The place of a name among all names, whatever dtypes each subject was judged in."""
    return list(dict.fromkeys(key[0] for column in columns for key in column)).index(name)


def cell(results: list[Fields]) -> Cell:
    """What some results come to: the worst ratio, and how many requirements fail."""
    if all(result["status"] == "not offered" for result in results):
        return Cell("none", "", "not offered")
    worst = max(float(result["ratio"]) for result in results)
    failed = sum(result["status"] == "fail" for result in results)
    if failed:
        words = f"{failed} fail" if len(results) > 1 else "fails"
        return Cell("fail", "✗", f"{number(worst)}, {words}" if worst > 1 else words)
    return Cell(f"pass-{math.ceil(4 * min(worst, 1))}", "✓", number(worst))


def not_offered(report: Fields) -> dict[str, list[str]]:
    """The formulas, or else the requirements, that a subject does not offer, by the reason."""
    found: dict[str, dict[str, None]] = {}
    for results in results_of(report).values():
        whole = all(result["status"] == "not offered" for result in results)
        for result in results:
            if result["status"] == "not offered":
                found.setdefault(result["reason"], {})[result["formula" if whole else "requirement"]] = None
    return {reason: list(names) for reason, names in found.items()}


def failures(report: Fields) -> list[tuple[str, str, list[tuple[Fields, str]]]]:
    """The failing requirements, each with its sentence, and for each dtype the result and a snippet."""
    found: dict[tuple[str, str], list[tuple[Fields, str]]] = {}
    for result in report["results"]:
        if result["status"] == "fail":
            found.setdefault((result["requirement"], result["text"]), []).append((result, snippet(report, result)))
    return [(label, text, results) for (label, text), results in found.items()]


def snippet(report: Fields, result: Fields) -> str:
    """Python code that calls the subject on the worst input."""
    worst, device = result["worst"], report["device"]
    where = f", seed={report['seed']}" + (f", device={device!r}" if device != "cpu" else "")
    where += f", formula={worst['source']!r}" if worst["source"] else ""
    given = f"{report['subject']!r}, {worst['case']!r}, {result['dtype']!r}{where}"
    lines = [
        "from gaugeblock.conformance import assert_conforms, reproduce",
        "",
        f"function, arguments, case = reproduce({given})",
        "output = function(*arguments, **case.options)",
        "assert_conforms(output, case.formula, *case.arguments, **case.options)",
    ]
    if "steps" in worst["arguments"]:  # many calls, which the judge makes
        asked = f"--formula {result['formula']} --dtype {result['dtype']}"
        return f"# many steps: gaugeblock check {report['subject']} {asked}"
    if worst["made"]:  # whose bound is that of the compact call
        lines[0] = "from gaugeblock.conformance import reproduce"
        lines[-1:] = of_element(worst, result["reason"])
    elif worst["exact"] and worst["index"] is not None and worst["bound"] == 0:
        # assert_conforms grants the bound of the formula; here the result has to be the exact one.
        lines[0] = "import numpy as np\n\nfrom gaugeblock.conformance import expected, reproduce"
        lines[-1] = "value, _ = expected(case.formula, *case.arguments, **case.options)"
        lines.append("np.testing.assert_equal(output, value)")
    elif worst["index"] is None and result["requirement"].endswith((".pure", ".donate")):
        lines[-1] += f"  # passes: it sees values only, but {result['reason']}"
    return "\n".join(lines)


def of_element(worst: Fields, reason: str) -> list[str]:
    """Python code that holds the worst element against what it should be."""
    name = worst["output"].partition(" ")[0]
    if worst["index"] is None:
        return [f"print(output)  # {reason}"]
    lines = [f"found = float(case.formula.named(output)[{name!r}][{', '.join(map(str, worst['index'])) or '()'}])"]
    if isinstance(worst["expected"], str):
        return [*lines, f"assert str(found) == {worst['expected']!r}, found"]
    return [*lines, f"assert abs(found - {worst['expected']!r}) <= {worst['bound']!r}, found"]


def formula_section(reports: list[Fields], formula: str) -> Fields:
    """The plots of a formula, their legend, and the numbers of each requirement as a table."""
    series: list[Series] = []
    requirements: dict[str, None] = {}
    for report in reports:
        for (_, dtype), results in results_of(report).items():
            points = [
                (result["requirement"], float(ratio), float(ulp))
                for result in results
                if result["formula"] == formula
                for ratio, ulp in result["measured"].values()
            ]
            if points:
                series.append(Series(f"{report['subject']}, {dtype}", len(series), points))
                requirements |= dict.fromkeys(label for label, _, _ in points)
    asked = dict.fromkeys(each["requirement"] for report in reports for each in report["results"])
    ordered = [label for label in asked if label in requirements]
    what = f"{formula}, {'; '.join(each.name for each in series)}"
    return {
        "name": formula,
        "series": series,
        "ratios": ratio_plot(series, ordered, f"Plot of error / bound by requirement: {what}") if series else "",
        "ulp": ulp_histogram(series, f"Histogram of errors in ulp: {what}") if series else "",
        "grid": grid(reports, [results_of(report, formula) for report in reports]),
    }


def breakable(name: str) -> Markup:
    """A long name that may be broken after a dot, a colon, a stroke or an underscore."""
    return Markup(re.sub(r"([._/:])", r"\1<wbr>", str(escape(name))))


def prose(sentence: str) -> Markup:
    """A sentence of a page, its code as code."""
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", str(escape(sentence))))


def number(value: float | str) -> str:
    """A number in three digits."""
    return f"{float(value):.3g}".replace("inf", "∞")
