"""The expected value and the largest admissible error of each element, from the reference itself."""

import inspect
import math
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from ... import reference
from ...reference import AdamState
from ..arithmetic import bounded, exact
from ..arithmetic.rounding import HOST, MODELS, PRECISIONS, Model, at_least_float32
from ..formulas.forms import ADAM_STEPS, admitted
from .trajectory import after, trajectory

# Hyper-parameters are the reals that their binary64 arguments denote; these keep their Python values.
HYPER_PARAMETERS = {"learning_rate", "beta1", "beta2", "beta", "epsilon"}
# The logarithms of probabilities: near 0, an error of 0.1 in one is 10 % of the probability.
LOGARITHMS = {"log_softmax", "categorical_cross_entropy_from_logits", "sparse_categorical_cross_entropy_from_logits"}
OPTIONS = {"labels", "axis", "clip", "donate", "xp"}
# What a function returns, where that is not one array.
GRADIENTS = ("neuron_vjp", "dense_vjp")
RESULTS = {"adam_step": ("theta", "m", "v", "step"), **dict.fromkeys(GRADIENTS, ("gx", "gw", "gb"))}
WANTED = {"adam_step": "(theta, state), the state with step, m, v", **dict.fromkeys(GRADIENTS, "(gx, gw, gb)")}
# What a step adds is bounded at the exact state; v is off by less than this, relatively, by 1000 steps of 4 u.
SECOND_ORDER = 2.0**-9


class Expected(NamedTuple):
    """What one result of a formula should be: ``value + remainder``, off by at most `bound`."""

    value: np.ndarray
    remainder: np.ndarray
    bound: np.ndarray
    dtype: np.dtype[Any]
    certain: bool = False  # whether the value is that of the exact arrays, not only of a run in float64


class EmptyToleranceError(ValueError):
    """A tolerance that would let everything pass."""


@lru_cache
def parameters(function: str) -> dict[str, Any]:
    """The names of a formula's arguments, with their defaults."""
    return {name: p.default for name, p in inspect.signature(getattr(reference, function)).parameters.items()}


def outputs(function: str, result: Any) -> dict[str, Any]:
    """The arrays of a result by name: 'y', or 'theta', 'm' and 'v' of Adam's step, or 'gx', 'gw' and 'gb'.

    Raises
    ------
    TypeError, ValueError
        A result that is not made of these.
    """
    if function in GRADIENTS:
        return dict(zip(RESULTS[function], result, strict=True))
    if function != "adam_step":
        return {"y": result}
    try:
        theta, state = result
        step, m, v = (state.step, state.m, state.v) if hasattr(state, "m") else state
    except (AttributeError, IndexError) as error:
        raise TypeError(str(error)) from None
    return {"theta": theta, "m": m, "v": v, "step": step}


def evaluate(
    form: Callable[..., Any], function: str, arguments: tuple[Any, ...], options: dict[str, Any], lift: Any
) -> dict[str, Any]:
    """Run `form` on lifted arguments: `lift(value, is_hyper_parameter)`."""
    named = {**dict(zip(parameters(function), arguments, strict=False)), **options}
    named.pop("donate", None)  # which is about memory
    for name, default in parameters(function).items():
        if name in HYPER_PARAMETERS:
            named[name] = lift(named.get(name, default), True)
        elif isinstance(named.get(name), AdamState):
            named[name] = AdamState(*(lift(value, False) for value in named[name]))
        elif name not in OPTIONS:
            named[name] = lift(named[name], False)
    positional = [named.pop(name) for name in list(parameters(function))[: len(arguments)]]
    name_outputs = partial(outputs, function)
    if "checkpoints" in named:
        results = after(named["checkpoints"], trajectory(form, name_outputs, *positional, **named))
    else:
        results = name_outputs(form(*positional, **named))
    results.pop("step", None)
    return results


def lift_bounded(model: Model, dtype: np.dtype[Any], value: Any, hyper_parameter: bool) -> bounded.Bounded:
    """An argument as a bounded array, unless it is one."""
    if isinstance(value, bounded.Bounded):
        return value
    if hyper_parameter:
        return bounded.Bounded(value, 0, HOST, at_least_float32(dtype))
    own = dtype_of(value, dtype)
    return bounded.lift(value, bounded.model_of(own, model) if own.name in MODELS else model, own)


def dtype_of(value: Any, default: np.dtype[Any]) -> np.dtype[Any]:
    """An array's own dtype; a number goes along with the others, and that of a step with the arithmetic."""
    return at_least_float32(default) if isinstance(value, int) else getattr(value, "dtype", default)


def running(
    function: str,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    dtype: np.dtype[Any],
    model: Model,
    forms: Iterable[Callable[..., Any]] = (),
) -> dict[str, Expected]:
    """The values in float64, and the largest of the running bounds of the reference and its admitted forms."""
    if "checkpoints" in options:
        return carried(arguments, options, dtype, model)
    lift = partial(lift_bounded, model, dtype)
    chosen = [*forms] or [getattr(reference, function), *admitted(function, dtype).values()]
    with np.errstate(all="ignore"):
        results = [evaluate(form, function, arguments, options, lift) for form in chosen]
    return {
        name: Expected(
            first.value, np.zeros(first.shape), np.maximum.reduce([r[name].error for r in results]), first.dtype
        )
        for name, first in results[0].items()
    }


def carried(
    arguments: tuple[Any, ...], options: dict[str, Any], dtype: np.dtype[Any], model: Model
) -> dict[str, Expected]:
    """Adam's recursion in float64, and its errors: what each step adds, and what it makes of those before it.

    What a step adds is its running bound from the exact state, all steps at once. An error in m or v is multiplied by
    its beta; bounded arrays would not see that in `lerp`, which has m twice. One in theta stays, and those in m and v
    come to it by the update, without rounding.
    """
    start, grads, (step, *moments) = arguments
    checkpoints = options["checkpoints"]
    named = {name: options.get(name, parameters("adam_step")[name]) for name in sorted(HYPER_PARAMETERS - {"beta"})}
    states = [[np.asarray(a, np.float64) for a in (start, *moments)]]
    name_outputs = partial(outputs, "adam_step")
    first = states[0][0], np.asarray(grads, np.float64), AdamState(step, *states[0][1:])
    every = trajectory(reference.adam_step, name_outputs, *first, checkpoints=range(1, len(grads) + 1), **named)
    states += [[each[name] for name in ("theta", "m", "v")] for each in every]
    values = [np.stack(each) for each in zip(*states, strict=True)]

    theta, m, v = (value[:-1] for value in values)
    steps = step + np.arange(len(grads)).reshape(-1, *[1] * (theta.ndim - 1))
    arithmetic = at_least_float32(dtype)

    def lifted(value: np.ndarray, dtype: np.dtype[Any]) -> bounded.Bounded:
        return bounded.lift(value, bounded.model_of(dtype, model), dtype)

    state = AdamState(steps, lifted(m, arithmetic), lifted(v, arithmetic))
    arrays = lifted(theta, dtype), lifted(grads, dtype), state
    own = running("adam_step", arrays, named, dtype, model, ADAM_STEPS)
    m_error, v_error = decayed(named["beta1"], own["m"].bound), decayed(named["beta2"], own["v"].bound)
    exactly = model._replace(precision=1000, division=1, flush=False)
    pairs: Any = (theta, 0.0), (grads, 0.0), (steps, 0.0), (m, m_error[:-1]), (v, v_error[:-1])
    theta_off, grads_off, *state_off = (bounded.Bounded(a, e, exactly, arithmetic) for a, e in pairs)
    state_off[-1].nonnegative = True  # v is a sum of squares
    scalars = {name: bounded.Bounded(value, 0, exactly, arithmetic) for name, value in named.items()}
    lift = partial(lift_bounded, exactly, arithmetic)
    moved = evaluate(ADAM_STEPS[0], "adam_step", (theta_off, grads_off, AdamState(*state_off)), scalars, lift)
    errors = decayed(1, own["theta"].bound + moved["theta"].error), m_error, v_error

    def at(done: int) -> dict[str, Expected]:
        pairs = zip(("theta", "m", "v"), values, errors, strict=True)
        return {
            name: Expected(a[done], np.zeros(a[done].shape), e[done] * (1 + SECOND_ORDER), own[name].dtype)
            for name, a, e in pairs
        }

    return after(checkpoints, map(at, checkpoints))


def decayed(beta: float, added: np.ndarray) -> np.ndarray:
    """The errors before the first step, which has none, and after each: beta times the one before, and what it adds."""
    errors = np.zeros((len(added) + 1, *added.shape[1:]))
    for done, own in enumerate(added):
        errors[done + 1] = beta * errors[done] + own
    return errors


def enclosed(
    function: str,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    dtype: np.dtype[Any],
    bits: int = exact.PRECISION,
) -> dict[str, np.ndarray]:
    """The balls that enclose the exact results."""
    with exact.working_precision(bits):
        lifted = evaluate(getattr(reference, function), function, arguments, options, lift_exactly(dtype))
    return {name: result.balls for name, result in lifted.items()}


def lift_exactly(dtype: np.dtype[Any]) -> Any:
    """A `lift` for `evaluate`, to exact arrays."""

    def lift(value: Any, hyper_parameter: bool) -> exact.Exact:
        return exact.lift(value, at_least_float32(dtype) if hyper_parameter else dtype_of(value, dtype))

    return lift


def exactly(
    expected: dict[str, Expected],
    function: str,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    dtype: np.dtype[Any],
) -> dict[str, Expected]:
    """`expected` with its finite values replaced by the centres of the exact balls, each split into two floats."""
    balls = enclosed(function, arguments, options, dtype)
    return {name: centred(each, balls[name]) for name, each in expected.items()}


def centred(expected: Expected, balls: np.ndarray) -> Expected:
    """A ball's centre as ``value + remainder``; its radius is far below the bound and is left out."""
    finite = np.isfinite(expected.value)
    value, remainder = expected.value.copy(), expected.remainder.copy()
    chosen = balls[finite]
    with exact.working_precision():
        value[finite] = near = np.array(list(map(float, chosen)), np.float64)
        remainder[finite] = np.array(list(map(float, chosen - near.astype(object))), np.float64)
    return expected._replace(value=value, remainder=remainder, certain=True)


def expect(
    function: str,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    dtype: np.dtype[Any],
    subnormals: str = "gradual",
    precision: str = "full",
) -> dict[str, Expected]:
    """What each result should be: below float64 from the float64 run, in float64 from the exact one."""
    factor = PRECISIONS[precision] if has_classes(function, dtype) else 0.0
    model = MODELS[dtype.name]._replace(flush=subnormals == "flush", factor=factor)
    expected = running(function, arguments, options, dtype, model)
    return expected if dtype.itemsize < 8 else exactly(expected, function, arguments, options, dtype)


def has_classes(function: str, dtype: np.dtype[Any]) -> bool:
    """Whether the products of a formula may be declared to be of a coarser numerics class."""
    return function in ("neuron", "dense", *GRADIENTS) and dtype == np.float32


def refuse_empty(
    function: str, arguments: tuple[Any, ...], options: dict[str, Any], expected: dict[str, Expected]
) -> None:
    """Raise EmptyToleranceError for a bound that is infinite, or so wide that it judges nothing."""
    for name, each in expected.items():
        worst = float(np.max(each.bound, initial=0.0))
        if worst == 0:
            continue
        limit = 1.0 if function == "softmax" else 0.1 * largest_term(function, arguments, options, name, each)
        if not worst < limit:
            raise EmptyToleranceError(
                f"{function}: the tolerance is {worst:.3g} where {limit:.3g} would already let anything pass; "
                "the result may overflow, or cancels beyond what the arithmetic resolves"
            )


def largest_term(
    function: str, arguments: tuple[Any, ...], options: dict[str, Any], name: str, expected: Expected
) -> float:
    """The scale of a result: the formula's value on the absolute values of its arrays, or 1 for logarithms at least."""
    finite = np.abs(expected.value[np.isfinite(expected.value)])
    if function in LOGARITHMS:
        return float(np.max(finite, initial=1.0))
    if function in ("softmax_vjp", "log_softmax_vjp"):  # g is a term of both
        g = np.abs(arguments[1])
        return float(max(np.max(finite, initial=0.0), np.max(g[np.isfinite(g)], initial=0.0)))
    absolute = [
        np.abs(a.astype(np.float64)) if getattr(a, "dtype", np.dtype(int)).name in MODELS else a for a in arguments
    ]
    with np.errstate(all="ignore"):
        if function == "adam_step":
            terms = absolute[0]
        else:
            terms = np.asarray(outputs(function, getattr(reference, function)(*absolute, **options))[name])
    terms = terms[np.isfinite(terms)]
    return float(max(np.max(finite, initial=0.0), np.max(terms, initial=0.0)))


def may_be_nan(function: str, arguments: tuple[Any, ...], name: str, precision: str = "full") -> bool:
    """Whether infinity may come out as NaN in the result `name`, since it is subtracted from itself.

    A compensated sum (Kahan's) of several terms does that, and so does splitting a factor into parts.
    """
    if function not in ("neuron", "dense", *GRADIENTS):
        return False
    *batch, terms = np.shape(arguments[0]) or (1,)
    if name in ("gw", "gb"):
        terms = math.prod(batch)
    elif name == "gx":
        terms = np.shape(arguments[1])[-1] if function == "dense_vjp" else 1
    return terms > 1 or precision != "full"


def ratios(output: np.ndarray, expected: Expected, nan_for_infinity: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Error / bound, and the error, for each element; special values are compared exactly (infinite or 0)."""
    with np.errstate(all="ignore"):
        got = output.astype(np.float64)
        error = np.abs((got - expected.value) - expected.remainder)
        ratio = np.where(error == 0, 0.0, error / expected.bound)
        special = ~np.isfinite(expected.value) | ~np.isfinite(got)
        admits_nan = ~np.isfinite(expected.value) if nan_for_infinity else np.isnan(expected.value)
        same = (got == expected.value) | (np.isnan(got) & admits_nan)
        error = np.where(special, np.where(same, 0.0, np.inf), error)
        return np.where(special, error, ratio), error
