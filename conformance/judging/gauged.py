"""A kernel judged on its user's own arrays, by many calls: sharply, however long its sums are."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...reference.declaration import axes_in, declaration_of, is_fixed
from ..cases.behaviour import letters_of
from ..cases.sums import results, summed_results, without
from ..formulas import Formula, declared
from ..tracing.axes import with_axes
from .gauge import Gauge
from .gauge_checks import added, along, blunt
from .user_call import in_order


class Ratios(dict[str, float]):
    """For each way of judging the largest error as a multiple of what is admitted."""

    notes: tuple[str, ...] = ()  # what was not judged, or not sharply

    def __repr__(self) -> str:
        return "\n".join([super().__repr__(), *self.notes])


def assert_gauged(
    kernel: Callable[..., Any],
    formula: str | Callable[..., Any],
    *arrays: Any,
    seed: int = 0,
    calls: int = 16,
    **options: Any,
) -> Ratios:
    """Raise AssertionError unless a kernel computes a formula in full precision on these arrays, however long its sums.

    Parameters
    ----------
    kernel : callable
        What is judged: called with arrays as these are, of the same library, shapes and dtypes.
    formula : str or callable
        A function of ``gaugeblock.reference``, such as 'dense', or any declared function that sums along an axis. Or a
        function or module of PyTorch or JAX, whose axes are found by moving them; axes along which the order matters
        are not judged, such as the places of a convolution. What a module has of its own stays as it is, since the
        kernel is not given it: then no order and no sign of the terms is tried, unless it is the same for all terms.
    *arrays : arrays
        As the formula takes them, of any library.
    seed : int
        Of the orders, the signs and the places.
    calls : int
        In how many orders. More of them make a sharper bound.
    **options
        Of the formula, such as ``epsilon`` or ``axis``: the kernel is called with them too.

    Returns
    -------
    Ratios : dict of str to float
        For each way of judging, the largest error as a multiple of what is admitted. What was not judged, or not
        sharply, is in its `notes`, a tuple of sentences.

        - ``order``: the summed axis in random orders. Of sums of products, the mean over the calls is judged by a bound
          that right code exceeds once in 10^9 runs; of other formulas, each call by the derived bound;
        - ``signs``: the same with random signs, and ``factors of 11 bits``: with signs that make the errors of
          factors of so many bits add up;
        - ``8 of 1024 terms``: the other terms are 0, so that the bound is that of so few. They stand at random places,
          at both ends, and where a factor is smallest; of a bias, 0 terms tell;
        - ``rounds to 0``, ``rounds down``: whether the errors of 512 rows of random signs point one way. It is left
          out where the arrays have so few rows that it would take more than 64 calls.

        The last four are about sums of products in float32 and float64, but for the few terms. Where a formula sums
        along several axes, ``along m`` follows.

    Raises
    ------
    AssertionError
        It names each that exceeds 1; or a result is not what the formula returns.
    TypeError, ValueError
        As `expected` raises; and ValueError for a formula without a summed axis, which `assert_conforms` judges.

    Examples
    --------
    >>> import numpy as np
    >>> from gaugeblock.conformance import assert_gauged
    >>> rng = np.random.default_rng(0)
    >>> x, w, b = (rng.normal(size=shape).astype(np.float32) for shape in ((64, 256), (256, 8), (8,)))
    >>> ratios = assert_gauged(lambda x, w, b: x @ w + b, "dense", x, w, b)
    >>> max(ratios.values()) <= 1
    True
    """
    __tracebackhide__ = True
    if not callable(kernel):
        raise TypeError(f"kernel: got {type(kernel).__name__}; wanted a function of arrays as these are")
    for name, number, least in (("calls", calls, 1), ("seed", seed, 0)):
        if not isinstance(number, int | np.integer) or number < least:
            raise ValueError(f"{name}: got {number!r}; wanted {least} or more, a whole number")
    traced = with_axes(formula, arrays) if callable(formula) and not declaration_of(formula) else None
    found = traced.formula if traced else declared(formula)
    free = traced.letters if traced else None
    summed_letters(found, free)
    if not traced:
        arrays, options = in_order(found, arrays, options)
    gauge = Gauge(kernel, found, arrays, options, traced.arrays[len(arrays) :] if traced else None)
    summed = [letter for letter in summed_letters(gauge.formula, free) if gauge.sizes.get(letter, 1) > 1]
    if not summed:
        raise ValueError(f"{found.name}: got arrays with no more than one term to sum; assert_conforms judges them")
    if all(nothing(gauge, letter) == summed_results(gauge.formula, letter) for letter in summed):
        raise ValueError(
            f"{found.name}: got arrays of which every term is 0, which tells nothing; wanted other numbers"
        )
    ratios = Ratios()
    for letter in summed:
        where = f" along {gauge.words.get(letter, letter)}" if len(summed) > 1 else ""
        rng = np.random.default_rng([seed, letters_of(gauge.formula).index(letter)])
        ratios |= {f"{name}{where}": ratio for name, ratio in along(gauge, letter, rng, calls)}
        gauge.notes += [f"{name}{where}: every term is 0, which tells nothing" for name in nothing(gauge, letter)]
        gauge.notes += blunt(gauge, letter, where)
    ratios.notes = tuple(gauge.notes)
    if not ratios:
        why = "what they give cancels beyond any bound"
        why += ", or it would take other orders of what the module has of its own" if gauge.fixed else ""
        raise ValueError(f"{found.name}: cannot judge it on these arrays; {why}")
    wrong = [f"{name} {ratio:.3g}" for name, ratio in ratios.items() if not ratio <= 1]
    if wrong:
        raise AssertionError(f"{found.name}: {', '.join(wrong)} times what is admitted (seed {seed})")
    return ratios


def summed_letters(formula: Formula, free: list[str] | None = None) -> list[str]:
    """The letters along which a formula sums, of those that are free; ValueError if there is none."""
    if formula.signature is None:
        wanted = "a function under @gaugeblock.formula(...), whose signature names the axes"
        raise ValueError(f"formula: got {formula.name}, which is not declared; wanted {wanted}")
    known = [letter for letter in letters_of(formula) if (free is None or letter in free) and not formula.state]
    summed, ordered = list[str](), None
    for letter in known:
        try:
            summed += [letter] if summed_results(formula, letter) else []
        except ValueError as error:  # as of a causal mask, whose other axes are judged
            ordered = error
    if ordered and not summed:
        raise ordered
    if not summed and free is not None and formula.multiplied:
        got = f"got {formula.name}, which sums nothing, or along axes whose order matters"
        raise ValueError(f"formula: {got}; wanted another sum; assert_conforms judges its results on these arrays")
    if not summed:
        has_numbers = any(map(is_fixed, axes_in(formula.signature.arguments)))
        got = "whose lengths are numbers in its signature" if has_numbers else "each element of which stands for itself"
        wanted = "one that sums along an axis of any length; assert_conforms judges its results on these arrays"
        raise ValueError(f"formula: got {formula.name}, {got}; wanted {wanted}")
    return summed


def nothing(gauge: Gauge, letter: str) -> tuple[str, ...]:
    """The results that are summed along a letter of which every term is 0."""
    pairs = zip(without(gauge.arrays, added(gauge, letter)), gauge.leaves, strict=True)
    found = results(gauge.formula, [np.abs(a).astype(np.float64) if leaf.is_floating else a for a, leaf in pairs])
    return tuple(name for name in summed_results(gauge.formula, letter) if not np.any(found[name]))
