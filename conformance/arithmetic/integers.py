"""Integers and booleans that a function is given: NumPy's, but for the real numbers that are made of them."""

from types import ModuleType
from typing import Any

import numpy as np

from .numpy_calls import NumPyCalls

Number = Any


class Integers(np.ndarray[Any, Any]):
    """An array of NumPy's whose namespace is that of bounded or of exact arrays, so that no rounding is forgotten."""

    xp: ModuleType | None = None

    def within(self, xp: ModuleType) -> "Integers":
        """The same for a run on the arrays of a namespace."""
        found = self.view()
        found.xp = xp
        return found

    def __array_finalize__(self, made_of: Any) -> None:
        self.xp = getattr(made_of, "xp", None)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return self.xp

    def mean(self, *arguments: Any, **options: Any) -> Any:
        return self.in_the_run(np.mean, *arguments, **options)

    def var(self, *arguments: Any, **options: Any) -> Any:
        return self.in_the_run(np.var, *arguments, **options)

    def std(self, *arguments: Any, **options: Any) -> Any:
        return self.in_the_run(np.std, *arguments, **options)

    def in_the_run(self, function: Any, *arguments: Any, **options: Any) -> Any:
        """A function whose result is real, of these numbers in the dtype that NumPy's has."""
        dtype = self.dtype if self.dtype.kind == "f" else np.float64
        numbers = plain(self) if self.xp is None else self.xp.asarray(plain(self), dtype=dtype)
        return function(numbers, *arguments, **options)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """An operation whose result is real, as a product with 0.5, is one of the run."""
        with np.errstate(all="ignore"):
            found = getattr(ufunc, method)(*map(plain, inputs), **{name: plain(each) for name, each in options.items()})
        if isinstance(found, NumPyCalls):
            return found
        kinds = {np.asarray(each).dtype.kind for each in inputs}
        if not isinstance(found, np.ndarray | np.generic) or self.xp is None:
            return found
        if found.dtype.kind != "f" and "f" not in kinds:
            return as_integers(found).within(self.xp)
        dtype = np.result_type(*map(plain, inputs), np.float16) if found.dtype.kind == "b" else found.dtype
        operands = [self.xp.asarray(plain(each), dtype=dtype) for each in inputs]
        return getattr(ufunc, method)(*operands, **options)


def as_integers(x: Any) -> Integers:
    """An array of integers or booleans as one that knows its run, once it is said."""
    return np.asarray(x).view(Integers)


def plain(x: Number) -> Number:
    """NumPy's own array, or several."""
    if isinstance(x, tuple):
        return tuple(map(plain, x))
    return x.view(np.ndarray) if isinstance(x, Integers) else x
