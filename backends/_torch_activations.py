"""PyTorch's activations and softmax, with their derivatives."""

import math
from typing import Any

import torch
from array_api_compat import torch as xp

from .. import reference
from ..reference.arguments import arrays, class_axis, elementwise, floating, rounded, same_shape, wide
from . import _formulas, native
from ._torch_modes import nothing_traced, product

aten = torch.ops.aten


@native(_formulas.relu)
def relu(x: Any) -> Any:
    """Computed by ``torch.relu``."""
    floating(xp, x=x)
    return torch.relu(x)


@native(_formulas.relu_vjp)
def relu_vjp(x: Any, g: Any) -> Any:
    """Computed by the derivative of ``torch.relu``, but NaN where x is."""
    floating(xp, x=x, g=g)
    same_shape(x=x, g=g)
    x, g = arrays(xp, x, g)
    return aten.threshold_backward(g, x, 0).add_(x.clamp(-0.0, -0.0))  # -0 changes nothing; of a NaN it is NaN


@native(_formulas.silu)
def silu(x: Any) -> Any:
    """Computed by ``torch.nn.functional.silu``."""
    floating(xp, x=x)
    return torch.nn.functional.silu(x)


@native(_formulas.silu_vjp)
def silu_vjp(x: Any, g: Any) -> Any:
    """Computed by the derivative of ``torch.nn.functional.silu``."""
    _, dtype, (x, g) = elementwise(xp, x=x, g=g)
    return rounded(aten.silu_backward(g, x), dtype, xp)


@native(_formulas.swiglu)
def swiglu(a: Any, b: Any) -> Any:
    """Computed by ``torch.nn.functional.silu``."""
    _, dtype, (a, b) = elementwise(xp, a=a, b=b)
    return rounded(product(torch.nn.functional.silu(a), b), dtype, xp)


@native(_formulas.swiglu_vjp)
def swiglu_vjp(a: Any, b: Any, g: Any) -> tuple[Any, Any]:
    """Computed by ``torch.nn.functional.silu`` and its derivative."""
    _, dtype, (a, b, g) = elementwise(xp, a=a, b=b, g=g)
    return (
        rounded(aten.silu_backward(g * b, a), dtype, xp),
        rounded(product(torch.nn.functional.silu(a), g), dtype, xp),
    )


@native(_formulas.gelu)
def gelu(x: Any) -> Any:
    """Computed by ``torch.nn.functional.gelu`` on a CPU, where no x is +infinity: in float32 it makes NaN of that."""
    _, dtype = floating(xp, x=x)
    is_read = nothing_traced() and x.device.type == "cpu" and x.numel() > 0
    if not (is_read and x.detach().amax() < math.inf):
        return reference.gelu(x, xp=xp)
    return rounded(torch.nn.functional.gelu(wide(x, xp)), dtype, xp)


@native(_formulas.gelu_vjp)
def gelu_vjp(x: Any, g: Any) -> Any:
    """Computed by the derivative of ``torch.nn.functional.gelu``."""
    _, dtype, (x, g) = elementwise(xp, x=x, g=g)
    return rounded(aten.gelu_backward(g, x), dtype, xp)


@native(_formulas.gelu_tanh)
def gelu_tanh(x: Any) -> Any:
    """Computed by ``torch.nn.functional.gelu``."""
    floating(xp, x=x)
    return torch.nn.functional.gelu(x, approximate="tanh")


@native(_formulas.gelu_tanh_vjp)
def gelu_tanh_vjp(x: Any, g: Any) -> Any:
    """Computed by the derivative of ``torch.nn.functional.gelu``."""
    _, dtype, (x, g) = elementwise(xp, x=x, g=g)
    return rounded(aten.gelu_backward(g, x, approximate="tanh"), dtype, xp)


@native(_formulas.softmax)
def softmax(x: Any, /, *, axis: int = -1) -> Any:
    """Computed by ``torch.softmax``."""
    floating(xp, x=x)
    class_axis("x", x, axis)
    return torch.softmax(x, dim=axis)


@native(_formulas.softmax_vjp)
def softmax_vjp(x: Any, g: Any, /, *, axis: int = -1) -> Any:
    """Computed by the derivative of ``torch.softmax``."""
    _, dtype = floating(xp, x=x, g=g)
    same_shape(x=x, g=g)
    class_axis("x", x, axis)
    x, g = wide(x, xp), wide(g, xp)
    return rounded(aten._softmax_backward_data(g, torch.softmax(x, dim=axis), axis, x.dtype), dtype, xp)


@native(_formulas.log_softmax)
def log_softmax(x: Any, /, *, axis: int = -1) -> Any:
    """Computed by ``torch.log_softmax``."""
    floating(xp, x=x)
    class_axis("x", x, axis)
    return torch.log_softmax(x, dim=axis)


@native(_formulas.log_softmax_vjp)
def log_softmax_vjp(x: Any, g: Any, /, *, axis: int = -1) -> Any:
    """Computed by the derivative of ``torch.log_softmax``."""
    _, dtype = floating(xp, x=x, g=g)
    same_shape(x=x, g=g)
    class_axis("x", x, axis)
    x, g = wide(x, xp), wide(g, xp)
    return rounded(aten._log_softmax_backward_data(g, torch.log_softmax(x, dim=axis), axis, x.dtype), dtype, xp)
