"""The mutants, judged by ONNX's node tests and by gaugeblock: `python benchmarks/onnx_node_tests.py`.

The node tests of an operator are turned into calls of the formula, and judged by the assertion of ONNX's own runner:
number of outputs, shape, dtype, and `assert_allclose` with the tolerances of the case. Cases run in the order of the
runner, on arrays that are shared as ONNX shares them. Where a mapping has a choice, it is in ONNX's favour. The table
is printed, and written into README.md.
"""

import copy
import sys
import types
import warnings
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, NamedTuple

import blocks
import numpy as np
from onnx import helper
from onnx.backend.test.runner import Runner
from onnx_calls import OPERATORS, Call, UnmappedError, node_tests
from rich.console import Console
from rich.progress import track

from gaugeblock.backends import numpy as gb
from gaugeblock.conformance import check
from gaugeblock.conformance.mutants import Mutant, mutants


class Case(NamedTuple):
    """A node test, as calls of a formula."""

    name: str
    calls: list[Call]
    rtol: float
    atol: float


class Verdict(NamedTuple):
    """Who kills a mutant; None where ONNX has no operator for its function."""

    mutant: Mutant
    onnx: bool | None
    float32: bool
    every_dtype: bool


class Comparison(NamedTuple):
    """What comes out for a formula."""

    formula: str
    used: list[Case]
    unused: list[tuple[str, str]]  # the names of the other cases, and why
    verdicts: list[Verdict]

    @property
    def missed(self) -> list[str]:
        """The mutants that gaugeblock kills in float32 and that pass all of ONNX's cases."""
        return [verdict.mutant.name for verdict in self.verdicts if verdict.onnx is False and verdict.float32]


def onnx_cases(formula: str) -> tuple[list[Case], list[tuple[str, str]]]:
    """The node tests that are cases of a formula, and the others of its operators, with the reason."""
    function, operators = OPERATORS[formula]
    used, unused = [], []
    for test in node_tests():
        nodes = test.model.graph.node
        if len(nodes) != 1 or nodes[0].op_type not in operators:  # the expanded ones have the data of another
            continue
        attributes = {each.name: helper.get_attribute_value(each) for each in nodes[0].attribute}
        try:
            calls = [
                call
                for inputs, outputs in test.data_sets
                for call in operators[nodes[0].op_type](attributes, inputs, outputs)
            ]
        except UnmappedError as error:
            unused.append((test.name, str(error)))
            continue
        case = Case(test.name, calls, test.rtol, test.atol)
        if passes(getattr(gb, function), [case]):
            used.append(case)
        else:
            unused.append((test.name, "our own implementation does not pass"))
    return used, unused


# Who kills what.


def passes(call: Callable[..., Any], cases: list[Case]) -> bool:
    """Whether a function passes all cases, by the assertion of ONNX's runner."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for case in copy.deepcopy(cases):  # one copy of all: arrays that cases share stay shared
                for arguments, options, expected in case.calls:
                    result = outputs_of(call(*arguments, **options))
                    Runner.assert_similar_outputs(expected, result, case.rtol, case.atol)
    except Exception:
        return False
    return True


def outputs_of(result: Any) -> list[Any]:
    """What came back, as a list; ONNX's Adam does not return the step."""
    if isinstance(result, tuple):
        theta, (_, m, v) = result
        return [theta, m, v]
    return [result]


def verdict(formula: str, mutant: Mutant, cases: list[Case]) -> Verdict:
    """Show a mutant to both."""
    subject = types.SimpleNamespace(__name__=mutant.name, **{mutant.function: mutant.call})
    failed = {result.dtype for result in check(subject, formulas=[formula]).results if result.status == "fail"}
    has_operator = mutant.function == OPERATORS[formula][0]
    killed = not passes(mutant.call, cases) if has_operator else None
    return Verdict(mutant, killed, "float32" in failed, bool(failed))


def compare(formula: str) -> Comparison:
    """Show all mutants of a formula to both."""
    used, unused = onnx_cases(formula)
    quiet = not sys.stderr.isatty()
    shown = [mutant for mutant in mutants(formula) if not mutant.half]
    found = track(shown, formula, console=Console(stderr=True), transient=True, disable=quiet)
    return Comparison(formula, used, unused, [verdict(formula, mutant, used) for mutant in found])


# In Markdown.


def rate(killed: list[bool]) -> str:
    """How many, and what part of all."""
    return f"{sum(killed)} ({sum(killed) / len(killed):.0%})" if killed else "none"


def row(name: str, cases: int, verdicts: list[Verdict]) -> str:
    """A row of the table of kill rates."""
    seen = [v.onnx for v in verdicts if v.onnx is not None]
    cells = (
        name,
        len(verdicts),
        len(verdicts) - len(seen),
        cases,
        rate(seen),
        rate([v.float32 for v in verdicts if v.onnx is not None]),
        rate([v.every_dtype for v in verdicts]),
    )
    return f"| {' | '.join(map(str, cells))} |"


def spread(names: list[str], count: int = 5) -> list[str]:
    """A few of the names, from the first to the last."""
    return names if len(names) <= count else [names[i * (len(names) - 1) // (count - 1)] for i in range(count)]


def missed_row(comparison: Comparison) -> str:
    """A row of the table of what ONNX misses."""
    names = ", ".join(f"`{name.partition('__')[2]}`" for name in spread(comparison.missed))
    return f"| {comparison.formula} | {len(comparison.missed)} | {names} |"


def unused_row(comparison: Comparison) -> str:
    """A row of the table of cases."""
    used = ", ".join(f"`{case.name}`" for case in comparison.used)
    reasons = Counter(reason for _, reason in comparison.unused)
    unused = "; ".join(f"{count}: {reason}" for reason, count in reasons.items())
    return f"| {comparison.formula} | {used or 'none'} | {unused or 'none'} |"


def table(comparisons: list[Comparison]) -> str:
    """All of it, in Markdown."""
    verdicts = [v for c in comparisons for v in c.verdicts]
    only_onnx = [v.mutant.name for v in verdicts if v.onnx and not v.float32]
    lines = [
        f"With onnx {version('onnx')}, numpy {version('numpy')}, on the CPU, seed 0.\n",
        "| formula | mutants | no ONNX operator | ONNX cases | killed by ONNX, float32 "
        "| by gaugeblock, float32 | by gaugeblock, float32 and float64 |",
        "|---|---|---|---|---|---|---|",
        *(row(c.formula, len(c.used), c.verdicts) for c in comparisons),
        row("all", sum(len(c.used) for c in comparisons), verdicts),
        "",
        "The two columns in float32 leave out the mutants for whose function ONNX has no operator, the lines of Adam. "
        f"Killed by ONNX and not by gaugeblock, in float32: {', '.join(only_onnx) or 'none'}. The other way round:\n",
        "| formula | missed by ONNX | for example |",
        "|---|---|---|",
        *map(missed_row, comparisons),
        "",
        "gaugeblock's own implementation passes every case that is used. Which those are, and why others are not:\n",
        "| formula | used | not used |",
        "|---|---|---|",
        *map(unused_row, comparisons),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = table([compare(formula) for formula in OPERATORS])
    print(text)
    blocks.write("onnx", "python benchmarks/onnx_node_tests.py", text)
