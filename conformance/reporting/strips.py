"""The gauge of the HTML report: where error / bound is on a line from 0 to 1 and beyond."""

import math
from typing import Any, NamedTuple

Fields = dict[str, Any]  # an object of the JSON document
Signs = dict[str, tuple[str, int]]

SIGNS = "●■▲▼◆✚✖★"  # of the dtypes, which are told apart by these as well as by their colours
LIMIT = 80.0  # where 1 is on a strip, in percent; beyond it, a factor of 10^DECADES ends at MOST, with infinity
MOST = 99.0
DECADES = 9


class Dot(NamedTuple):
    """A dtype on a strip: its sign, the place in percent, and what it says."""

    dtype: str
    sign: str
    number: int  # of its colour
    place: float
    words: str
    fails: bool


class Strip(NamedTuple):
    """A row of the gauge: where the worst error / bound of each dtype is, and, faintly, that of each case."""

    name: str
    dots: list[Dot]
    ticks: str  # as the path of an SVG


def signs_of(reports: list[Fields]) -> Signs:
    """The sign of each dtype that was judged, and the number of its colour."""
    dtypes = dict.fromkeys(result["dtype"] for report in reports for result in report["results"])
    return {dtype: (SIGNS[n % len(SIGNS)], n % len(SIGNS)) for n, dtype in enumerate(dtypes)}


def gauge(report: Fields, signs: Signs) -> list[Strip]:
    """A strip for each formula that is offered."""
    rows: dict[str, list[Fields]] = {}
    for result in report["results"]:
        if result["status"] != "not offered":
            rows.setdefault(result["formula"], []).append(result)
    return [strip(name, results, signs) for name, results in rows.items()]


def by_requirement(report: Fields, signs: Signs) -> list[tuple[str, list[Strip]]]:
    """For each formula that is offered, a strip for each of its requirements, with all cases."""
    rows: dict[str, dict[str, list[Fields]]] = {}
    for result in report["results"]:
        if result["status"] != "not offered":
            label = result["requirement"].partition(".")[2]
            rows.setdefault(result["formula"], {}).setdefault(label, []).append(result)
    return [(name, [strip(label, some, signs, True) for label, some in found.items()]) for name, found in rows.items()]


def strip(name: str, results: list[Fields], signs: Signs, every: bool = False) -> Strip:
    """The strip of some results, with a tick for `every` case."""
    dots = []
    for dtype in dict.fromkeys(result["dtype"] for result in results):
        own = [result for result in results if result["dtype"] == dtype]
        worst = max(float(result["ratio"]) for result in own)
        fails = any(result["status"] == "fail" for result in own)
        if fails:  # by a shape, say, where no number was compared
            where, words = place(worst if worst > 1 else math.inf), f"✗ {number(worst) if worst > 1 else 'fails'}"
        else:
            where, words = place(worst), f"{worst:.2f}" if worst else "0"
        dots.append(Dot(dtype, *signs[dtype], where, words, fails))
    ratios = {round(place(float(ratio)), 1) for r in results for ratio, _ in r["measured"].values()} if every else ()
    return Strip(name, dots, "".join(f"M{at:g} 0v1" for at in sorted(ratios)))


def place(ratio: float) -> float:
    """Where a ratio is on a strip, in percent: up to 1 in proportion, beyond it by its logarithm."""
    if ratio <= 1:
        return LIMIT * ratio
    return LIMIT + (MOST - LIMIT) * min(math.log10(ratio) / DECADES, 1.0)


def number(value: float | str) -> str:
    """A number in three digits."""
    return f"{float(value):.3g}".replace("inf", "∞")
