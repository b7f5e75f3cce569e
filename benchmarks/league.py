"""The rules of other judges and ours, on the same wrong and right code: `python benchmarks/league.py`.

Wrong are the mutants, right are the rewrites of the tests, both in float32. Each is called on inputs from U[0, 1) and
from N(0, 1), as harnesses draw them, and on the chosen cases of gaugeblock. Each rule then says whether the outputs
pass. The tables are written to `results/league.md`. What a harness demands beside its rule is not judged here.
"""

import copy
import math
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from blocks import table
from league_rules import DOT_PRODUCTS, RULES, Wanted
from rich.progress import track
from right import rewrites

from gaugeblock import spec
from gaugeblock.backends import numpy as gb
from gaugeblock.conformance.cases.draw import argument_counts
from gaugeblock.conformance.formulas import Case, Formula, declared
from gaugeblock.conformance.judging import oracle, tolerance
from gaugeblock.conformance.judging.judge import count_after, judged_cases
from gaugeblock.conformance.mutants import mutants
from gaugeblock.reference.declaration import BATCH, is_axes, shape_of
from gaugeblock.worker.messages import state_of

PAGE = Path(__file__).parent / "results" / "league.md"
FLOAT32 = np.dtype(np.float32)
TRIALS, ROWS, LENGTH, OTHERS = 3, 64, 256, 32
LENGTHS = dict.fromkeys("dehklms", OTHERS) | {BATCH: ROWS, "n": LENGTH}
BETAS = {"beta": 0.9, "beta1": 0.9, "beta2": 0.999}
NUMBERS = BETAS | {"step": 10, "epsilon": 1e-8, "learning_rate": 1e-3, "max_norm": 1.0}


def drawn(formula: Formula, draw: Callable[..., np.ndarray]) -> Case:
    """A call on random inputs of one shape, as its declaration has them; the arguments that may be left out are."""

    def value(name: str, axes: Any, kind: Any) -> Any:
        if not is_axes(axes):
            return state_of(formula.state_names, map(value, formula.state_names, axes, kind))
        if name in NUMBERS:
            return NUMBERS[name]
        shape = shape_of([axis.rstrip("?") for axis in axes], LENGTHS)
        if kind == "index":
            return np.arange(math.prod(shape)).reshape(shape) % min(LENGTHS.values())
        if kind == "weight":
            return np.eye(shape[-1], dtype=np.float32)[: shape[0]]
        array = draw(size=shape)
        if kind == "nonnegative":
            array = np.abs(array)
        if kind == "probability":
            array = np.exp(array) / np.sum(np.exp(array), axis=-1, keepdims=True)
        return np.asarray(array, np.float32)

    given = list(zip(formula.arguments, formula.arguments.values(), formula.domain, strict=True))
    return Case("", "", "", formula, tuple(value(*each) for each in given[: min(argument_counts(formula))]), {})


def inputs(formula: str, function: str, kind: str) -> Iterator[tuple[Case, Wanted]]:
    """The calls of a kind, with what they should give."""
    if kind == "our cases":
        for case, exact in judged_cases(formula, "float32", 0, "gradual", "full"):
            if case.function == function and not case.steps and case.formula.donation not in case.options:
                yield case, Wanted({name: each.value.astype(each.dtype) for name, each in exact.items()}, exact)
        return
    rng = np.random.default_rng(0)
    for _ in range(TRIALS):
        case = drawn(declared(function), rng.random if kind == "U[0, 1)" else rng.normal)
        plain = case.formula.named(getattr(gb, function)(*case.arguments))
        yield case, Wanted(plain, tolerance.judgeable(case, FLOAT32, oracle.expect(case, FLOAT32)))


RANDOM = "U[0, 1)", "N(0, 1)"
KINDS = (*RANDOM, "our cases")


def verdicts(call: Callable[..., Any], calls: list[tuple[Case, Wanted]], rules: list[str]) -> dict[str, bool]:
    """Whether an implementation passes by each rule; a result of another dtype or shape passes by none."""
    passed = dict.fromkeys(rules, True)
    for case, wanted in calls:
        try:
            results = case.formula.named(call(*copy.deepcopy(case.arguments), **case.options))
            arrays = {name: np.asarray(results[name]) for name in wanted.exact}
            counts = all(results[name] == count_after(case, name) for name in case.formula.counts)
        except Exception:
            return dict.fromkeys(rules, False)
        fits = all(
            a.dtype == wanted.exact[n].dtype and a.shape == wanted.exact[n].value.shape for n, a in arrays.items()
        )
        if not fits or not counts:
            return dict.fromkeys(rules, False)
        for rule in rules:
            passed[rule] = passed[rule] and all(RULES[rule][1](case, name, arrays[name], wanted) for name in arrays)
        if not any(passed.values()):
            break
    return passed


class Tally:
    """How many implementations there are, and how many pass, by rule and kind of input."""

    def __init__(self) -> None:
        self.every: dict[tuple[str, str], int] = defaultdict(int)
        self.passed: dict[tuple[str, str], int] = defaultdict(int)

    def add(self, kind: str, found: dict[str, bool]) -> None:
        """Count one implementation."""
        for rule, passes in found.items():
            self.every[rule, kind] += 1
            self.passed[rule, kind] += passes

    def share(self, rule: str, kind: str, *, passing: bool = True) -> str:
        """The share that passes, or that does not."""
        every, passed = self.every[rule, kind], self.passed[rule, kind]
        return f"{(passed if passing else every - passed) / every:.1%}" if every else ""


def league(formulas: list[str]) -> tuple[Tally, Tally]:
    """The wrong and the right implementations, judged by every rule."""
    wrong, right = Tally(), Tally()
    for formula in track(formulas, "judging", disable=not sys.stderr.isatty(), transient=True):
        bad = [(each.function, each.call) for each in mutants(formula) if not each.half]
        good = [(name.partition("__")[0], call) for name, call in rewrites(formula).items()]
        for function in dict.fromkeys(name for name, _ in [*bad, *good]):
            rules = [rule for rule in RULES if rule != DOT_PRODUCTS or is_dot_product(declared(function))]
            for kind in KINDS:
                calls = list(inputs(formula, function, kind))
                asked = [rule for rule in rules if rule != DOT_PRODUCTS or kind in RANDOM]
                for tally, some in ((wrong, bad), (right, good)):
                    for call in (call for name, call in some if name == function and calls):
                        tally.add(kind, verdicts(call, calls, asked))
    return wrong, right


def is_dot_product(formula: Formula) -> bool:
    """Whether it is one sum of products and a bias."""
    return formula.products and len(formula.names) == 1 and len(formula.arguments) == 3


TEXT = """\
# The league of rules

`python benchmarks/league.py` writes this page. It calls the same wrong and right implementations of all formulas, in
float32, on the same inputs, and asks the rule of each judge whether their outputs pass.

- On random inputs, {random} of wrong code passes, by whichever rule; {own} passes the derived tolerance.
- On the cases of gaugeblock, {cases} passes the derived tolerance, which rejects {false} of the right code.
- Put differently: of the wrong code that passes the derived tolerance on N(0, 1), the cases catch {caught}. Of what
  passes KernelBench's 1e-4 on these cases, the derived tolerance catches {narrower}.

So the cases make the difference, much more than the tolerance does.

## Wrong code that passes ({wrong} mutants)

{passing}
## Right code that is rejected ({right} rewrites)

{rejected}
## How to read it

- U[0, 1) and N(0, 1) are three draws of 64 rows of 256 elements. KernelBench draws from both, FlashInfer-Bench and
  SOL-ExecBench from N(0, 1). The node tests of ONNX are [compared on their own inputs](../README.md).
- The chosen cases here are those of one call. Many steps, memory layouts, made cases and calls made again are left out,
  so that mutants which only these show pass. [The matrix](../../conformance/mutants/MATRIX.md) says what rejects them.
  A mutant that is wrong only in float64 passes every rule.
- Every rule demands the right dtype and shape, and NaN where NaN should be. FlashInfer-Bench refuses all that is not
  finite, and thereby right code on special values.
- A rule that is narrower than rounding rejects more wrong code, and right code with it: both tables belong together.
- TOSA states its rule for products of matrices, on data sets of its own: it is not asked about our cases.
- The tolerance of GPU MODE's cross-entropy was not at hand; the row has that of other problems of GPU MODE.
"""


def page(wrong: Tally, right: Tally) -> str:
    """The page with both tables."""
    ours, other, own_cases = "gaugeblock", "KernelBench, 1e-4", KINDS[2]
    everywhere = [rule for rule in RULES if rule != DOT_PRODUCTS]

    def share(rule: str, kind: str) -> float:
        return wrong.passed[rule, kind] / wrong.every[rule, kind]

    def between(rules: list[str]) -> str:
        shares = [share(rule, kind) for rule in rules for kind in RANDOM]
        return f"{min(shares):.0%} to {max(shares):.0%}"

    def rows(tally: Tally, *, passing: bool) -> Iterator[list[str]]:
        for rule, (words, _) in RULES.items():
            yield [rule, words, *(tally.share(rule, kind, passing=passing) for kind in KINDS)]

    head = ["rule", "what it says", *KINDS]
    return TEXT.format(
        random=between(everywhere),
        own=between([ours]),
        cases=f"{share(ours, own_cases):.1%}",
        false=right.share(ours, own_cases, passing=False),
        caught=f"{1 - share(ours, own_cases) / share(ours, KINDS[1]):.0%}",
        narrower=f"{1 - share(ours, own_cases) / share(other, own_cases):.0%}",
        wrong=wrong.every[ours, own_cases],
        right=right.every[ours, own_cases],
        passing=table(head, rows(wrong, passing=True)),
        rejected=table(head, rows(right, passing=False)),
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with np.errstate(all="ignore"):
        text = page(*league(sys.argv[1:] or spec.formulas()))
    if sys.argv[1:]:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")
