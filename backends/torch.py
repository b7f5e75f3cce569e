"""PyTorch. Its native kernels are bound where they compute the formula and conform; the rest is the reference.

``torch.compile`` makes a step count that is a Python number part of the program, and compiles anew at each step. Start
Adam from ``adam_init(theta)._replace(step=torch.tensor(0))`` there.
"""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy
import torch
from array_api_compat import torch as xp

from .. import reference
from ..reference.arguments import (
    floating,
    indices,
    normalised,
    rounded,
    same_shape,
    shape,
    table_of,
    wanted_shape,
    wide,
)
from ..reference.hyperparameters import epsilon as checked_epsilon
from . import _formulas, bind_all, native
from ._layouts import of_torch
from ._torch_activations import gelu as gelu
from ._torch_activations import gelu_tanh as gelu_tanh
from ._torch_activations import gelu_tanh_vjp as gelu_tanh_vjp
from ._torch_activations import gelu_vjp as gelu_vjp
from ._torch_activations import log_softmax as log_softmax
from ._torch_activations import log_softmax_vjp as log_softmax_vjp
from ._torch_activations import relu as relu
from ._torch_activations import relu_vjp as relu_vjp
from ._torch_activations import silu as silu
from ._torch_activations import silu_vjp as silu_vjp
from ._torch_activations import softmax as softmax
from ._torch_activations import softmax_vjp as softmax_vjp
from ._torch_activations import swiglu as swiglu
from ._torch_activations import swiglu_vjp as swiglu_vjp
from ._torch_attention import scaled_dot_product_attention as scaled_dot_product_attention
from ._torch_attention import scaled_dot_product_attention_vjp as scaled_dot_product_attention_vjp
from ._torch_losses import categorical_cross_entropy as categorical_cross_entropy
from ._torch_losses import categorical_cross_entropy_from_logits as categorical_cross_entropy_from_logits
from ._torch_losses import categorical_cross_entropy_from_logits_vjp as categorical_cross_entropy_from_logits_vjp
from ._torch_losses import categorical_cross_entropy_vjp as categorical_cross_entropy_vjp
from ._torch_losses import cross_entropy as cross_entropy
from ._torch_losses import cross_entropy_vjp as cross_entropy_vjp
from ._torch_losses import sparse_categorical_cross_entropy_from_logits as sparse_categorical_cross_entropy_from_logits
from ._torch_losses import (
    sparse_categorical_cross_entropy_from_logits_vjp as sparse_categorical_cross_entropy_from_logits_vjp,
)
from ._torch_steps import adam_step as adam_step
from ._torch_steps import adamw_step as adamw_step
from ._torch_steps import clip_by_global_norm as clip_by_global_norm
from ._torch_steps import sgd_step as sgd_step

aten = torch.ops.aten

name = "torch"
dtypes = ("float16", "bfloat16", "float32", "float64")
subnormals = "gradual"


@native(_formulas.neuron)
def neuron(x: Any, w: Any, b: Any) -> Any:
    """Computed by ``torch.matmul``, then the bias."""
    _, dtype = floating(xp, x=x, w=w, b=b)
    if shape(b) or not shape(x) or shape(w) != shape(x)[-1:]:
        return reference.neuron(x, w, b, xp=xp)  # no axes, or shapes that do not fit
    return rounded(torch.matmul(wide(x, xp), wide(w, xp)) + wide(b, xp), dtype, xp)


@native(_formulas.dense)
def dense(x: Any, w: Any, b: Any) -> Any:
    """Computed by ``torch.nn.functional.linear`` with the weights transposed."""
    _, dtype = floating(xp, x=x, w=w, b=b)
    if not shape(x) or len(shape(b)) != 1 or shape(w) != (shape(x)[-1], *shape(b)):
        return reference.dense(x, w, b, xp=xp)  # shapes that do not fit: it says how
    return rounded(torch.nn.functional.linear(wide(x, xp), wide(w, xp).mT, wide(b, xp)), dtype, xp)


@native(_formulas.rms_norm)
def rms_norm(x: Any, w: Any, *, epsilon: float = 1e-6) -> Any:
    """Computed by ``torch.nn.functional.rms_norm``, where epsilon is a Python number."""
    _, dtype = floating(xp, x=x, w=w)
    normalised(x, w=w)
    epsilon = checked_epsilon(epsilon, xp, wide(x, xp).dtype)
    if not isinstance(epsilon, float):
        return reference.rms_norm(x, w, epsilon=epsilon, xp=xp)
    return rounded(torch.nn.functional.rms_norm(wide(x, xp), w.shape, wide(w, xp), epsilon), dtype, xp)


@native(_formulas.layer_norm)
def layer_norm(x: Any, w: Any, b: Any, *, epsilon: float = 1e-5) -> Any:
    """Computed by ``torch.nn.functional.layer_norm``, where epsilon is a Python number."""
    _, dtype = floating(xp, x=x, w=w, b=b)
    normalised(x, w=w, b=b)
    x, w, b = wide(x, xp), wide(w, xp), wide(b, xp)
    epsilon = checked_epsilon(epsilon, xp, x.dtype)
    if not isinstance(epsilon, float):
        return rounded(reference.layer_norm(x, w, b, epsilon=epsilon, xp=xp), dtype, xp)
    return rounded(torch.nn.functional.layer_norm(x, w.shape, w, b, epsilon), dtype, xp)


@native(_formulas.layer_norm_vjp)
def layer_norm_vjp(x: Any, w: Any, b: Any, g: Any, *, epsilon: float = 1e-5) -> tuple[Any, Any, Any]:
    """Computed by the derivative of ``torch.nn.functional.layer_norm``, where epsilon is a Python number."""
    _, dtype = floating(xp, x=x, w=w, b=b, g=g)
    normalised(x, w=w, b=b)
    same_shape(x=x, g=g)
    x, w, b, g = (wide(each, xp) for each in (x, w, b, g))
    epsilon = checked_epsilon(epsilon, xp, x.dtype)
    if isinstance(epsilon, float):
        _, mean, over_root = torch.native_layer_norm(x, w.shape, w, b, epsilon)
        found = aten.native_layer_norm_backward(g, x, w.shape, mean, over_root, w, b, [True] * 3)
    else:
        found = reference.layer_norm_vjp(x, w, b, g, epsilon=epsilon, xp=xp)
    gx, gw, gb = (rounded(each, dtype, xp) for each in found)
    return gx, gw, gb


@native(_formulas.embedding)
def embedding(table: Any, labels: Any) -> Any:
    """Computed by ``torch.nn.functional.embedding``."""
    floating(xp, table=table)
    count, _ = table_of(table)
    return torch.nn.functional.embedding(indices(labels, count, xp), table)


@native(_formulas.embedding_vjp)
def embedding_vjp(table: Any, labels: Any, g: Any) -> Any:
    """Computed by ``index_add``, which needs no more memory."""
    _, dtype = floating(xp, table=table, g=g)
    count, columns = table_of(table)
    index = indices(labels, count, xp)
    wanted_shape("g", g, (*shape(labels), columns), ", that of the result")
    zeros = torch.zeros_like(table, dtype=wide(g, xp).dtype)
    return rounded(zeros.index_add(0, index.reshape(-1), wide(g, xp).reshape(-1, columns)), dtype, xp)


bind_all(globals(), xp)

if TYPE_CHECKING:
    from ._formulas import *  # noqa: F403


def asarray(array: Any, device: str | None = None) -> Any:
    """A NumPy array as a tensor on `device`: 'cpu', 'cuda', 'cuda:1', ..."""
    try:
        if str(getattr(array, "dtype", "")) == "bfloat16":  # which PyTorch does not take from NumPy, but by its bits
            return torch.tensor(array.view(numpy.int16), device=device).view(torch.bfloat16)
        return torch.tensor(array, device=device)
    except (AssertionError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"device: got {device!r}; wanted one that PyTorch has here ({reason})") from None


def to_numpy(array: Any) -> Any:
    """The tensor as a NumPy array."""
    if not isinstance(array, torch.Tensor):
        raise TypeError(f"got {type(array).__name__}; wanted a PyTorch tensor")
    array = array.detach().cpu()
    return array.view(torch.int16).numpy().view(ml_dtypes.bfloat16) if array.dtype == torch.bfloat16 else array.numpy()


def shares_memory(a: Any, b: Any) -> bool:
    """Whether two tensors live in the same storage."""
    return bool(a.numel() and b.numel() and a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr())


def transposed(array: Any) -> Any:
    """The same values, the last axis outermost in memory."""
    reverse = tuple(reversed(range(array.ndim)))
    return array.permute(reverse).contiguous().permute(reverse)


layouts = {
    "transposed": transposed,
    "strided": lambda array: torch.repeat_interleave(array, 2, dim=-1)[..., ::2] if array.ndim else array,
    **of_torch(torch),
}


def settings(dtype: str) -> contextlib.AbstractContextManager[None]:
    """None; but functions are called once before they are judged."""
    one = torch.ones(8, dtype=getattr(torch, dtype))
    for function in (torch.exp, torch.expm1, torch.log, torch.sqrt):
        function(one)  # the first threaded call can be off by thousands of ulp (pytorch/pytorch#188792)
    return contextlib.nullcontext()


# PyTorch's flags of the precision of products, and their values for all of it.
PRECISION = [
    (torch.backends.cuda.matmul, "fp32_precision", "ieee"),
    (torch.backends.cuda.matmul, "allow_fp16_reduced_precision_reduction", False),
    (torch.backends.cuda.matmul, "allow_bf16_reduced_precision_reduction", False),
    (torch.backends.cuda.matmul, "allow_fp16_accumulation", False),
    (torch.backends.mkldnn.matmul, "fp32_precision", "ieee"),  # pyright: ignore[reportAttributeAccessIssue]
]


@contextlib.contextmanager
def full_precision() -> Iterator[None]:
    """Products in full precision, by flags that are global in PyTorch, and are set back afterwards."""
    before = [getattr(where, flag) for where, flag, _ in PRECISION]
    for where, flag, value in PRECISION:
        setattr(where, flag, value)
    try:
        yield
    finally:
        for (where, flag, _), value in zip(PRECISION, before, strict=True):
            setattr(where, flag, value)


def versions() -> dict[str, str]:
    """The library that computes, and the flag that bears on its products."""
    return {
        "torch": torch.__version__,
        "torch.backends.cuda.matmul.fp32_precision": str(torch.backends.cuda.matmul.fp32_precision),
        "numpy": numpy.__version__,
    }
