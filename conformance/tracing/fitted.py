"""A function of arrays of its own shapes alone, such as a layer norm over 64, as one of arrays of other lengths.

What is found out of a formula is found on small arrays. They are filled up to the lengths that the function wants, and
its results are cut again.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ...reference.declaration import Signature
from . import example

SMALL, LONGER = 3, 11  # lengths that are tried

Run = Callable[..., list[np.ndarray]]


def fixed_lengths(run: Run, signature: Signature, arrays: Sequence[np.ndarray], free: Sequence[str]) -> dict[str, int]:
    """The letters whose axes must have a length of their own on small arrays; none where all lengths are taken."""
    own = lengths(signature, arrays)
    small, others = dict.fromkeys(own, SMALL), {letter: SMALL + place for place, letter in enumerate(own)}
    if works(run, signature, small) and works(run, signature, others):
        return {}
    tried = dict(own)
    for letter in own:
        shorter = {**tried, letter: min(SMALL, own[letter])}
        if works(run, signature, shorter) and (letter not in free or works(run, signature, {**tried, letter: LONGER})):
            tried = shorter
    loose = {each for each in free if works(run, signature, {**tried, each: LONGER})}
    return {letter: length for letter, length in tried.items() if letter not in loose}


def lengths(signature: Signature, arrays: Sequence[Any]) -> dict[str, int]:
    """The length of each letter in some arguments."""
    pairs = zip(signature.arguments, arrays, strict=True)
    return {letter: size for axes, array in pairs for letter, size in zip(axes, array.shape, strict=True)}


def works(run: Run, signature: Signature, sizes: Mapping[str, int]) -> bool:
    """Whether the function takes arrays of these lengths, and gives results of the shapes that its letters say."""
    shapes = [tuple(sizes[letter] for letter in axes) for axes in signature.arguments]
    try:
        results = run(*(example(shape, np.dtype("float64")) for shape in shapes))
    except Exception:  # as anybody's function may raise for other shapes
        return False
    pairs = [(size, sizes.get(letter, size)) for axes, each in zip(signature.results, results, strict=True)
             for letter, size in zip(axes, each.shape, strict=True)]  # fmt: skip
    return all(size == wanted and size > 0 for size, wanted in pairs)


def fitted(
    function: Callable[..., Any],
    signature: Signature,
    true: Mapping[str, int],
    fixed: Mapping[str, int],
    free: Sequence[str],
) -> Callable[..., Any]:
    """The function of arrays of any lengths. Along a free letter zeros are added, along others the array is repeated.

    Arrays of the true lengths are taken as they are. One that is too long gives NaN.
    """

    @functools.wraps(function)
    def of_any(*arrays: Any) -> Any:
        own = lengths(signature, arrays)
        if own == true:
            return function(*arrays)
        groups = zip(signature.arguments, arrays, strict=True)
        found = function(*(to_length(array, axes, fixed, free) for axes, array in groups))
        results = found if isinstance(found, tuple) else (found,)
        back = {letter: own[letter] for letter in fixed}
        if any(own[letter] > fixed[letter] for letter in fixed if letter in free):
            results = tuple(each * np.nan for each in results)
        cut = [to_length(each, axes, back, ()) for axes, each in zip(signature.results, results, strict=True)]
        cut = [two_places(each, axes, own) for axes, each in zip(signature.results, cut, strict=True)]
        return cut[0] if len(cut) == 1 else tuple(cut)

    return of_any


def two_places(array: Any, axes: Sequence[str], own: Mapping[str, int]) -> Any:
    """A result of small arrays with two places at least along each axis of its own, as others have."""
    wanted = {letter: max(size, 2) for letter, size in zip(axes, array.shape, strict=True) if letter not in own}
    return to_length(array, axes, wanted, ())


def to_length(array: Any, axes: Sequence[str], wanted: Mapping[str, int], free: Sequence[str]) -> Any:
    """An array with the lengths of some letters: it is cut, or repeated, or zeros are added."""
    xp = array_namespace(array)
    for axis, letter in enumerate(axes):
        size = array.shape[axis]
        length = wanted.get(letter, size)
        if length == size:
            continue
        if letter in free and length > size:
            more = (*array.shape[:axis], length - size, *array.shape[axis + 1 :])
            array = xp.concat([array, xp.zeros(more, dtype=array.dtype)], axis=axis)
        else:
            array = xp.take(array, xp.asarray(np.arange(length) % size), axis=axis)
    return array
