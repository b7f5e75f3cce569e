"""A kernel with its user's arrays, as `assert_gauged` calls it: always with arrays of these shapes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import backends
from ...reference.declaration import BATCH
from ..arithmetic.running import Expected
from ..cases.draw import Arrays, leaves_of
from ..cases.sums import summed_results, with_one_batch
from ..formulas import Formula, call
from ..formulas.axes import result_axes
from . import oracle
from .assertions import check_array, on_the_host, results_of
from .blocks import dtype_of
from .expectations import known_to_numpy
from .made import plain_run


class Gauge:
    """A kernel and its user's arrays. Their batch is one axis here; the kernel is given it as it was.

    What a module has of its own comes after them: the kernel is not given it, so that it stays as it is.
    """

    def __init__(
        self, kernel: Callable[..., Any], formula: Formula, given: tuple[Any, ...], own: Arrays | None = None
    ) -> None:
        arrays = [*map(on_the_host, given), *(own or [])]
        self.fixed = frozenset(range(len(given), len(arrays)))
        if len(arrays) != len(formula.arguments):
            wanted = f"{len(formula.arguments)}: {', '.join(formula.arguments)}"
            raise ValueError(f"{formula.name}: got {len(arrays)} arrays; wanted {wanted}")
        self.kernel, self.formula, self.given = kernel, formula, given
        self.dtype = dtype_of(call(formula, tuple(arrays), {}))
        self.leaves = leaves_of(formula, self.dtype)
        self.shapes = [each.shape for each in arrays]
        self.arrays, self.batch = with_one_batch(formula, arrays)
        shaped = zip(self.arrays, self.leaves, strict=True)
        self.sizes = {
            letter: size for array, leaf in shaped for letter, size in zip(leaf.axes, array.shape, strict=True)
        }
        with np.errstate(all="ignore"):
            formula.function(*map(known_to_numpy, arrays))  # raises for what the formula does not take

    def expected(self, arrays: Arrays, letter: str) -> dict[str, Expected]:
        """What the results that are summed along a letter should be; numbers below the normal ones may count as 0."""
        asked = call(self.formula, tuple(arrays), {})
        with np.errstate(all="ignore"):
            found = oracle.expect(asked, self.dtype, "flush")
            found = oracle.judgeable(asked, self.dtype, found, plain_run(asked, self.dtype))
        return {name: found[name] for name in summed_results(self.formula, letter)}

    def values(self, arrays: Arrays, letter: str) -> dict[str, Expected]:
        """The same without bounds, which takes less time."""
        if self.dtype.itemsize == 8:
            return self.expected(arrays, letter)
        with np.errstate(all="ignore"):
            plain = plain_run(call(self.formula, tuple(arrays), {}), self.dtype)
        nothing = np.zeros(())
        return {n: Expected(plain[n], nothing, nothing, self.dtype) for n in summed_results(self.formula, letter)}

    def errors(
        self, arrays: Arrays, wanted: dict[str, Expected]
    ) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Of each result of the kernel on these arrays: error / bound, the error, and the value."""
        shaped = zip(arrays, self.shapes, self.given, strict=False)
        output = self.kernel(*(like(each, array.reshape(shape)) for array, shape, each in shaped))
        asked = call(self.formula, tuple(arrays), {})
        results, found = results_of(asked, output), {}
        for name, each in wanted.items():
            values, axes = on_the_host(results[name]), result_axes(self.formula)[name]
            shape = self.batch + each.value.shape[1:] if BATCH in axes else each.value.shape
            check_array(asked, name, values, each, shape)
            values = values.reshape(each.value.shape)
            found[name] = (*oracle.ratios(values, each, oracle.may_be_nan(asked, name)), values)
        return found


def like(given: Any, array: np.ndarray) -> Any:
    """A NumPy array as one of the library, and on the device, of a given one."""
    library = type(given).__module__.partition(".")[0]
    if library == "torch":
        return backends.load("torch", device=str(given.device)).asarray(array)
    names = {"jaxlib": "jax", "array_api_strict": "strict"}
    library = names.get(library, library)
    return backends.load(library if library in backends.NAMES else "numpy").asarray(np.array(array))
