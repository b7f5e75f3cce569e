"""The gauge of the HTML report: where error / bound is on a line from 0 to 1 and beyond."""

import math
from typing import Any, NamedTuple

Fields = dict[str, Any]  # an object of the JSON document

SIGNS = "●■▲▼◆✚✖★"  # of the dtypes, which are told apart by these as well as by their colours
LIMIT = 80.0  # where 1 is on a strip, in percent; beyond it, a factor of 10^DECADES ends at 100, with infinity
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

    @property
    def words(self) -> str:
        """All that it shows, for those who do not see it."""
        return "; ".join(f"{dot.dtype} {dot.words}" for dot in self.dots)


def dtypes_of(reports: list[Fields]) -> list[str]:
    """All dtypes that were judged, in their order."""
    return list(dict.fromkeys(result["dtype"] for report in reports for result in report["results"]))


def sign_of(reports: list[Fields], dtype: str) -> tuple[str, int]:
    """The sign of a dtype, and the number of its colour."""
    number = dtypes_of(reports).index(dtype)
    return SIGNS[number % len(SIGNS)], number % len(SIGNS)


def gauge(report: Fields) -> list[Strip]:
    """A strip for each formula that is offered."""
    rows: dict[str, list[Fields]] = {}
    for result in report["results"]:
        if result["status"] != "not offered":
            rows.setdefault(result["formula"], []).append(result)
    return [strip(report, name, results) for name, results in rows.items()]


def requirement_strips(report: Fields) -> list[tuple[str, list[Strip]]]:
    """For each formula that is offered, a strip for each of its requirements, with all cases."""
    rows: dict[str, dict[str, list[Fields]]] = {}
    for result in report["results"]:
        if result["status"] != "not offered":
            label = result["requirement"].partition(".")[2]
            rows.setdefault(result["formula"], {}).setdefault(label, []).append(result)
    return [
        (name, [strip(report, label, results, True) for label, results in some.items()]) for name, some in rows.items()
    ]


def strip(report: Fields, name: str, results: list[Fields], every: bool = False) -> Strip:
    """The strip of some results, with a tick for `every` case."""
    dots = []
    for dtype in dict.fromkeys(result["dtype"] for result in results):
        own = [result for result in results if result["dtype"] == dtype]
        worst = max(float(result["ratio"]) for result in own)
        failed = sum(result["status"] == "fail" for result in own)
        words = ("✗ " if failed else "") + (number(worst) if worst > 1 or not failed else "fails")
        dots.append(
            Dot(
                dtype,
                *sign_of([report], dtype),
                place(math.inf if failed and worst <= 1 else worst),
                words,
                bool(failed),
            )
        )
    ratios = {round(place(float(ratio)), 1) for r in results for ratio, _ in r["measured"].values()} if every else ()
    return Strip(name, dots, "".join(f"M{at:g} 0v1" for at in sorted(ratios)))


def place(ratio: float) -> float:
    """Where a ratio is on a strip, in percent: up to 1 in proportion, beyond it by its logarithm."""
    if ratio <= 1:
        return LIMIT * ratio
    return LIMIT + (99.0 - LIMIT) * min(math.log10(ratio) / DECADES, 1.0) if ratio < math.inf else 99.0


def number(value: float | str) -> str:
    """A number in three digits."""
    return f"{float(value):.3g}".replace("inf", "∞")
