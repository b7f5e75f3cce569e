"""Power and false alarms: `python benchmarks/power.py` writes the tables into README.md.

Power: the share of the mutants that are killed, and the coarsest arithmetic that passes. False alarms: the share of the
right rewrites that a random case rejects, over 1000 seeds. The tests run the chosen cases, which depend on no seed.
"""

import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import blocks
import numpy as np
from rich.progress import track
from right import rewrites

from gaugeblock import spec
from gaugeblock.backends import numpy as gb
from gaugeblock.conformance import check
from gaugeblock.conformance.arithmetic.rounding import HALF
from gaugeblock.conformance.formulas import Case, cases
from gaugeblock.conformance.judging import oracle
from gaugeblock.conformance.mutants import mutants
from gaugeblock.conformance.mutants.matrix import DTYPES, kills

SEEDS = 1000


def power() -> Iterator[str]:
    """The share of mutants that fail something, by formula and dtype."""
    yield "| formula | mutants | killed in float32 | killed in float64 | killed in one of them | right in one |"
    yield "|---|---|---|---|---|---|"
    for formula in spec.formulas():
        found = [kills(mutant).labels for mutant in mutants(formula) if not mutant.half]
        dead = [[bool(labels[dtype]) for labels in found] for dtype in DTYPES]
        either = sum(any(pair) for pair in zip(*dead, strict=True))
        both = sum(all(pair) for pair in zip(*dead, strict=True))
        shares = [f"{sum(each)} ({sum(each) / len(found):.1%})" for each in dead]
        yield f"| {formula} | {len(found)} | {' | '.join(shares)} | {either / len(found):.1%} | {either - both} |"


def power_in_half_precision() -> Iterator[str]:
    """The mistakes that only half precision can have, and how many of them fail something."""
    found = [kills(mutant).labels for formula in spec.formulas() for mutant in mutants(formula) if mutant.half]
    dead = {dtype: sum(bool(labels[dtype]) for labels in found) for dtype in HALF}
    yield f"Of {len(found)} mistakes that only half precision can have, {dead['float16']} are killed in float16 and "
    yield f"{dead['bfloat16']} in bfloat16; the others are right there (1e-8 is 0 in float16 only)."


def random_cases(formula: str, dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    """The random cases, but for those of many steps."""
    return (c for c in cases(formula, dtype, seed) if "random_seed" in c.name and not c.steps)


def worst_ratio(call: Callable[..., Any], case: Case, expected: dict[str, oracle.Expected]) -> float:
    """The largest error / bound of one call."""
    results = case.formula.named(call(*case.arguments, **case.options))
    return max(float(oracle.ratios(np.asarray(results[name]), each)[0].max()) for name, each in expected.items())


def false_alarms() -> Iterator[str]:
    """The share of rewrites that random cases reject, and the worst ratio."""
    yield f"| formula | dtype | rewrites | judged in {SEEDS} seeds | rejected | worst error / bound |"
    yield "|---|---|---|---|---|---|"
    for formula in spec.formulas():
        for dtype in map(np.dtype, DTYPES):
            ratios = []
            calls = rewrites(formula)
            seeds = range(SEEDS)
            for seed in track(seeds, f"{formula} {dtype}", disable=not sys.stderr.isatty(), transient=True):
                for case in random_cases(formula, dtype, seed):
                    expected = oracle.expect(case, dtype)
                    own = [call for name, call in calls.items() if name.partition("__")[0] == case.function]
                    ratios += [worst_ratio(call, case, expected) for call in own]
            rejected = sum(ratio > 1 for ratio in ratios)
            yield f"| {formula} | {dtype} | {len(calls)} | {len(ratios)} | {rejected} | {max(ratios):.3f} |"


def kept(a: np.ndarray, bits: int) -> np.ndarray:
    """`a` with this many significant bits, rounded to nearest."""
    mantissa, exponent = np.frexp(a)
    return np.ldexp(np.rint(mantissa * 2.0**bits) / 2.0**bits, exponent).astype(a.dtype)


def coarse_softmax(bits: int) -> Callable[..., Any]:
    def softmax(x: np.ndarray, *, axis: int = -1) -> Any:
        e = kept(np.exp(x - x.max(axis=axis, keepdims=True)), bits)
        return e / e.sum(axis=axis, keepdims=True)

    return softmax


def coarse_loss(bits: int) -> Callable[..., Any]:
    def loss(y: Any, p: Any, *, axis: int = -1, clip: Any = None) -> Any:
        lo, hi = clip or ((1e-15, 1 - 1e-15) if p.dtype == np.float64 else (1e-15, 1.0))
        return -np.sum(y.astype(p.dtype) * kept(np.log(np.clip(p, lo, hi)), bits), axis=axis)

    return loss


def coarse_step(bits: int) -> Callable[..., Any]:
    def step(theta: Any, grad: Any, state: Any, **options: float) -> Any:
        theta, (count, m, v) = gb.adam_step(theta, grad, state, **options)
        return kept(theta, bits), (count, m, v)

    return step


COARSE: dict[str, tuple[str, Callable[[int], Callable[..., Any]]]] = {
    "inputs of dense": ("dense", lambda bits: lambda x, w, b: kept(x, bits) @ kept(w, bits) + b),
    "result of dense": ("dense", lambda bits: lambda x, w, b: kept(x @ w + b, bits)),
    "result of the neuron": ("neuron", lambda bits: lambda x, w, b: kept(np.asarray(gb.neuron(x, w, b)), bits)),
    "exp in softmax": ("softmax", coarse_softmax),
    "result of softmax": ("softmax", lambda bits: lambda x, *, axis=-1: kept(gb.softmax(x, axis=axis), bits)),
    "log in cross-entropy": ("categorical_cross_entropy", coarse_loss),
    "theta of Adam": ("adam_step", coarse_step),
}


def sensitivity() -> Iterator[str]:
    """The coarsest arithmetic that cannot be told from full precision, and how near to its bound it comes."""
    yield "| kept in fewer bits | dtype | bits | the fewest that pass | error / bound there |"
    yield "|---|---|---|---|---|"
    for name, (function, make) in COARSE.items():
        for dtype in DTYPES:
            full, ratio = np.finfo(dtype).nmant + 1, 0.0
            for bits in range(full, 4, -1):
                report = check(types.SimpleNamespace(__name__=name, **{function: make(bits)}), dtypes=[dtype])
                if not report.passed:
                    break
                ratio = max(result.ratio for result in report.results)
            yield f"| {name} | {dtype} | {full} | {bits + 1} | {ratio:.2f} |"


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        wanted = (power, power_in_half_precision, false_alarms, sensitivity)
        tables = ["\n".join(table()) for table in wanted]
    heads = (
        "Wrong implementations that are rejected. Where a mutant is right in a dtype, it is not killed there:\n",
        "",
        "Right implementations that are rejected by random cases:\n",
        "What cannot be told apart within the bound: one step rounded to fewer bits, and the fewest that pass.\n"
        "The error that is left there is no larger than what a right implementation may make by rounding alone.\n",
    )
    blocks.write(
        "power",
        "python benchmarks/power.py",
        "\n\n".join(f"{h}\n{t}".strip() for h, t in zip(heads, tables, strict=True)),
    )
