"""More memory layouts in which a caller may hold an array: views of larger arrays, other orders, other alignments."""

from collections.abc import Callable
from typing import Any

import numpy as np

FILLER = 77  # beside an array's integers; beside floating-point numbers is NaN


def surrounded(array: np.ndarray, shape: tuple[int, ...], where: Any) -> np.ndarray:
    """A view of a larger array, whose other elements spoil a result that they reach."""
    whole = np.full(shape, FILLER if array.dtype.kind in "iub" else np.nan).astype(array.dtype)
    whole[where] = array
    return np.asarray(whole[where])


def wide(array: np.ndarray) -> np.ndarray:
    """Rows of a wider array."""
    if array.ndim == 0:
        return array
    shape = (*array.shape[:-1], array.shape[-1] + 3)
    return surrounded(array, shape, (..., slice(None, array.shape[-1])))


def offset(array: np.ndarray) -> np.ndarray:
    """A view that begins behind the first row of a longer array, and ends before its last."""
    return surrounded(array, (len(array) + 2, *array.shape[1:]), slice(1, -1)) if array.ndim else array


def permuted(array: np.ndarray) -> np.ndarray:
    """The first two axes in the other order in memory, the last one as it is."""
    return np.ascontiguousarray(array.swapaxes(0, 1)).swapaxes(0, 1) if array.ndim > 2 else array


def swapped(array: np.ndarray) -> np.ndarray:
    """The last two axes in the other order in memory, the others as they are: each matrix is transposed."""
    return np.ascontiguousarray(array.swapaxes(-1, -2)).swapaxes(-1, -2) if array.ndim > 2 else array


def between(array: np.ndarray) -> np.ndarray:
    """The two axes before the last in the other order in memory: heads beside places, as projections make them."""
    return np.ascontiguousarray(array.swapaxes(-3, -2)).swapaxes(-3, -2) if array.ndim > 3 else array


def unaligned(array: np.ndarray) -> np.ndarray:
    """Memory that begins at an odd address."""
    view = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def one_row(array: np.ndarray) -> np.ndarray:
    """One row in memory that stands for all, along each axis along which all are equal; or one number."""
    part = one_of_equal(array)
    return array if part.shape == array.shape else np.broadcast_to(part, array.shape)


def one_of_equal(array: Any) -> Any:
    """The part of an array that has the first row alone along each axis along which all are equal."""
    part = array
    for axis in range(array.ndim):
        first = (*[slice(None)] * axis, slice(1))
        if array.shape[axis] > 1 and bool((array == array[first]).all()):
            part = part[first]
    return part


OF_NUMPY: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "wide": wide,
    "offset": offset,
    "permuted": permuted,
    "swapped": swapped,
    "between": between,
    "unaligned": unaligned,
    "one_row": one_row,
}


def of_torch(torch: Any) -> dict[str, Callable[[Any], Any]]:
    """The same for PyTorch's tensors, which are never unaligned."""

    def surrounded(array: Any, shape: tuple[int, ...], where: Any) -> Any:
        filler = torch.nan if array.is_floating_point() else FILLER
        whole = torch.full(shape, filler, device=array.device).to(array.dtype)
        whole[where] = array
        return whole[where]

    def wide(array: Any) -> Any:
        if array.ndim == 0:
            return array
        return surrounded(array, (*array.shape[:-1], array.shape[-1] + 3), (..., slice(None, array.shape[-1])))

    def offset(array: Any) -> Any:
        return surrounded(array, (len(array) + 2, *array.shape[1:]), slice(1, -1)) if array.ndim else array

    def permuted(array: Any) -> Any:
        return array.transpose(0, 1).contiguous().transpose(0, 1) if array.ndim > 2 else array

    def swapped(array: Any) -> Any:
        return array.mT.contiguous().mT if array.ndim > 2 else array

    def between(array: Any) -> Any:
        return array.transpose(-3, -2).contiguous().transpose(-3, -2) if array.ndim > 3 else array

    def one_row(array: Any) -> Any:
        return one_of_equal(array).expand(array.shape)

    of_axes = {"permuted": permuted, "swapped": swapped, "between": between}
    return {"wide": wide, "offset": offset, **of_axes, "one_row": one_row}
