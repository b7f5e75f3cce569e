"""Mistakes that any formula may have, each written once for all: format, memory, special values, precision.

Each takes the right function first, then its arguments. `mutants_of` of `gradients` ties them to a formula.
"""

import numpy as np

from .gradients import mistake
from .memory import buffer, memory
from .rounding import flush, to_bfloat16, to_float32, to_tf32

OF_ALL, OF_INFINITE, OF_SUBNORMAL, OF_PRODUCTS, OF_EPSILON = [], [], [], [], []


def of_all(requirement, words, of=OF_ALL):
    """Mark a function of the right result as a mistake in each of its arrays."""

    def mark(change):
        def wrong(right, *arguments, **options):
            return each(change, right(*arguments, **options))

        wrong.__name__ = change.__name__
        return mistake(requirement, words, of)(wrong)

    return mark


def each(function, result):
    """A function of each array of a result."""
    return tuple(map(function, result)) if isinstance(result, tuple) else function(result)


def floats(function, arguments):
    """The arguments with a function of each array of floating-point numbers among them."""
    return [function(array) if array.dtype.kind == "f" else array for array in arguments]


def as_it_lies(array):
    """An array's elements as they lie in memory, unless that is memory of bytes."""
    found = memory(array)
    return found if found.dtype == array.dtype else array


@of_all("shape", "the result has an axis of length 1 more")
def axis_more(y):
    return y[None]


@of_all("dtype", "the result is always float64")
def always_float64(y):
    return y.astype(np.float64)


@of_all("dtype", "the result is always float32")
def always_float32(y):
    return y.astype(np.float32)


@of_all("value", "the result is halved")
def halved(y):
    return y / y.dtype.type(2)


@of_all("value", "arguments or results are rounded to bfloat16")
def bfloat16_output(y):
    return to_bfloat16(y)


@mistake("value", "arguments or results are rounded to bfloat16", OF_ALL)
def bfloat16_arguments(right, *arguments, **options):
    return right(*floats(to_bfloat16, arguments), **options)


@mistake("value", "float32 inside", OF_ALL)
def float32_inside(right, *arguments, **options):
    return right(*floats(to_float32, arguments), **options)


@of_all("nan", "NaN becomes 0")
def nan_as_zero(y):
    return np.where(np.isnan(y), y.dtype.type(0), y)


@of_all("infinity", "infinities become the largest number", OF_INFINITE)
def saturates(y):
    largest = np.finfo(y.dtype).max
    return np.clip(y, -largest, largest)


@mistake("infinity", "infinities become the largest number", OF_INFINITE)
def infinite_arguments_clipped(right, *arguments, **options):
    return right(*floats(lambda a: np.clip(a, -np.finfo(a.dtype).max, np.finfo(a.dtype).max), arguments), **options)


@of_all("subnormal", "subnormal numbers count as 0, undeclared", OF_SUBNORMAL)
def results_flushed(y):
    return flush(y)


@mistake("subnormal", "subnormal numbers count as 0, undeclared", OF_SUBNORMAL)
def arguments_flushed(right, *arguments, **options):
    return right(*floats(flush, arguments), **options)


@mistake("epsilon", "epsilon = 0 is taken for 'not given'", OF_EPSILON)
def epsilon_zero_is_default(right, *arguments, **options):
    return right(*arguments, **{name: value for name, value in options.items() if value})


@mistake("empty", "a batch of nothing fails", OF_ALL)
def fails_when_empty(right, *arguments, **options):
    if any(array.size == 0 for array in arguments):
        raise ValueError("zero-size array")
    return right(*arguments, **options)


@mistake("layout", "an argument is read as it lies in memory", OF_ALL)
def strides_ignored(right, first, *others, **options):
    return right(as_it_lies(first), *others, **options)


@mistake("layout", "an argument is read as it lies in memory", OF_ALL)
def strides_of_the_last_ignored(right, *arguments, **options):
    *others, last = arguments
    return right(*others, as_it_lies(last), **options)


@mistake("pure", "the first argument is written over", OF_ALL)
def in_place(right, first, *others, **options):
    found = right(first, *others, **options)
    if first.flags.writeable:
        first[...] = np.nan_to_num(first) + first.dtype.type(1)
    return found


@mistake("pure", "every call returns the same memory", OF_ALL)
def buffer_reused(right, *arguments, **options):
    found = right(*arguments, **options)
    results = found if isinstance(found, tuple) else (found,)
    kept = [buffer(y.shape, y.dtype, number) for number, y in enumerate(results)]
    for own, y in zip(kept, results, strict=True):
        own[...] = y
    return tuple(kept) if isinstance(found, tuple) else kept[0]


@mistake("value", "factors are rounded to TF32", OF_PRODUCTS)
def tf32(right, *arguments, **options):
    return right(*floats(to_tf32, arguments), **options)
