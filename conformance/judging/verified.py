"""Whether a formula is verified: on every case its exact meaning encloses its definition over the real numbers.

A definition shares no code with the function, and runs on scalar balls. It is called for each row of a batch: what has
axes is a list, or a list of lists, and an index or a count is a Python integer. The parts of a state stand in its
place, and the options follow the arrays: a pair, such as a clip, as two numbers. Where a result has no batch, since the
formula adds up over the rows, the definition is called once, with lists of rows. A result whose batch is only a part of
the whole, since an argument was broadcast, is the sum of what the definition gives for the rest.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from flint import arb, ctx

from ...reference.declaration import AXIS, BATCH, is_fixed, lengths_by_letter, letter_of, shape_of
from ...reference.trajectory import after, trajectory
from ...worker.text import one_line
from ..arithmetic import exact
from ..arithmetic.integers import Integers
from ..arithmetic.rounding import MODELS
from ..arithmetic.running import Expected, evaluate, lift_exactly, lifted, with_defaults
from ..formulas import Case, Formula, cases
from ..formulas.axes import axis_names, parts, result_axes
from ..formulas.forms import admitted
from . import oracle

BITS = 2400  # of a definition: exp of the largest float64 is finite, and a number below it is not lost beside it
THIN = 2.0**-40  # of the bound: the largest radius of a ball that decides
EXACT = 2.0**-300  # in the place of a bound of 0: log(exp(x)) - x
DIGITS = 20  # of a ball in a message

Array = Any
Forms = dict[str, Callable[..., Any]]


def verify(formula: str | Callable[..., Any], dtype: np.dtype[Any], seed: int = 0, more: Iterable[Case] = ()) -> int:
    """Return the number of cases, the chosen ones and more, on which a formula and its forms enclose its definition.

    Where there is no definition, the forms are held against the formula itself.

    Raises
    ------
    ValueError
        They do not on a case, or the definition fails; the message names the case and the element.
    """
    count = 0
    for case in chain(cases(formula, dtype, seed), more):
        forms = {"": case.formula.function, **admitted(case.formula, dtype)}
        try:
            wrong = next(disagreements(forms, case, dtype), None)
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise ValueError(f"{case.function}: its definition gives no results of it: {one_line(error)}") from error
        if wrong is not None:
            what = "its definition disagrees" if case.formula.definition else "its forms disagree"
            raise ValueError(f"{case.function}: {what}: {wrong}")
        count += 1
    return count


def disagreements(forms: Forms, case: Case, dtype: np.dtype[Any]) -> Iterator[str]:
    """Yield where the exact meaning of a form, or the function itself in float64, is not what the definition says.

    An element is left out where the definition is not finite, or where an argument is infinite or NaN and the function
    is not finite: what it gives then is no matter of real numbers.
    """
    with np.errstate(all="ignore"):
        expected = oracle.bounded_run(case, dtype, MODELS[dtype.name])
    real = all(np.all(np.isfinite(value)) for _, _, value in parts(case.formula, case.arguments))
    with ctx.workprec(BITS):
        if case.formula.definition:
            by_name = defined(case, dtype)
            wanted = {name: added_up(by_name[name], each.value.shape) for name, each in expected.items()}
        else:
            plain = evaluate(case.formula.function, with_defaults(case, dtype), lift_exactly(dtype))
            wanted = {name: each.balls for name, each in plain.items()}
    for name, form in forms.items():
        # `lerp` of Adam has m twice: its balls grow by a tenth at each step. The oracle takes the function only.
        grows = case.steps and form is not case.formula.function
        with ctx.workprec(BITS) if grows else exact.working_precision():
            found = evaluate(form, with_defaults(case, dtype), lift_exactly(dtype))
        with ctx.workprec(BITS):
            for result, each in found.items():
                whole = over_shared(wanted[result], each.balls.shape)
                for wrong in apart(each.balls, whole, expected[result], real):
                    yield f"{case.id}{f' ({name})' if name else ''}: {result}{wrong}"


def apart(balls: Array, wanted: Array, expected: Expected, real: bool) -> Iterator[str]:
    """Yield the elements in which balls and definition do not agree, or are not thin beside the bound."""
    if balls.size and balls.shape != wanted.shape:
        yield f" has shape {balls.shape}; the definition gives {wanted.shape}"
        return
    largest = MODELS[expected.dtype.name].largest
    is_number = real and balls.size and bool(np.any(np.isfinite(expected.value)))
    if is_number and not any(arb(each).is_finite() for each in wanted.flat):
        yield " is nowhere finite in the definition"
        return
    for index in np.ndindex(balls.shape):
        ball, definition, value = arb(balls[index]), arb(wanted[index]), expected.value[index]
        place = f"{[*index] if index else ''}"
        if not definition.is_finite():
            continue
        if not np.isfinite(value):
            if real and abs(definition) < largest:
                yield f"{place} is {value} in floating point; the definition gives {definition.str(DIGITS)}"
            continue
        allowed = arb(float(expected.bound[index]) or EXACT) * THIN
        thin = ball.rad() <= allowed and definition.rad() <= allowed
        if not (thin and ball.is_finite() and ball.overlaps(definition)):
            yield f"{place} is {ball.str(DIGITS)}; the definition gives {definition.str(DIGITS)}"


def defined(case: Case, dtype: np.dtype[Any]) -> dict[str, Array]:
    """What the definition gives for each result of a case, as arrays of balls."""
    formula = case.formula
    values = zip(formula.parameters, case.arguments, strict=False)
    arguments = [lifted(formula, name, value, as_balls) for name, value in values]
    run = partial(on_arrays, formula, dtype)
    if not case.steps:
        return run(*arguments, **case.options)
    found = trajectory(run, formula, arguments, case.options, case.steps, lambda results: results)
    return {name: each for name, each in after(case.steps, found, formula.counts).items() if name not in formula.counts}


def added_up(values: Array, shape: tuple[int, ...]) -> Array:
    """The sums over axes that are missing from a shape, or have length 1 there."""
    if values.shape == shape or np.ndim(values) < len(shape):
        return values
    own = (*[1] * (values.ndim - len(shape)), *shape)
    over = tuple(place for place, length in enumerate(own) if length == 1 != values.shape[place])
    return np.sum(values, axis=over, keepdims=True).reshape(shape) if over else values


def as_balls(value: Any, hyper_parameter: bool = False) -> Any:
    """Numbers as balls; a count, an index and a mask as they are."""
    return value if isinstance(value, int | Integers) else exact.lift(value, None).balls


def on_arrays(formula: Formula, dtype: np.dtype[Any], *arguments: Array, **options: Any) -> dict[str, Array]:
    """The results of a definition on arrays of balls, by name."""
    axis, given = options.get(AXIS, -1), []
    batch: tuple[int, ...] = ()
    lengths: dict[str, int] = {}
    for _, axes, value in parts(formula, arguments):
        array = np.asarray(value, object)
        names, wanted = axis_names(axes, array.ndim, axis), axis_names(axes, array.ndim)
        array = array.transpose([names.index(name) for name in wanted])
        core = [name for name in wanted if letter_of(name) != BATCH]
        first, missing = array.shape[: array.ndim - len(core)], len({*axes} - {BATCH, *core})
        batch, rest = longest(batch, first), array.shape[len(first) :]
        lengths |= lengths_by_letter(core, rest)
        given.append((axes, array.reshape((*first, *[1] * missing, *rest)), len(first)))

    def rows(array: Array, first: int) -> list[Any]:
        """A row, as nested lists, for each index of the batch."""
        shape = array.shape[first:]
        array = array.reshape((*[1] * (len(batch) - first), *array.shape))
        for place, length in enumerate(batch):  # heads that are shared, and what has no batch
            array = np.repeat(array, length // max(array.shape[place], 1), axis=place)
        return array.reshape((math.prod(batch), *shape)).tolist()  # type: ignore[no-any-return]

    left_out = [None] * (len(formula.arguments) - len(arguments))
    more = [*left_out, *hyper_parameters(formula, dtype, options)]
    axes_of = {name: axes for name, axes in result_axes(formula).items() if name not in formula.counts}
    several = len(axes_of) > 1
    summed = any(BATCH in axes for axes, *_ in given) and not all(BATCH in axes for axes in axes_of.values())
    if summed or formula.rows_together:
        values = [rows(array, first) if BATCH in axes else array.tolist() for axes, array, first in given]
        found = called(formula, *values, *more)
        found = found if several else (found,)
    else:
        each = [
            called(formula, *row, *more) for row in zip(*(rows(array, first) for _, array, first in given), strict=True)
        ]
        found = [[one[number] if several else one for one in each] for number in range(len(axes_of))]

    def shaped(axes: tuple[str, ...], values: Any) -> Array:
        """A result as an array, its axes in their order."""
        core = shape_of([axis for axis in axes if is_fixed(axis) or letter_of(axis) in lengths], lengths)
        array = np.array(values, object).reshape((*(batch if BATCH in axes else ()), *core))
        names = axis_names(axes, array.ndim)
        return array.transpose([names.index(name) for name in axis_names(axes, array.ndim, axis)])

    state = dict(zip(formula.parameters, arguments, strict=False)).get(formula.state)
    counts = {name: getattr(state, name) + 1 for name in formula.counts}
    return counts | {name: shaped(axes, values) for (name, axes), values in zip(axes_of.items(), found, strict=True)}


def over_shared(wanted: Array, shape: tuple[int, ...]) -> Array:
    """A gradient of what several rows share, such as a head of keys: the sum of what the definition gives for each."""
    if wanted.ndim != len(shape) or not wanted.size or not math.prod(shape):
        return wanted
    for axis, (length, own) in enumerate(zip(wanted.shape, shape, strict=True)):
        if length > own and length % own == 0:
            split = (*wanted.shape[:axis], own, length // own, *wanted.shape[axis + 1 :])
            wanted = np.sum(wanted.reshape(split), axis=axis + 1)
    return wanted


def longest(batch: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """The longer one of each axis of two batches, where each is a multiple of the other one; 0 is of none."""
    count = max(len(batch), len(other))
    both = ((*[1] * (count - len(each)), *each) for each in (batch, other))
    return tuple(0 if 0 in pair else max(pair) for pair in zip(*both, strict=True))


def hyper_parameters(formula: Formula, dtype: np.dtype[Any], options: dict[str, Any]) -> Iterator[Any]:
    """Yield what follows the arrays: a number as a ball, each of a pair, and all else as it is."""
    defaults = {**formula.parameters, **formula.defaults(dtype)}
    for name in list(formula.parameters)[len(formula.arguments) :]:
        if name not in (AXIS, formula.donation):
            value = options[name] if options.get(name) is not None else defaults[name]
            for each in value if isinstance(value, tuple) else (value,):
                yield arb(each) if isinstance(each, float) else each


def called(formula: Formula, *arguments: Any) -> Any:
    """What the definition returns; ValueError, in a line, if it fails."""
    assert formula.definition is not None
    try:
        return formula.definition(*arguments)
    except (Exception, SystemExit) as error:
        raise ValueError(f"{formula.name}: its definition raised {one_line(error)}") from error
