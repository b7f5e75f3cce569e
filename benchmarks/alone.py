"""What each part of the cases rejects alone: `python benchmarks/alone.py` writes the tables into README.md.

A mutant that random input rejects is one that anybody's test would find. The others need an input that somebody thought
of, or a plan that covers its kind. `--names` prints those that only the chosen or only the made cases reject.
"""

import sys
import types
import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import blocks
import numpy as np
from rich.progress import track

from gaugeblock import spec
from gaugeblock.conformance.judging.judge import Finding, calls, judge_call, judged_cases
from gaugeblock.conformance.judging.made_expectations import compact_cases
from gaugeblock.conformance.judging.subject import Subject
from gaugeblock.conformance.mutants import Mutant, mutants
from gaugeblock.conformance.mutants.matrix import DTYPES
from gaugeblock.conformance.mutants.power import Pair, size, whole

Parts = dict[str, list[Callable[[], Pair]]]


@cache
def parts(formula: str, dtype: str) -> Parts:
    """What gives the random, chosen and made cases of a formula, small ones first."""
    found: dict[str, list[tuple[int, Callable[[], Pair]]]] = {"random": [], "chosen": [], "made": []}
    for case, expected in judged_cases(formula, dtype, 0, "gradual", "full"):
        part = "random" if "random_seed" in case.name else "chosen"
        found[part].append((size(case) * max(case.steps, default=1), lambda pair=(case, expected): pair))
    for made, known in compact_cases(formula, dtype, 0):
        part = "random" if made.kind == "random" else "made"
        found[part].append((size(made.whole()), partial(whole, made, known)))
    return {part: [each for _, each in sorted(of_part, key=lambda pair: pair[0])] for part, of_part in found.items()}


def rejected(mutant: Mutant, dtype: str, cases: list[Callable[[], Pair]]) -> bool:
    """Whether one of some cases rejects a mutant."""
    call = mutant.in_dtype(np.dtype(dtype))
    subject = Subject(types.SimpleNamespace(__name__=mutant.name, **{mutant.function: call}))
    earlier: dict[str, Any] = {}
    with subject.settings(dtype):
        for pair in cases:
            case, expected = pair()
            if case.function != mutant.function:
                continue
            for named, function, change in calls(subject, case):
                found = partial(Finding, case=named)
                for each in judge_call(subject, function, case, expected, change, found, earlier):
                    if isinstance(each, Finding) and not each.passed:
                        return True
    return False


def table(dtype: str) -> Iterator[str]:
    """How many mutants each part of the cases rejects, and how many of those that random input does not reject."""
    head = f"in {dtype}", "mutants", "random alone", "chosen alone", "made alone", "not by random", "chosen", "made"
    yield f"| {' | '.join(head)} | by none |"
    yield "|---|---|---|---|---|---|---|---|---|"
    total = np.zeros(8, int)
    for formula in spec.formulas():
        of_formula = [mutant for mutant in mutants(formula) if not mutant.half]
        shown = track(of_formula, f"{formula} {dtype}", disable=not sys.stderr.isatty(), transient=True)
        cases = parts(formula, dtype)
        found = np.array([[rejected(each, dtype, cases[part]) for part in cases] for each in shown])
        rest = found[~found[:, 0]]
        row = [len(found), *found.sum(axis=0), len(rest), *rest.sum(axis=0)[1:], (~found.any(axis=1)).sum()]
        total += row
        yield f"| {formula} | {' | '.join(map(str, row))} |"
        if "--names" in sys.argv:
            for mutant, (_, by_chosen, by_made) in zip(of_formula, found, strict=True):
                if by_chosen != by_made:
                    print(dtype, "chosen only:" if by_chosen else "made only:", mutant.name, file=sys.stderr)
    yield f"| all | {' | '.join(map(str, total))} |"


HEAD = """The mutants that each part of the cases rejects alone. Random cases are those of seed 0. What they do not
reject is judged by the other parts in the two columns behind *not by random*. A mutant that is right in a dtype, or
whose mistake rounding may explain there, is rejected by none."""

if __name__ == "__main__":
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables = ["\n".join(table(dtype)) for dtype in DTYPES]
    blocks.write("alone", "python benchmarks/alone.py", "\n\n".join([HEAD, *tables]))
