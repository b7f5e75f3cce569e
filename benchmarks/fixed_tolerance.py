"""What a fixed tolerance makes of the same cases: `python benchmarks/fixed_tolerance.py` writes the table.

Every mutant, and every right implementation of `tests/rewrites/`, is judged on the chosen cases in float32: by the
derived tolerance, and with ``rtol`` and ``atol`` in its place. All else that a case asks stays: shape, dtype, NaN,
infinities, and inputs that are left alone. This separates what the cases find from what the tolerance finds.
"""

import types
import warnings
from collections.abc import Iterator
from typing import Any

import alone
import blocks
import numpy as np
from right import rewrites

from gaugeblock import spec
from gaugeblock.conformance.mutants import mutants
from gaugeblock.conformance.mutants.power import Pair

ATOL, RTOLS = 1e-7, (1e-5, 1e-3)


def fixed(pair: Pair, rtol: float) -> Pair:
    """A case with its expected values, but with a fixed tolerance; what nobody judges stays open."""
    case, expected = pair
    with np.errstate(all="ignore"):
        tolerance = {
            name: each._replace(bound=np.where(np.isinf(each.bound), np.inf, ATOL + rtol * np.abs(each.value)))
            for name, each in expected.items()
        }
    return case, tolerance


def right(formula: str) -> Iterator[Any]:
    """The right implementations of a formula, in the form of mutants."""
    for name, call in rewrites(formula).items():
        yield types.SimpleNamespace(name=name, function=name.partition("__")[0], in_dtype=lambda dtype, call=call: call)


def rows() -> Iterator[tuple[str, ...]]:
    """For each formula and all: the wrong and the right ones, and how many of them each tolerance rejects."""
    total = np.zeros(8, int)
    for formula in spec.formulas():
        cases = alone.parts(formula, "float32")["chosen"]
        kinds = [cases, *([lambda get=get, r=rtol: fixed(get(), r) for get in cases] for rtol in RTOLS)]
        row: list[int] = []
        for group in ([each for each in mutants(formula) if not each.half], list(right(formula))):
            found = [[alone.rejected(each, "float32", kind) for kind in kinds] for each in group]
            row += [len(group), *np.sum(found, axis=0, dtype=int)]
        total += row
        yield formula, *map(str, row)
    yield "all", *map(str, total)


if __name__ == "__main__":
    columns = ("derived", *(f"rtol={rtol:g}" for rtol in RTOLS))
    head = ("", "wrong", *columns, "right", *columns)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        blocks.write("fixed", "python benchmarks/fixed_tolerance.py", blocks.table(head, rows()))
