"""The report as text: one row a formula, each failure with its worst input, and the verdict at the end.

It is made from the JSON document, as the page and the other forms are.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ... import spec
from ..judging.subject import HERE
from .failures import LABEL, QUIET, USUAL, VERBOSE, alike, diagnoses, failure, failures, kind_of
from .results import NO_FUNCTION, NO_RESULT

Fields = dict[str, Any]  # an object of the JSON document

COLOURS = {"conforms": "green", "conforms in part": "yellow", "does not conform": "red", "in part": "yellow"}
CELL = 6  # columns of the longest ratio, such as 1e+300
NARROW = 80  # columns below which the names of dtypes are short
FEW = 3  # names that are shown without being asked for


def print_report(report: Fields, console: Console, level: int = USUAL) -> None:
    """Print the verdict; but for QUIET, before it the table, what fails and why, and what was not judged."""
    if level > QUIET:
        for line in head(report):
            say(console, line)
        console.print(summary(report, console.width), soft_wrap=False)
        for found in failures(report):
            for line in alike(found) if kind_of(found[0]) else failure(found, level):
                say(console, line, LABEL if line.plain.startswith("  ") and not line.style else 2)
        for line in (*diagnoses(report), *beside(report, level)):
            say(console, line, 2)
    count = "; ".join(counts(report))
    verdict = Text(report["verdict"], style=f"bold {COLOURS[report['verdict']]}")
    say(console, Text.assemble((report["subject"], "bold"), " ", verdict, f": {count}" if count else ""), 2)
    if report["claim"] and level > QUIET:
        say(console, Text(report["claim"]), 2)


def counts(report: Fields) -> list[str]:
    """What fails, in numbers: how many requirements, how many of these are known to; and those that no longer do."""
    judged = [result for result in report["results"] if result["status"] != "not offered"]
    failed = [result["requirement"] for result in judged if result["status"] == "fail"]
    known = sum(label in report["known"] for label in failed)
    share = "" if not known else ", all of them known" if known == len(failed) else f", {known} of them known"
    words = [f"{len(failed)} of {len(judged)} requirements fail{share}"] if failed else []
    mended = {result["requirement"] for result in judged if result["requirement"] in report["known"]} - {*failed}
    words += [f"known to fail, but it does not: {label}" for label in sorted(mended)]
    return words


def say(console: Console, line: Text, hanging: int = 0) -> None:
    """Print a line: folded to the width of a terminal, with what follows `hanging` under it; whole in a pipe."""
    if console.soft_wrap or line.cell_len <= console.width:
        console.print(line)
        return
    first = line.wrap(console, console.width, overflow="fold")[0]
    console.print(first)
    rest = line[len(first) + line.plain[len(first) :].startswith(" ") :]
    for text in rest.wrap(console, max(console.width - hanging, 20), overflow="fold"):
        text.rstrip()
        console.print(Text(" " * hanging) + text)


def head(report: Fields) -> Iterator[Text]:
    """What was judged, and what the numbers of the table are."""
    where = f"{report['subject']} on {report['device']}" if report["device"] else report["subject"]
    version = [] if report["spec"] == spec.VERSION else [f"specification {report['spec']}"]
    yield Text(", ".join([where, *version, *report["declared"]]), style="bold")
    yield Text("largest error / bound; at most 1 conforms", style="dim")


def summary(report: Fields, width: int) -> Table:
    """The table: a row for each formula, a column for each dtype, and the verdict, which is never cut."""
    dtypes = list(dict.fromkeys(result["dtype"] for result in report["results"]))
    rows = dict[str, list[Fields]]()
    for result in report["results"]:
        rows.setdefault(result["formula"], []).append(result)
    rows = {name: some for name, some in rows.items() if any(each["status"] != "not offered" for each in some)}
    heads = [dtype.replace("float", "f") if width < NARROW else dtype for dtype in dtypes]
    verdicts = {name: verdict_of(report, name, results) for name, results in rows.items()}
    taken = sum(max(len(each), CELL) + 2 for each in heads) + max(map(len, verdicts.values()), default=0) + 1
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("formula", no_wrap=True)
    for each in heads:
        table.add_column(each, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for name, results in rows.items():
        cells = [cell([each for each in results if each["dtype"] == dtype]) for dtype in dtypes]
        table.add_row(folded(name, max(width - taken - 2, 12)), *cells, verdicts[name])
    return table


def folded(name: str, width: int) -> str:
    """A name on lines of a width, broken after an underscore."""
    lines = [""]
    for part in re.findall(r"[^_]*_|[^_]+", name):
        lines = [*lines, part] if lines[-1] and len(lines[-1] + part) > width else [*lines[:-1], lines[-1] + part]
    return "\n".join(lines)


def cell(results: list[Fields]) -> Text:
    """What some results come to: the worst ratio, or that one fails which has no error, such as a changed argument."""
    if all(result["status"] == "not offered" for result in results):
        return Text("-", style="dim")
    worst = max(float(result["ratio"]) for result in results)
    fails = any(result["status"] == "fail" for result in results)
    text = "fails" if fails and worst <= 1 else f"{worst:.0e}" if 100 <= worst < math.inf else f"{worst:.2f}"
    return Text(text if worst or fails else "0", style="red" if fails else "")


def verdict_of(report: Fields, formula: str, results: list[Fields]) -> Text:
    """The verdict on a formula, in few words."""
    judged = {result["requirement"] for result in results if result["status"] != "not offered"}
    failed = {result["requirement"] for result in results if result["status"] == "fail"}
    if failed:
        return Text(f"fails {len(failed)} of {len(judged)}", style="red")
    word = "in part" if formula in report["partial"] else "conforms"
    return Text(word, style=COLOURS[word])


def beside(report: Fields, level: int) -> Iterator[Text]:
    """What else there is to know: what was not judged, what is not offered, and what was seen."""
    for name, formula in report["near"].items():
        yield Text(f"{name} is the name of no formula: did you mean {formula}?", style="yellow")
    if missing := not_offered(report, level):
        yield Text(f"not offered: {missing}", style="dim")
    if (left := report["not_judged"]) and level >= VERBOSE:
        options = " ".join(f"--dtype {dtype}" for dtype in left)
        yield Text(f"not judged: {', '.join(left)} ({options} does)", style="dim")
    if report["judged_in"] == HERE:
        yield Text(f"judged in {HERE}, which a subject can change", style="dim")
    for label, reason in report["known"].items():
        found = {result["status"] for result in report["results"] if result["requirement"] == label}
        if "fail" in found:
            yield Text(f"known to fail: {label} ({reason})")
        elif "pass" in found:
            yield Text(f"known to fail, but it does not: {label}; take it off the list", style="red")
    yield from (Text(f"note: {note}") for note in report["notes"])
    if report["unverified"]:
        names = ", ".join(report["unverified"])
        yield Text(f"unverified: {names} (no second definition says that the formula itself is right)")


def not_offered(report: Fields, level: int = USUAL) -> str:
    """What the subject does not offer, with the reason, in one line: few names, or how many there are."""
    whole: dict[str, list[Fields]] = {}
    for result in report["results"]:
        whole.setdefault(result["formula"], []).append(result)
    formulas, labels = dict[str, list[str]](), dict[str, list[str]]()
    for formula, results in whole.items():
        if all(result["status"] == "not offered" for result in results):
            why = next((each["reason"] for each in results if each["reason"] != NO_RESULT), NO_RESULT)
            formulas.setdefault(why, []).append(formula)
            continue
        failed = any(result["status"] == "fail" for result in results)
        for result in results:
            if result["status"] == "fail" or not result["reason"] or (failed and result["reason"] == NO_RESULT):
                continue
            label = result["requirement"] + (" in part" if result["status"] == "pass" else "")
            if label not in labels.setdefault(result["reason"], []):
                labels[result["reason"]].append(label)
    hidden = False
    parts = []
    for kind, found in {"requirements": labels, "formulas": formulas}.items():
        for reason, names in found.items():
            many = level < VERBOSE and (len(names) > FEW or reason == NO_FUNCTION)
            hidden |= many
            what = f"{len(names)} {kind if len(names) > 1 else kind[:-1]}" if many else ", ".join(names)
            parts.append(what if many and reason == NO_FUNCTION else f"{what} ({reason})")
    return "; ".join(filter(None, parts)) + (" (-v names them)" if hidden else "")
