"""A formula that is not gaugeblock's own, before it judges: whether it can, and what no case asks of it."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ...names import wanted
from ...reference.declaration import BATCH, shape_of
from ..arithmetic.rounding import MODELS
from ..arithmetic.running import running
from ..cases import plan
from ..cases.behaviour import MIXED, behaviour, letters_of
from ..cases.draw import draw, leaves_of, pack
from ..formulas import Formula, call, cases, functions_of
from ..formulas.axes import result_axes
from ..formulas.faults import one_line_of
from ..formulas.requirements import always, requirements
from . import tolerance
from .lock import alone
from .made_expectations import compact_cases, left_out, plain_run, refuse_random
from .verified import verify

AnyFormula = str | Callable[..., Any]
FLOAT32 = np.dtype("float32")
ANY_LENGTH = (
    "what takes NumPy's arrays (np.exp, not math.exp) of any lengths (a fixed one is a number in the signature)"
)
TAKEN = f"{ANY_LENGTH}, or library='torch' or 'jax' in its declaration"
ROWS, LENGTHS = 3, range(5, 31)  # each letter has another length, so that a wrong one shows


def distinct(formulas: Sequence[AnyFormula]) -> list[AnyFormula]:
    """The formulas themselves; ValueError for one with the name of another."""
    found: dict[str, list[Formula]] = {}
    for functions in map(functions_of, formulas):
        for name in {part for each in functions for part in (each.name, each.formula)}:
            if found.setdefault(name, functions) != functions:
                raise ValueError(f"formula: got two of the name {name}; wanted another name for each")
    return list(formulas)


@alone
def examine(formula: AnyFormula, dtype: str, seed: int) -> list[str]:
    """Return what no case asks of a formula, in words; nothing of gaugeblock's own, which the tests examine.

    Raises
    ------
    ValueError
        It cannot judge: it does not run, its results are not what its declaration says, its cases or its page ask what
        nothing can, or it disagrees with its definition.
    """
    (function, *_) = functions_of(formula)
    if function.is_own:
        return []
    probe(function)
    refuse_unasked(function, dtype, seed)
    if function.definition or function.forms:
        plain = (each for each, _ in compact_cases(formula, dtype, seed) if each.kind in ("random", "options"))
        named = (each.compact._replace(requirement=each.requirement, name=each.name) for each in plain)
        verify(formula, np.dtype(dtype), seed, named)
    return list(gaps(function, dtype, seed))


@lru_cache(maxsize=256)
def probe(formula: Formula) -> None:
    """Run a formula on small arrays; ValueError for anything that does not go with its declaration."""
    sizes = {BATCH: ROWS} | dict(zip([each for each in letters_of(formula) if each != BATCH], LENGTHS, strict=False))
    arrays = [draw(leaf, sizes, np.random.default_rng(0)) for leaf in leaves_of(formula, FLOAT32)]
    shapes = ", ".join(str(np.shape(array)) for array in arrays)
    defaults = [f"{name}={value!r}" for name, value in formula.keywords.items() if not isinstance(value, int | float)]
    given = ", ".join([f"{formula.name} on float32 arrays of shapes {shapes}", *defaults])
    asked = call(formula, pack(formula, arrays), {})
    with np.errstate(all="ignore"):
        with one_line_of(given, TAKEN):
            returned = formula.function(*asked.arguments)
        refuse_results(formula, returned, sizes, formula.name)
        with one_line_of(formula.name):
            found = running(asked, FLOAT32, MODELS["float32"], [formula.function])
        refuse_random(asked, FLOAT32, found, plain_run(asked, FLOAT32))
        for name, form in formula.forms.items():
            which = f"{formula.name}: forms: {name}"
            with one_line_of(which, "a function that is called as the formula is"):
                returned = form(*asked.arguments)
                running(asked, FLOAT32, MODELS["float32"], [form])
            refuse_results(formula, returned, sizes, which)
        with one_line_of(f"{formula.name}: open", "a function of the arguments that gives a mask for each result"):
            tolerance.open_elements(asked, found)


def refuse_results(formula: Formula, returned: Any, sizes: dict[str, int], which: str) -> None:
    """Raise ValueError for results that are not those of the signature: their number, kinds and shapes."""
    wanted = result_axes(formula)
    several = f"{len(formula.results)} results, {', '.join(wanted)}" if len(wanted) > 1 else "one array"
    try:
        if len(formula.results) > 1 and len(returned) != len(formula.results):
            raise ValueError
        found = formula.named(returned)
    except (AttributeError, IndexError, TypeError, ValueError):
        got = f"{len(returned)} in {type(returned).__name__}" if hasattr(returned, "__len__") else f"{returned!r:.40}"
        raise ValueError(f"{which}: it returned {got}; wanted {several}, as its declaration says") from None
    for name, axes in wanted.items():
        if name in formula.counts:
            continue
        kind, shape = getattr(found[name], "dtype", None), getattr(found[name], "shape", None)
        if kind is None or shape is None:
            got = type(found[name]).__name__
            raise ValueError(f"{which}: {name}: got {got}; wanted {several}, as its declaration says")
        if kind.kind != "f":
            raise ValueError(f"{which}: {name}: got an array of {kind}; wanted one of floating-point numbers")
        if shape != (right := shape_of(axes, sizes)):
            of = ", ".join(f"{letter} = {size}" for letter, size in sizes.items())
            raise ValueError(
                f"{which}: {name}: got the shape {shape} where {of}; wanted {right}, as its signature says"
            )


def refuse_unasked(formula: Formula, dtype: str, seed: int) -> None:
    """Raise ValueError for a chosen case about no requirement, or a requirement about which there is no case."""
    known, own = requirements(formula), cases(formula, np.dtype(dtype), seed)
    for case in own:
        if case.formula != formula:
            raise ValueError(f"{formula.name}: cases: got one of {case.function}; wanted those of {formula.name}")
    chosen = {case.requirement for case in own}
    for label in sorted(chosen - set(known)):
        raise ValueError(f"{formula.name}: cases: got one of {label!r}{wanted(label, known)}")
    asked = chosen | {each.requirement for each, _ in compact_cases(formula, dtype, seed)}
    value = f"{formula.formula}.value"
    of_page = {label for label, each in known.items() if not each.own} if formula.page_file else set()
    for label in sorted((of_page - set(always(formula)) | {value}) - asked):
        reasons = dict.fromkeys(left_out(formula, dtype, seed).values())
        why = f" ({'; '.join(reasons)})" if reasons and label == value else ""
        raise ValueError(f"{formula.name}: no case can judge {label} in {dtype}{why}; wanted a chosen one in `cases`")


def gaps(formula: Formula, dtype: str, seed: int) -> Iterator[str]:
    """What no case asks: the plan's lengths, and cases that the formula itself refuses."""
    pairs = [each.to for each, _ in compact_cases(formula, dtype, seed) if each.kind == "pairs"]
    letters = [letter for letter in letters_of(formula) if letter != BATCH]
    if letters:
        lengths = {len(each.indices[letters[0]]) for each in pairs if letters[0] in each.indices}
        missing = sorted({length for _, length in plan.PAIRS} - lengths)
        if missing:
            yield f"no case has {letters[0]} = {', '.join(map(str, missing))}"
    if behaviour(formula).get(BATCH) == MIXED:
        rows = {math.prod(each.batch) for each in pairs}
        missing = sorted({math.prod(batch) for batch, _ in plan.PAIRS} - rows)
        if missing:
            yield f"no case has a batch of {', '.join(map(str, missing))} rows"
    given = {
        name for each, _ in compact_cases(formula, dtype, seed) for name in {**each.compact.options, **each.options}
    }
    if usual := [repr(name) for name in formula.keywords if name not in given]:
        yield f"no case gives {' or '.join(usual)} another value than the default: name some in `options`"
    refused = {name: why for name, why in left_out(formula, dtype, seed).items() if "raised" in why}
    if refused:
        name, why = next(iter(refused.items()))
        yield f"no case has what the formula itself refuses, such as {name} ({why}): {len(refused)} are left out"
