"""A formula on bounded and on exact arrays: its arguments lifted, its results by name."""

from collections.abc import Callable, Iterable
from functools import partial, reduce
from inspect import Parameter
from traceback import walk_tb
from typing import Any, NamedTuple

import numpy as np

from ...reference.trajectory import after, trajectory
from ...worker.text import first_line
from . import bounded, exact, twofold, twofold_functions
from .discrete import Discrete, parts
from .first_order import followed
from .integers import Integers, as_integers
from .kinds import is_real
from .kinds import lifted as known
from .namespace import BOUNDED, EXACT
from .numpy_calls import ADVICE, NotOfTheStandardError
from .rounding import HOST, MODELS, Model, at_least_float32

# A call of a formula: it has a formula, arguments, options and steps, as a case has.
Call = Any
Lift = Callable[[Any, bool], Any]  # of a value, and whether it is a hyper-parameter


class Expected(NamedTuple):
    """What one result of a formula should be: ``value + remainder``, off by at most `bound`."""

    value: np.ndarray
    remainder: np.ndarray
    bound: np.ndarray
    dtype: np.dtype[Any]
    certain: bool = False  # whether the value is that of the exact arrays, not only of a run in float64


def evaluate(form: Callable[..., Any], call: Call, lift: Lift) -> dict[str, Any]:
    """Run a form of the called formula on lifted arguments; return its results by name, but for counts."""
    return run(form, call, *lifted_call(call, lift))


def lifted_call(call: Call, lift: Lift) -> tuple[list[Any], dict[str, Any]]:
    """The arguments and the options of a call as the bounded or exact run has them."""
    formula = call.formula
    names = names_of(formula, len(call.arguments))
    arguments = [lifted(formula, name, value, lift) for name, value in zip(names, call.arguments, strict=False)]
    defaults = {name: formula.parameters[name] for name in names[len(arguments) :] if name in formula.hyper_parameters}
    options = {
        name: lift(value, True) if name in defaults or isinstance(value, float) else value
        for name, value in {**defaults, **call.options}.items()
        if name != formula.donation  # which is about memory
    }
    return arguments, options


def run(form: Callable[..., Any], call: Call, arguments: list[Any], options: dict[str, Any]) -> dict[str, Any]:
    """The results of a form by name, but for counts."""
    formula = call.formula
    if call.steps:
        found = trajectory(form, formula, arguments, options, call.steps)
        results = after(call.steps, found, formula.counts)
    else:
        whole = form if formula.is_own else followed(form)
        results = formula.named(on_these(whole, formula.name, arguments, options))
    return {name: value for name, value in results.items() if name not in formula.counts}


def names_of(formula: Any, count: int) -> list[str]:
    """The parameters of so many arguments and of the options; of ``*layers`` the name stands for each of them."""
    names = list(formula.parameters)
    kinds = [each.kind for each in formula.python_signature.parameters.values() if each.name in names]
    if Parameter.VAR_POSITIONAL in kinds:
        place = kinds.index(Parameter.VAR_POSITIONAL)
        names[place : place + 1] = [names[place]] * max(count - place, 0)
    return names


def on_these(form: Callable[..., Any], name: str, arguments: list[Any], options: dict[str, Any]) -> Any:
    """Call a form; NotOfTheStandardError, with what to write, for one that calls what takes other arrays alone."""
    try:
        return form(*arguments, **options)
    except (AttributeError, TypeError, ValueError) as error:
        if raised_here(error) and not isinstance(error, NotOfTheStandardError):
            raise
        what = f"{name}: it does not run on arrays that carry an error bound: {first_line(error)}"
        raise NotOfTheStandardError(f"{what}; {ADVICE}") from error


def raised_here(error: BaseException) -> bool:
    """Whether an exception was raised by gaugeblock's own code, and not by what somebody's function called."""
    *_, (frame, _) = walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__")).partition(".")[0] == __name__.partition(".")[0]


def lifted(formula: Any, name: str, value: Any, lift: Lift) -> Any:
    """An argument as the bounded or exact run has it: a state part by part, integers and masks as they are."""
    if isinstance(value, tuple):
        return type(value)(*(lift(part, False) for part in value))
    is_number = isinstance(value, float) and not formula.domain  # nobody said what it is
    if name in formula.hyper_parameters or is_number:
        return lift(value, True)
    if not formula.is_index(name, value):
        return lift(value, False)
    is_of_others = isinstance(value, np.ndarray) and not formula.is_own
    return lift(as_integers(value), False) if is_of_others else value


def lift_bounded(model: Model, dtype: np.dtype[Any], value: Any, hyper_parameter: bool, is_own: bool = True) -> Any:
    """An argument as a bounded array, unless it is one; in anybody's formula a hyper-parameter may be cast first."""
    if isinstance(value, bounded.Bounded):
        return value
    if isinstance(value, Integers):
        return value.within(BOUNDED)
    if hyper_parameter:
        form = at_least_float32(dtype)
        cast = 0 if is_own else np.abs(np.asarray(value, form).astype(np.float64) - value)
        return bounded.Bounded(value, cast, HOST, form)
    own = dtype_of(value, dtype)
    return bounded.lift(value, bounded.model_of(own, model) if own.name in MODELS else model, own)


def lift_exactly(dtype: np.dtype[Any]) -> Lift:
    """A `lift` to exact arrays."""

    def lift(value: Any, hyper_parameter: bool) -> Any:
        if isinstance(value, Integers):
            return value.within(EXACT)
        return exact.lift(value, at_least_float32(dtype) if hyper_parameter else dtype_of(value, dtype))

    return lift


def lift_twofold(dtype: np.dtype[Any]) -> Lift:
    """A `lift` to twofold arrays."""

    def lift(value: Any, hyper_parameter: bool) -> Any:
        if isinstance(value, Integers):
            return value.within(twofold_functions)
        return twofold.lift(value, at_least_float32(dtype) if hyper_parameter else dtype_of(value, dtype))

    return lift


def dtype_of(value: Any, default: np.dtype[Any]) -> np.dtype[Any]:
    """An array's own dtype; a number goes along with the others, and that of a step with the arithmetic."""
    return at_least_float32(default) if isinstance(value, int) else getattr(value, "dtype", default)


def running(
    call: Call,
    dtype: np.dtype[Any],
    model: Model,
    forms: Iterable[Callable[..., Any]],
    opening: Iterable[Callable[..., Any]] = (),
) -> dict[str, Expected]:
    """The values in float64 of the first of some forms, and the largest of the running bounds of all.

    A bound is infinite where one of the `opening` forms may give anything, or another number than the others: so is a
    count of samples in float16 that overflows.
    """
    call = with_defaults(call, dtype)
    admitted = [*forms]
    with np.errstate(all="ignore"):
        given = lifted_call(call, partial(lift_bounded, model, dtype, is_own=call.formula.is_own))
        found_by = (run(form, call, *given) for form in (*admitted, *opening))
        runs = [{name: result_of(value) for name, value in results.items()} for results in found_by]
        found = {}
        for name, each in runs[0].items():
            bound = largest(each, [own[name] for own in runs[1:]])
            for own in runs[len(admitted) :]:
                bound = np.where(is_open(each, bound, own[name]), np.inf, bound)
            found[name] = Expected(each.value, np.zeros_like(each.value, np.float64), bound, each.dtype)
    return found


def is_open(first: Any, bound: np.ndarray, own: Any) -> Any:
    """Where a form's bound is infinite, or its value is not the number that is expected."""
    other = ~(np.abs(own.value - first.value) <= bound)
    return np.isinf(own.error) | (np.isfinite(first.value) & other)


def with_defaults(call: Call, dtype: np.dtype[Any]) -> Call:
    """The call with its defaults: a form that computes in float32 does not see those of half precision."""
    return call._replace(options={**call.formula.defaults(dtype), **call.options})


def largest(first: Any, others: Iterable[Any]) -> np.ndarray:
    """The largest bound of each element; a form that may overflow where the first does not is not admitted there."""
    errors = [np.where(np.isfinite(other.error), other.error, first.error) for other in others]
    return reduce(np.maximum, errors, first.error)


def result_of(value: Any) -> Any:
    """A result with its error: that of integers and booleans is 0, or infinite where they are undecided."""
    return known(value) if is_real(known(value)) else Discrete(*parts(value))


def enclosed(call: Call, dtype: np.dtype[Any], bits: int = exact.PRECISION) -> dict[str, np.ndarray]:
    """The balls that enclose the exact results, those of real numbers."""
    with exact.working_precision(bits):
        found = evaluate(call.formula.function, call, lift_exactly(dtype))
    return {name: result.balls for name, result in found.items() if isinstance(result, exact.Exact)}
