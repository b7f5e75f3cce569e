"""The derived tolerance by itself, for anybody's own tests."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...worker.calls import BrokenResultError, as_count
from ..arithmetic.device_arrays import to_numpy
from ..arithmetic.running import Expected
from ..formulas import Case
from . import oracle
from .blocks import Block
from .expectations import expectations
from .judge import count_after
from .resolution import in_words, resolved_bits, width_in_words
from .trees import parted
from .user_call import call_of, converter, with_accuracy

ALMOST = 4  # times its bound: an error that is no larger may be that of right code in another order
OTHER_ORDER = (
    "the errors are small beside the bounds: if your code adds or multiplies in another order that is right too, "
    "declare it in `forms` of @formula"
)


def expected(
    formula: str | Callable[..., Any], *arguments: Any, accuracy: Mapping[str, float] | None = None, **options: Any
) -> tuple[Any, Any]:
    """Return the real value of a formula on these inputs, and the largest error that each element may have.

    Parameters
    ----------
    formula : str or callable
        The name of a function of ``gaugeblock.reference``, such as 'softmax'; or a function of your own, with NumPy's
        functions or those of the Array API standard; or a module of PyTorch, or a function of JAX.
    *arguments, **options
        The arguments of the formula, with arrays of any library; trees of them, where it takes trees.
    accuracy : mapping of str to float, optional
        The largest errors of elementary functions, in ulp, where yours are less accurate than the specification
        assumes: ``{"exp": 10}``. An operation of PyTorch or JAX that gaugeblock does not know can be named too:
        ``{"lgamma": 4}``. Its value and slope are then the library's own in float64; the slope is taken at the value
        and at both ends of its error.

    Returns
    -------
    value, bound : NumPy arrays in float64; tuples where there are several results, such as (theta, m, v) of 'adam_step'
        Of trees of arrays they are trees too: the same nesting of dicts, lists and tuples.
        `value` is the real value rounded to float64; of float64 results that rounding is part of the error. The bound
        is infinite for an element that the formula leaves open; its value is that in float64, or 0 if there is none.

    Raises
    ------
    TypeError, ValueError
        The errors of the formula itself; and ValueError for an unknown formula, for an accuracy of an unknown function,
        or where the tolerance is so wide that it would accept anything.

    Examples
    --------
    >>> import numpy as np
    >>> value, bound = expected("relu", np.asarray([-1.0, 2.0]))
    >>> value.tolist(), bound.tolist()
    ([0.0, 2.0], [0.0, 0.0])
    """
    asked = with_accuracy(call_of(formula, arguments, options), accuracy)
    parts = parted(asked, converter(asked))
    found = parts.join([assembled(each, lambda e: (to_numpy(e.value), to_numpy(e.bound))) for each in parts.calls])
    in_order = [found[name] for name in asked.formula.names if name in found] or list(found.values())
    values, bounds = ([pair[i] for pair in in_order] for i in (0, 1))
    return (values[0], bounds[0]) if len(in_order) == 1 else (tuple(values), tuple(bounds))


def assembled(
    asked: Case, arrays_of: Callable[[Expected], tuple[np.ndarray, ...]]
) -> dict[str, tuple[np.ndarray, ...]]:
    """By result, the arrays that are made of what is expected, put together from all blocks."""
    found: dict[str, tuple[np.ndarray, ...]] = {}
    for block, part in expectations(asked):
        for name, each in part.items():
            arrays = arrays_of(each)
            if not block.places:
                found[name] = arrays
                continue
            whole = found.setdefault(name, tuple(np.empty(block.shapes[name]) for _ in arrays))
            for target, source in zip(whole, arrays, strict=True):
                target[block.places[name]] = source
    return found


def assert_conforms(
    output: Any,
    formula: str | Callable[..., Any],
    *arguments: Any,
    accuracy: Mapping[str, float] | None = None,
    **options: Any,
) -> str:
    """Raise AssertionError unless `output` is the result of a formula on these inputs, within the derived tolerance.

    Parameters
    ----------
    output : array or tuple
        What your implementation returned, in the form of the formula: (theta, state) for 'adam_step', and a tree where
        the arguments are trees.
    formula, *arguments, accuracy, **options
        As in `expected`.

    Returns
    -------
    str
        A sentence on what this input cannot detect, where the results are sums of products: 'resolution 10.8 bits: this
        input would probably let tf32 and float16 factors pass; assert_gauged tells'. Of a function of your own, how
        large an error its bounds admit, where coarser formats have such errors. Otherwise an empty string.

    Raises
    ------
    AssertionError
        An element is outside its bound, or a dtype, a shape or a count of steps is wrong. The message has the worst
        element: its index, value, expected value, and error as a multiple of the bound.
    TypeError, ValueError
        As in `expected`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.asarray([-1.0, 2.0])
    >>> assert_conforms(np.maximum(x, 0), "relu", x)
    ''
    >>> assert_conforms(x, "relu", x)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: relu: y[0] is -1.0; expected 0.0 within 0; ... 1 of 2 elements are outside
    """
    __tracebackhide__ = True
    if isinstance(output, str) or (callable(output) and not hasattr(output, "shape")):
        got = repr(output) if isinstance(output, str) else type(output).__name__
        raise TypeError(f"output: got {got}; wanted an array: the output comes first, and then the formula")
    asked = with_accuracy(call_of(formula, arguments, options), accuracy)
    results, parts = results_of(asked, output), parted(asked, converter(asked))
    try:
        rows = parts.split(results)
    except TypeError as error:  # another structure
        raise AssertionError(f"{asked.function}: {error}") from None
    told = ""
    for each, row, place in zip(parts.calls, rows, parts.places, strict=True):
        try:
            told = conforming(each, row) or told
        except AssertionError as error:
            raise AssertionError(f"{error}; in the leaf {place}" if place else str(error)) from None
    return told


def conforming(asked: Case, results: dict[str, Any]) -> str:
    """The same for a call of arrays alone, with its results by name."""
    __tracebackhide__ = True
    convert = converter(asked)
    arrays = {name: convert(value) for name, value in results.items() if name not in asked.formula.counts}
    worst: dict[str, Worst] = {}
    known: dict[str, Any] = {}
    bits, share = -math.inf, 0.0
    for block, part in expectations(asked):
        known.update(part)
        bits = max(bits, resolved_bits(block.call, {name: each.bound for name, each in part.items()}))
        share = share if asked.formula.is_own else max(share, *map(share_of, part.values()))
        for name in (name for name in arrays if name in part):
            check_array(asked, name, arrays[name], part[name], block.shapes.get(name, part[name].value.shape))
            here = worst_of(block, name, arrays[name], part[name])
            worst[name] = here if name not in worst else worst[name].joined(here)
    if known.keys() != arrays.keys():
        raise AssertionError(f"{asked.function}: got {several(results)}; expected {several(known)}")
    told = in_words(asked, bits) or width_in_words(asked, share)
    for name, result in results.items():
        if name in asked.formula.counts:
            check_count(asked, name, result)
        elif worst[name].outside:
            has_forms = asked.formula.is_own or asked.formula.forms
            hint = OTHER_ORDER if worst[name].is_small and not has_forms else told
            raise AssertionError(f"{asked.function}: {worst[name]}{'; ' if hint else ''}{hint}")
    return told


def share_of(expected: Expected) -> float:
    """The largest bound of a result beside its largest number."""
    size, judged = np.abs(expected.value), np.isfinite(expected.bound)
    largest = float(np.max(size, initial=0.0, where=judged & np.isfinite(size)))
    return float(np.max(expected.bound, initial=0.0, where=judged)) / largest if largest else 0.0


def several(names: Collection[str]) -> str:
    """How many results there are, and whether one of them is in a tuple."""
    if not names:
        return "no array"
    is_numbered = next(iter(names))[-1].isdigit()
    return f"a tuple or list of {len(names)}" if len(names) > 1 or is_numbered else "an array"


def results_of(asked: Case, output: Any) -> dict[str, Any]:
    """The results by name; AssertionError if they are none."""
    __tracebackhide__ = True
    try:
        return asked.formula.named(output)
    except (AttributeError, IndexError, TypeError, ValueError):
        got, wanted = type(output).__name__, asked.formula.wanted
        raise AssertionError(f"{asked.function}: got {got}; expected {wanted}") from None


def check_count(asked: Case, name: str, result: Any) -> None:
    """Raise AssertionError for a count, such as the number of steps, that is not one more."""
    __tracebackhide__ = True
    try:
        got, wanted = as_count(name, result), count_after(asked, name)
    except BrokenResultError as error:
        raise AssertionError(f"{asked.function}: {error}") from None
    if got != wanted:
        raise AssertionError(f"{asked.function}: {name} is {got}, not {wanted}")


def check_array(asked: Case, name: str, values: np.ndarray, wanted: Expected, shape: tuple[int, ...]) -> None:
    """Raise AssertionError for a result of another dtype or shape."""
    __tracebackhide__ = True
    if values.dtype != wanted.dtype or values.shape != shape:
        is_other = values.dtype.kind == "O" and not values.shape
        what = f"{name}: got {type(values[()]).__name__ if is_other else f'{values.dtype} of shape {values.shape}'}"
        raise AssertionError(f"{asked.function}: {what}; expected {wanted.dtype} of shape {shape}")


class Worst(NamedTuple):
    """The worst element of a result, of those that were judged so far."""

    output: str
    ratio: float
    outside: int
    size: int
    place: tuple[int, ...] = ()
    got: float = 0.0
    value: float = 0.0
    bound: float = 0.0
    error: float = 0.0
    largest_bound: float = 0.0
    largest_error: float = 0.0

    def joined(self, other: "Worst") -> "Worst":
        """That of two blocks together; of equal ones the first."""
        worse = other if other.ratio > self.ratio else self
        return worse._replace(
            outside=self.outside + other.outside,
            size=self.size + other.size,
            largest_bound=max(self.largest_bound, other.largest_bound),
            largest_error=max(self.largest_error, other.largest_error),
        )

    @property
    def is_small(self) -> bool:
        """Whether no error is larger than few bounds, or than that of another element, as where terms cancel."""
        return self.ratio <= ALMOST or self.largest_error <= self.largest_bound

    def __str__(self) -> str:
        return (
            f"{self.output}{[*self.place] or ''} is {self.got!r}; expected {self.value!r} within {self.bound:.3g}; "
            f"the error {self.error:.3g} is {times(self.ratio)} times the bound; "
            f"{self.outside} of {self.size} elements are outside"
        )


def worst_of(block: Block, name: str, values: np.ndarray, wanted: Expected) -> Worst:
    """The worst element of a block."""
    chosen = block.places.get(name, ())
    ratio, error = oracle.settled(values[chosen], wanted, block.call, name, oracle.may_be_nan(block.call, name))
    if not ratio.size:
        return Worst(name, 0.0, 0, 0)
    index = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    starts = [each.start or 0 for each in chosen] or [0] * len(index)
    place = tuple(int(i) + start for i, start in zip(index, starts, strict=True))
    got, value, bound, off = (float(each[index]) for each in (values[chosen], wanted.value, wanted.bound, error))
    bounds = np.where(np.isfinite(wanted.bound), wanted.bound, 0.0)
    largest = float(np.max(bounds)), float(np.max(error))
    outside = int(np.sum(~(ratio <= 1)))
    return Worst(name, float(ratio[index]), outside, ratio.size, place, got, value, bound, off, *largest)


def times(ratio: float) -> str:
    """A ratio with three digits, or as many as show that it is more than 1."""
    return f"{ratio:.3g}" if not 1 < ratio < 1.005 else f"{ratio:.9g}"
