"""PyTorch's functions that it takes apart before a graph has them, and whose parts have no bound, or a wider one."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.overrides import TorchFunctionMode

from .aten_graph import to_numpy


def quantile(x: torch.Tensor, q: Any, dim: int | None = None, keepdim: bool = False, **_: Any) -> torch.Tensor:
    """Numbers between the order statistics at both sides of q (n - 1).

    Its nearest whole number k is known, and the rest lies within half of it: where rounding errors may turn the sign
    of the rest, the bound covers the step above k and the one below.
    """
    rows, axis = (x.reshape(-1), 0) if dim is None else (x, dim % max(x.ndim, 1))
    several = np.atleast_1d(to_numpy(q) if isinstance(q, torch.Tensor) else q).tolist()
    rows = torch.sort(torch.movedim(rows.reshape(1) if rows.ndim == 0 else rows, axis, -1), -1)[0]
    last = rows.shape[-1] - 1
    found = []
    for each in several:
        place = round(each * last)
        at, below, above = rows[..., place], rows[..., max(place - 1, 0)], rows[..., min(place + 1, last)]
        rest = torch.full((), each, dtype=x.dtype) * last - place
        y = at + torch.where(rest < 0, rest * (at - below), rest * (above - at))
        found.append(torch.where(torch.isnan(rows[..., last]), rows[..., last], y))
    results = torch.stack(found) if isinstance(q, torch.Tensor) and q.ndim else found[0]
    if not keepdim:
        return results
    if dim is None:
        return results.reshape(*results.shape, *(1,) * x.ndim)
    return results.unsqueeze(axis + results.ndim - rows.ndim + 1)


def one_hot(index: torch.Tensor, num_classes: int = -1) -> torch.Tensor:
    """As PyTorch's, which reads the classes to refuse what is none."""
    if num_classes == -1:  # that of the largest
        return torch.nn.functional.one_hot(index)
    return (index.unsqueeze(-1) == torch.arange(num_classes)).to(torch.int64)


def gaussian_nll_loss(
    x: torch.Tensor, target: torch.Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> torch.Tensor:
    """As PyTorch's, which reads the variances to refuse negative ones."""
    var = torch.full_like(x, var) if isinstance(var, float) else var
    var = var.unsqueeze(-1) if var.ndim < x.ndim else var
    each = var.clamp(min=eps)
    loss = 0.5 * (torch.log(each) + (x - target) ** 2 / each) + (0.5 * math.log(2 * math.pi) if full else 0.0)
    return loss if reduction == "none" else getattr(loss, reduction)()


def rms_norm(
    input: torch.Tensor,  # noqa: A002
    normalized_shape: Any,
    weight: torch.Tensor | None = None,
    eps: float | None = None,
) -> torch.Tensor:
    """Of half precision rounded before its product by the weights too, as kernels do: PyTorch rounds that alone."""
    normalised = torch.rms_norm(input, normalized_shape, None, eps)
    return normalised if weight is None else (normalised * weight).to(input.dtype)


def is_known(q: Any, interpolation: str = "linear", **_: Any) -> bool:
    """Whether q is a number, or a tensor that is no argument; quantiles rise with it if they are interpolated."""
    wrapped = isinstance(q, torch.Tensor) and is_functorch_wrapped_tensor(q)
    return interpolation == "linear" and not wrapped and type(q) in (int, float, torch.Tensor)


class Whole(TorchFunctionMode):  # type: ignore[misc]  # PyTorch does not type it
    """Takes those functions as they are here."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, arguments: Any = (), options: Any = None
    ) -> Any:
        given = options or {}
        if function in OTHERWISE:
            return OTHERWISE[function](*arguments, **given)
        if function in QUANTILES and is_known(*arguments[1:2], **given):
            return quantile(*arguments, **given)
        if function in (
            torch.ctc_loss,
            torch.nn.functional.ctc_loss,
        ):  # it makes a tensor of lengths, which no graph has
            arguments = tuple(torch.tensor(each) if isinstance(each, list | tuple) else each for each in arguments)
        return function(*arguments, **given)


OTHERWISE: dict[Any, Callable[..., torch.Tensor]] = {
    torch.nn.functional.one_hot: one_hot,
    torch.nn.functional.gaussian_nll_loss: gaussian_nll_loss,
    torch.rms_norm: rms_norm,
    torch.nn.functional.rms_norm: rms_norm,
}
QUANTILES = frozenset({torch.quantile, torch.Tensor.quantile})
