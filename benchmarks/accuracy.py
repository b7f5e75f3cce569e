"""The tables of docs/accuracy.md, from the results of sweeps: `python benchmarks/accuracy.py`.

A result is what `gaugeblock sweep numpy --formula exp --json benchmarks/results/sweep/numpy-exp-float32.json` writes.
"""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gaugeblock.conformance.sweep.document import largest, verdict
from gaugeblock.conformance.sweep.tallies import DTYPES, FORMULAS, UNUSED

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "sweep"
PAIRS = ROOT / "benchmarks" / "results" / "sweep_of_pairs.json"
PAGE = ROOT / "docs" / "accuracy.md"
ORDER = [(formula, dtype) for formula in FORMULAS for dtype in reversed(DTYPES)]

START = """\
# Accuracy, proved value by value

`python benchmarks/accuracy.py` writes this page from the results of [sweeps](sweep.md), which are in
[`benchmarks/results/sweep/`](../benchmarks/results/sweep/): nothing on it is typed by hand. Each row is a sweep of
every value of the dtype (2^32 of float32, 2^16 of float16 and bfloat16; of the neuron's product all 2^32 pairs of
float16), or of the part of them that it names. *One of N* is a sample: a search, which proves nothing.

The bounds of the formulas rest on the accuracy E of exp, log and sqrt that the specification assumes. *At
most E: proved* means that no value of that region is further off, and *refuted* says how many are, and the first of
them. Relu has no error, and the product of two float16, exact in float32, is rounded once: at most 0.5 ulp. exp of what
is greater than 0 is reported too, but no formula takes it: each subtracts the maximum first. The errors on this page
are rounded up.

The other functions are those whose accuracy the bounds of [anybody's formula](any_function.md) assume. Where a library
scales or shifts the argument before it takes exp, the bound has a term for that beside E: *none beyond the formulas'
bound* then says that it holds. The functions of NumPy are SciPy's where NumPy has none.
"""
OF_PAIRS = """
## pow, hypot and atan2

float32 has 2^64 pairs, so these are samples, drawn by `python benchmarks/two_arguments.py`: six pairs of every two
binades, subnormal numbers and both signs among them. For powers there are also bases near 1 with exponents that take
them to both ends of the format, whole exponents of negative bases, and halves. *Beyond the bound* counts what is over E
and over what the bound allows. Only the largest error was computed by Arb.

| function | backend | pairs | E | over E | beyond the bound | largest error in ulp | at | correctly rounded | as 0 |
|---|---|---|---|---|---|---|---|---|---|
"""
END = """\
*Correctly rounded* is the share of the values, special ones aside, that are off by at most 0.5 ulp. *Subnormals as 0*
counts the values whose operand or result is subnormal and was taken for 0, which a backend declares ('flush'); they are
in no other column. An error is in units of the last place of the nearest number of the format. The largest, and every
one that is near an edge of the histogram, was computed by Arb; the others by NumPy's float64, which Arb never found to
be off by more than {oracle:.2g} ulp of float64, where 64 are allowed for.
"""


def results() -> list[dict[str, Any]]:
    """The documents, in the order of the page."""
    found = [json.loads(path.read_text()) for path in RESULTS.glob("*.json")]
    return sorted(found, key=lambda each: (ORDER.index((each["formula"], each["dtype"])), each["subject"]))


def page(documents: Iterable[dict[str, Any]]) -> str:
    """The text of the page."""
    lines, last = [START], None
    documents = list(documents)
    for document in documents:
        if last != document["formula"]:
            last = document["formula"]
            lines.append(f"\n## {last}\n")
            lines.append(
                "| dtype | backend | values | E | at most E | largest error in ulp | at "
                "| correctly rounded | subnormals as 0 |"
            )
            lines.append("|---|---|---|---|---|---|---|---|---|")
        lines += [row(document, name) for name in document["regions"]]
    lines.append(OF_PAIRS + "\n".join(map(of_pairs, json.loads(PAIRS.read_text())["found"])))
    oracle = max(region["oracle"] for document in documents for region in document["regions"].values())
    versions = {
        name: value for document in documents for name, value in document["versions"].items() if "." not in name
    }
    made = ", ".join(f"{name} {value}" for name, value in sorted(versions.items()))
    machines = " and ".join(sorted({document["machine"] for document in documents}))
    specs = " and ".join(sorted({document["spec"] for document in documents}))
    lines.append(f"\n{END.format(oracle=oracle)}\nComputed on {machines} with {made}, for specification {specs}.")
    return "\n".join(lines) + "\n"


def of_pairs(found: dict[str, Any]) -> str:
    """What a sample of pairs found of one function of one library."""
    cells = [
        found["function"], found["library"], f"{found['pairs']:,}", f"{found['limit']:g}", f"{found['over']:,}",
        f"{found['beyond']:,}", f"{math.ceil(found['ulp'] * 1e4) / 1e4:.4f}", f"({found['x']}, {found['y']})",
        "all" if found["right"] == 1 else f"{min(100 * found['right'], 99.9999):.4f} %", f"{found['flushed']:,}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def row(document: dict[str, Any], name: str) -> str:
    """What a sweep found in one region."""
    region, limit = document["regions"][name], document["limit"]
    ulp, where, _ = largest(region)
    compared, is_sample = sum(region["histogram"]), "every" in document
    said = verdict(name, region, is_sample)
    cells = [
        document["dtype"],
        document["subject"],
        f"one of {document['every']}" if is_sample else name,
        f"{limit:g}",
        said if name == UNUSED or not region["over"] else f"**{said}**",
        ulp,
        where,
        percent(region["histogram"][0], compared) if compared else "",
        f"{region['flushed']:,}",
    ]
    return f"| {' | '.join(cells)} |"


def percent(part: int, whole: int) -> str:
    """A share; less than all is never rounded to it."""
    return "all" if part == whole else f"{min(100 * part / whole, 99.9999):.4f} %"


if __name__ == "__main__":
    new = PAGE.with_suffix(".new")
    new.write_text(page(results()))
    new.replace(PAGE)
