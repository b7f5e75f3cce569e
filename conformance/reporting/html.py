"""The report as one HTML file, made from the JSON document: no script, no network, no colour without a word."""

import math
import re
from importlib import resources
from itertools import groupby
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup, escape

from ..judging.common_traits import EVERY
from . import terminal
from .advice import advice
from .failures import common_words, sentence
from .snippets import piped, snippet
from .strips import LIMIT, by_requirement, gauge, number, signs_of

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
    environment.filters.update(advised=advised, breakable=breakable, number=number, piped=piped, prose=prose)
    environment.filters.update(common_words=common_words)
    template = resources.files("gaugeblock.conformance.reporting").joinpath("report.html").read_text(encoding="utf-8")
    reports = document["reports"]
    signs = signs_of(reports)
    return environment.from_string(template).render(
        document=document,
        verdict=verdict(document),
        counts=[counts(report) for report in reports],
        gauges=[(report, gauge(report, signs)) for report in reports],
        details=[(report, by_requirement(report, signs)) for report in reports],
        grid=grid(reports, [results_of(report) for report in reports]),
        failures=[(report, failures(report)) for report in reports if not report["passed"]],
        missing=[(report["subject"], not_offered(report)) for report in reports if not_offered(report)],
        signs=signs,
        limit=LIMIT,
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
    dtypes = ", ".join(dict.fromkeys(result["dtype"] for result in judged))
    words = "; ".join(terminal.counts(report))
    met = words if not report["passed"] else f"all {len(judged)} requirements are met{'; ' if words else ''}{words}"
    return f"{met}, in {dtypes} on {report['device']}"


def results_of(report: Fields) -> dict[tuple[str, str], list[Fields]]:
    """A report's results by formula and dtype."""
    found: dict[tuple[str, str], list[Fields]] = {}
    for result in report["results"]:
        found.setdefault((result["formula"], result["dtype"]), []).append(result)
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


def failures(report: Fields) -> list[tuple[str, str, str, list[tuple[Fields, str]]]]:
    """The failing requirements, each with its sentence, its diagnosis, and for each dtype the result and a snippet."""
    found: dict[tuple[str, str], list[tuple[Fields, str]]] = {}
    for result in report["results"]:
        if result["status"] == "fail":
            found.setdefault((result["requirement"], result["text"]), []).append((result, snippet(report, result)))
    return [(label, text, diagnosis(results), results) for (label, text), results in found.items()]


def diagnosis(results: list[tuple[Fields, str]]) -> str:
    """What a failure most likely is, in a sentence."""
    known = dict.fromkeys(result["diagnosis"] for result, _ in results if result["diagnosis"])
    return "; ".join(": ".join(sentence(each)) for each in known)


def advised(result: Fields) -> dict[str, str]:
    """What to write instead, by its label, where calls raise."""
    return advice(result["worst"]["function"], result["reason"], result["common"] == EVERY)


def breakable(name: str) -> Markup:
    """A long name that may be broken after a dot, a colon, a stroke or an underscore."""
    return Markup(re.sub(r"([._/:])", r"\1<wbr>", str(escape(name))))


def prose(sentence: str) -> Markup:
    """A sentence of a page, its code as code."""
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", str(escape(sentence))))
