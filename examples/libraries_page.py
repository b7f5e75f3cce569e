"""The records that are kept of a library's report, one for each formula and dtype, and the page made of them."""

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gaugeblock import spec
from gaugeblock.conformance.judging.common_traits import EVERY
from gaugeblock.conformance.reporting.results import NO_FUNCTION

ROOT = Path(__file__).resolve().parent.parent

Report = dict[str, Any]  # as `gaugeblock check --json` writes it
Record = dict[str, Any]  # a line of the results
Verdict = list[dict[str, Any]]  # the results of one formula in one dtype

START = """\
# What libraries do

`python examples/libraries.py` writes this page: nothing on it is typed by hand. It judges the files of
[`examples/libraries/`](../examples/libraries/), each a thin layer over a library's own functions, by specification
{judged_by} on the CPU with seed 0; where an earlier one is named with a library, by that. A library's line names
the machine and the widest of its vector instructions, unless they were not noted. Libraries choose their code by
these, so that on another machine a formula may fail that conforms here, or conform where it fails here. Where a
library was judged by the chosen cases alone, its section says so: the made cases may find more. A library whose
version is pinned in that program is judged in an environment of its own, which the program makes. `python
examples/libraries.py NAME` judges one library alone. [The records](../benchmarks/results/libraries.jsonl) have a
line for each formula and dtype, with an element that shows it for each requirement that fails.

*error / bound* is the worst element's where numbers were compared: at most 1 conforms. *Failing cases* fail in
*values*, by a number that is too far from the right one; in *special values*, by NaN or an infinity that should not be
there, or by a number where one of them should be; or in *kind*: an error is raised, the process ends, the shape or
dtype is another one, or an argument is changed. *Fails first* is the first requirement, in the order of the formula's
page, that fails. *Most likely* is the diagnosis: the known mistake or rival formula whose outputs the library's are.
`gaugeblock spec LABEL` prints a requirement.
"""

KINDS = {"value": "values", "special": "special values", "kind": "kind"}  # of failing cases

MOST_COLUMNS = 9  # of a table of libraries


def records_of(name: str, report: Report) -> list[Record]:
    """What is kept of a library's report: a record on the whole, and one for each formula and dtype."""
    whole = {
        "library": name,
        **{key: report[key] for key in ("spec", "gaugeblock", "machine")},
        "versions": {key: number for key, number in report["versions"].items() if key != "python"},
        "declared": report["declared"],
        "not_offered": not_offered(report),
        "noticed": [one_line(note) for note in report["notes"]],
    }
    return [whole, *(record(name, *key, results) for key, results in verdicts(report).items())]


def record(name: str, formula: str, dtype: str, results: Verdict) -> Record:
    """What is kept of one formula in one dtype."""
    bad = [result for result in results if result["status"] == "fail"]
    measured = [(case, *map(float, pair)) for result in results for case, pair in result["measured"].items()]
    special = {case for case, _, ulp in measured if math.isinf(ulp)}
    value = {case for case, ratio, ulp in measured if ratio > 1 and not math.isinf(ulp)}
    by_number = sum(float(pair[0]) > 1 for result in bad for pair in result["measured"].values())
    return {
        "library": name,
        "formula": formula,
        "dtype": dtype,
        "ratio": f"{max((ratio for _, ratio, ulp in measured if not math.isinf(ulp)), default=0.0):.2g}",
        "value": len(value),
        "special": len(special),
        "kind": max(sum(result["failing"] for result in bad) - by_number, 0),
        "fails": {result["requirement"]: evidence(result) for result in bad},
        "likely": "; ".join(dict.fromkeys(result["diagnosis"] or EVERY for result in bad)),
    }


def verdicts(report: Report) -> dict[tuple[str, str], Verdict]:
    """The results of a report by formula and dtype; those that nothing was judged of are left out."""
    found: dict[tuple[str, str], Verdict] = {}
    for result in report["results"]:
        found.setdefault((result["formula"], result["dtype"]), []).append(result)
    judged = {key: results for key, results in found.items() if any(result["cases"] for result in results)}
    return dict(sorted(judged.items(), key=lambda item: item[0][0]))  # the dtypes in their order


def evidence(result: dict[str, Any]) -> str:
    """The worst element of a failing requirement, or why there is none."""
    worst = result["worst"]
    case = f"in the case `{worst['case'].partition('/')[2]}`"
    if worst["index"] is None:
        return f"{case} {one_line(result['reason'])}"
    place = f"{worst['output']}{worst['index'] or ''}"
    digits = 17 if result["dtype"] == "float64" else 9
    bound, ratio = float(worst["bound"]), float(worst["ratio"])
    within = "exactly" if bound == 0 else f"within {bound:.2g}"
    times = f", {ratio:.2g} times the bound" if 0 < ratio < float("inf") else ""
    return (
        f"{case} {place} is {float(worst['got']):.{digits}g}, not {float(worst['expected']):.{digits}g} {within}{times}"
    )


def one_line(text: str) -> str:
    """A library's message as Markdown can hold it."""
    return " ".join(text.replace(str(ROOT) + os.sep, "").split()).replace("|", "\\|")[:240].rstrip(".")


def not_offered(report: Report) -> str:
    """The formulas and requirements that a library declines, with the reasons that it gives."""
    judged, found = verdicts(report), {}
    for result in report["results"]:
        whole = (result["formula"], result["dtype"]) not in judged
        if result["reason"] == NO_FUNCTION:
            continue
        if result["status"] == "not offered" or (result["reason"] and result["status"] == "pass"):
            name = result["formula"] if whole else f"`{result['requirement']}`"
            part = "" if result["status"] == "not offered" else " in part"
            found.setdefault(one_line(result["reason"]), {})[name + part] = None
    return "; ".join(f"{', '.join(names)} ({reason})" for reason, names in found.items())


def page(libraries: Iterable[Any], records: Sequence[Record]) -> str:
    """The page, of the records on each library, or why it was not judged."""
    found: dict[str, list[Record]] = {}
    for each in records:
        found.setdefault(each["library"], []).append(each)
    judged = {name: own for name, own in found.items() if "reason" not in own[0]}
    by = newest(records)
    lines = [START.format(judged_by=by)]
    lines += ["In how many of the dtypes that were judged each formula conforms:", *overview(judged, by)]
    lines += [f"\n{name}: not judged ({own[0]['reason']})." for name, own in found.items() if name not in judged]
    for library in libraries:
        lines += section(library, by, *judged[library.name]) if library.name in judged else []
    return "\n".join(lines) + "\n"


def newest(records: Iterable[Record]) -> str:
    """The newest version of the specification that a library was judged by."""
    return max((each["spec"] for each in records if "spec" in each), key=spec.VERSIONS.index)


def overview(judged: dict[str, list[Record]], by: str) -> list[str]:
    """Tables of formula x library, a few libraries each: in how many of the dtypes it conforms."""
    lines, every = [], [*judged.items()]
    for start in range(0, len(every), MOST_COLUMNS):
        some = dict(every[start : start + MOST_COLUMNS])
        lines += ["", f"| | {' | '.join(some)} |", "|---" * (len(some) + 1) + "|"]
        for formula in spec.formulas(by):
            cells = []
            for own in some.values():
                found = [each["fails"] for each in own[1:] if each["formula"] == formula]
                cells.append(f"{sum(not fails for fails in found)} of {len(found)}" if found else "")
            lines += [f"| [{formula}](../spec/{formula}.md) | {' | '.join(cells)} |"] if any(cells) else []
    return lines


def section(library: Any, by: str, whole: Record, *records: Record) -> list[str]:
    """What the page says of one library."""
    beside = [f"{name}={value}" for name, value in library.environment] + whole["declared"]
    beside += [f"on {whole['machine']}"] if "machine" in whole else []
    beside += [f"by specification {whole['spec']}"] if whole["spec"] != by else []
    beside += [f"by gaugeblock {whole['gaugeblock']}"] if "gaugeblock" in whole else []
    file = library.subject.partition(":")[0]
    lines = [
        f"\n## {library.name}\n",
        f"{', '.join(f'{name} {number}' for name, number in whole['versions'].items())}; "
        f"{', '.join([f'[`{library.subject}`](../examples/libraries/{file})', *beside])}.\n",
        "| formula | dtype | error / bound | verdict | failing cases | fails first | most likely |",
        "|---|---|---|---|---|---|---|",
        *map(row, records),
    ]
    told = sentences(records)
    lines += ["", *told] if told else []
    lines += [f"\nNot offered: {whole['not_offered']}."] if whole["not_offered"] else []
    return lines + ([f"\nSeen beside: {'; '.join(whole['noticed'])}."] if whole["noticed"] else [])


def row(each: Record) -> str:
    """A formula in one dtype: conforms or fails, in how many cases of which kind, where first, and what it may be."""
    start = f"| {each['formula']} | {each['dtype']} | {each['ratio']} |"
    if not (fails := [*each["fails"]]):
        return f"{start} conforms | | | |"
    more = f" and {len(fails) - 1} more" if len(fails) > 1 else ""
    counts = ", ".join(f"{each[key]} in {words}" for key, words in KINDS.items() if each[key])
    return f"{start} **fails** | {counts} | `{fails[0]}`{more} | {each['likely']} |"


def sentences(records: Iterable[Record]) -> list[str]:
    """A sentence for each formula that fails, on the first requirement that does, in each dtype."""
    found: dict[str, dict[str, list[str]]] = {}
    for each in records:
        for first, words in [*each["fails"].items()][:1]:
            found.setdefault(first, {}).setdefault(words, []).append(each["dtype"])
    return [
        f"- `{label}`: {spec.requirement(label).text} "
        + "; ".join(f"In {' and '.join(dtypes)}, {words}" for words, dtypes in told.items()).replace("; In", "; in")
        + "."
        for label, told in found.items()
    ]
