"""PyTorch's operations that resample: linear and cubic interpolation, and the order statistics.

As in `aten`, a function is called as the operation of its name is, with the namespace of the arrays before it.
"""

from typing import Any

import numpy as np
import torch

from ..arithmetic.bounded import Bounded
from ..arithmetic.namespace import MissingError
from .aten import Array, Namespace
from .aten_axes import sort

# How far a weight moves with a coordinate, at most: that of the cubic kernel with A = -0.75 by 1.3.
SLOPES = {"linear": 1.0, "bicubic": 2.0}


def interpolation(mode: str) -> Any:
    """Interpolation along the last axes, one after another: a matrix product with the weights of each.

    PyTorch computes the coordinates in the format: a scale, a product and a sum are rounded, of numbers up to the
    length. A weight is off by as much, times the kernel's slope, and so is one beside those that are not 0, since a
    coordinate may come to lie beyond a point. Its gradient is a product with the transposed matrix.
    """

    def upsampled(xp: Namespace, x: Array, size: list[int], align_corners: bool, *scales: float | None) -> Array:
        return by_weights(xp, x, list(x.shape[x.ndim - len(size) :]), size, align_corners, scales, back=False)

    def gradient(
        xp: Namespace, g: Array, size: list[int], shape: list[int], align_corners: bool, *scales: float | None
    ) -> Array:
        return by_weights(xp, g, shape[len(shape) - len(size) :], size, align_corners, scales, back=True)

    def by_weights(
        xp: Namespace, x: Array, lengths: Any, size: Any, align_corners: bool, scales: Any, back: bool
    ) -> Array:
        if not isinstance(x, Bounded) or not np.all(np.isfinite(x.value)):
            what = "in float64, or of numbers that are not finite"
            raise MissingError(f"aten: gaugeblock has no error bound for interpolation {what}; wanted finite float32")
        count = len(size)
        given = scales if len(scales) == count else (None,) * count
        for number, (length, wanted, scale) in enumerate(zip(lengths, size, given, strict=True)):
            place = x.ndim - count + number
            w = weights(mode, length, wanted, align_corners, scale)
            near = (w != 0) | (np.roll(w, 1, 0) != 0) | (np.roll(w, -1, 0) != 0)
            off = SLOPES[mode] * x.model.inner_unit * (4 * len(w) + 8) * near
            matrix = Bounded(w, off, x.model, x.dtype)
            matrix = xp.matrix_transpose(matrix) if back else matrix
            x = xp.moveaxis(xp.matmul(xp.moveaxis(x, place, -1), matrix), -1, place)
        return x

    return upsampled, gradient


def weights(mode: str, length: int, size: int, align_corners: bool, scale: float | None) -> np.ndarray:
    """The weight of each element in each result, as PyTorch has it in float64."""
    lines = torch.eye(length, dtype=torch.float64)[None]
    plane = mode == "bicubic"  # of which there is none along a line
    how: dict[str, Any] = {"scale_factor": scale} if scale else {"size": size}
    if plane:
        lines, how = lines[..., None], {name: (each, 1) for name, each in how.items()}
    found = torch.nn.functional.interpolate(lines, mode=mode, align_corners=align_corners, **how)
    return np.asarray(found.reshape(length, size).numpy())


upsample_linear1d, upsample_linear1d_backward = interpolation("linear")
upsample_bilinear2d = upsample_trilinear3d = upsample_linear1d
upsample_bilinear2d_backward = upsample_trilinear3d_backward = upsample_linear1d_backward
upsample_bicubic2d, upsample_bicubic2d_backward = interpolation("bicubic")


def kthvalue(xp: Namespace, x: Array, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest number, NaN being the largest, and its place."""
    if x.ndim == 0:
        return x, np.zeros((), np.int64)
    chosen = (slice(None),) * (dim % x.ndim) + (slice(k - 1, k) if keepdim else k - 1,)
    return tuple(each[chosen] for each in sort(xp, x, dim))


def median(xp: Namespace, x: Array, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower of the middle numbers; NaN where there is one."""
    if dim is None:
        flat = xp.reshape(x, (-1,))
        return median(xp, flat, 0)[0]
    count = x.shape[dim] if x.ndim else 1
    values, places = kthvalue(xp, x, (count + 1) // 2, dim, keepdim)
    largest = kthvalue(xp, x, count, dim, keepdim)[0]
    return xp.where(xp.isnan(largest), largest, values), places
