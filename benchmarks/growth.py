"""How the cost grows with size, and the reason of each step."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from blocks import table

Document = dict[str, Any]
Measurement = dict[str, Any]

SIZES = [10**power for power in range(1, 9)]
PAGES = 2**12, 2**21  # bytes: of Linux on most machines; NumPy asks for huge ones for large arrays
SERIES = ("naive", "gaugeblock.numpy", "gaugeblock.torch", "gaugeblock.jax, jit", "floor")


def text(growth: Document) -> str:
    """Nanoseconds and bytes for each element, by size; then each step, with its reason."""
    formulas = list(dict.fromkeys(each["formula"] for each in growth["measurements"]))
    lines = [
        "On the same machine, on one core, nanoseconds for each element in the fastest round:\n",
        table(
            ("", "", *(power(size) for size in SIZES), "bytes for each, at the largest"),
            (
                (formula if name == SERIES[0] else "", name, *nanoseconds(growth, formula, name))
                for formula in formulas
                for name in SERIES
            ),
        ),
        "Where an element costs half as much again, or more, as at the size before:\n",
        table(("formula", "backend", "elements", "times", "reason"), steps(growth)),
    ]
    return "\n".join(lines)


def power(size: int) -> str:
    """A power of ten."""
    return f"10^{len(str(size)) - 1}"


def points(growth: Document, formula: str, name: str) -> Iterator[tuple[Measurement, dict[str, Any]]]:
    """The measurements of a contender by size; of Adam, those in place."""
    for each in growth["measurements"]:
        if each["formula"] == formula:
            of = {contender["name"]: contender for contender in each["contenders"]}
            if contender := of.get(f"{name}, donated") or of.get(name):
                yield each, contender


def nanoseconds(growth: Document, formula: str, name: str) -> list[str]:
    """The cells of one line of the table: one for each size, and one for the memory."""
    of = {each["elements"]: contender for each, contender in points(growth, formula, name)}
    cells = [f"{1e9 * each_takes(of[size], size):.3g}" if size in of else "" for size in SIZES]
    largest = max(of, default=0)
    return [*cells, f"{(of[largest]['peak_bytes'] or 0) / largest:.1f}" if largest else ""]


def steps(growth: Document) -> Iterator[tuple[str, str, str, str, str]]:
    """Where the time of an element rises by half or more, and why."""
    for formula in dict.fromkeys(each["formula"] for each in growth["measurements"]):
        floors = {each["elements"]: contender for each, contender in points(growth, formula, "floor")}
        for name in SERIES[1:4]:
            line = list(points(growth, formula, name))
            for (less, a), (more, b) in pairwise(line):
                sizes = less["elements"], more["elements"]
                times = each_takes(b, sizes[1]) / each_takes(a, sizes[0])
                if times >= 1.5:
                    floor = [floors[size] for size in sizes]
                    why = REASONS.get((formula, name, sizes[1])) or reason(growth, sizes, (a, b), floor, times)
                    yield formula, name, f"{power(sizes[0])} to {power(sizes[1])}", f"{times:.1f}", why


def each_takes(contender: dict[str, Any], size: int, what: str = "seconds") -> float:
    """The seconds for each element in the fastest round, or those in the kernel."""
    found = contender[what]
    return float(min(found) if isinstance(found, list) else found) / size


def reason(growth: Document, sizes: tuple[int, ...], pair: tuple[Any, ...], floor: list[Any], times: float) -> str:
    """Why an element costs more: as far as it was measured in the same run."""
    rise = each_takes(pair[1], sizes[1]) - each_takes(pair[0], sizes[0])
    kernel = each_takes(pair[1], sizes[1], "kernel_seconds") - each_takes(pair[0], sizes[0], "kernel_seconds")
    if kernel >= rise / 2 or any(not new(pair[0], page) and new(pair[1], page) for page in PAGES):
        share = pair[1]["kernel_seconds"] / min(pair[1]["seconds"])
        return f"new memory: {pair[1]['page_faults']:.0f} page faults, {min(share, 1):.0%} of the time in the kernel"
    floors = each_takes(floor[1], sizes[1]) / each_takes(floor[0], sizes[0])
    if floors - 1 >= (times - 1) / 2:
        return f"the memory: the floor takes {floors:.1f} times as long there, too"
    return UNEXPLAINED


def new(contender: dict[str, Any], page: int) -> bool:
    """Whether half of the memory of a call, or more, is new pages of that size."""
    return bool(contender["page_faults"] * page >= (contender["peak_bytes"] or 0) / 2 > 0)


UNEXPLAINED = "**not explained**"
# What was found by other measurements than those of the run: by formula, backend and the larger size.
REASONS: dict[tuple[str, str, int], str] = {}
