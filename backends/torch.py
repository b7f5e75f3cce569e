"""PyTorch. Where its native kernel is the formula, that is bound; the rest is the reference on its tensors.

Under ``torch.compile`` a step that is a Python number is part of the program, which is compiled anew for each: there,
start Adam from ``adam_init(theta)._replace(step=torch.tensor(0))``.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy
import torch
from array_api_compat import torch as xp

from .. import reference
from ..reference.arguments import class_axis, floating
from . import bind

name = "torch"
dtypes = ("float16", "bfloat16", "float32", "float64")
subnormals = "gradual"

neuron = bind(reference.neuron, xp)
dense = bind(reference.dense, xp)
neuron_vjp = bind(reference.neuron_vjp, xp)
dense_vjp = bind(reference.dense_vjp, xp)
relu_vjp = bind(reference.relu_vjp, xp)
categorical_cross_entropy = bind(reference.categorical_cross_entropy, xp)
categorical_cross_entropy_vjp = bind(reference.categorical_cross_entropy_vjp, xp)
categorical_cross_entropy_from_logits = bind(reference.categorical_cross_entropy_from_logits, xp)
categorical_cross_entropy_from_logits_vjp = bind(reference.categorical_cross_entropy_from_logits_vjp, xp)
sparse_categorical_cross_entropy_from_logits = bind(reference.sparse_categorical_cross_entropy_from_logits, xp)
softmax_vjp = bind(reference.softmax_vjp, xp)
log_softmax_vjp = bind(reference.log_softmax_vjp, xp)
sparse_categorical_cross_entropy_from_logits_vjp = bind(reference.sparse_categorical_cross_entropy_from_logits_vjp, xp)
adam_first_moment = bind(reference.adam_first_moment, xp)
adam_second_moment = bind(reference.adam_second_moment, xp)
adam_bias_correction = bind(reference.adam_bias_correction, xp)
adam_update = bind(reference.adam_update, xp)
adam_init = bind(reference.adam_init, xp)
adam_step = bind(reference.adam_step, xp)


def relu(x: Any) -> Any:
    """Return ``max(0, x)``, as ``torch.relu`` does."""
    floating(xp, x=x)
    return torch.relu(x)


def softmax(x: Any, /, *, axis: int = -1) -> Any:
    """Return ``exp(x_i) / sum_j exp(x_j)`` along `axis`, as ``torch.softmax`` does."""
    floating(xp, x=x)
    class_axis("x", x, axis)
    return torch.softmax(x, dim=axis)


def log_softmax(x: Any, /, *, axis: int = -1) -> Any:
    """Return ``x_i - log(sum_j exp(x_j))`` along `axis`, as ``torch.log_softmax`` does."""
    floating(xp, x=x)
    class_axis("x", x, axis)
    return torch.log_softmax(x, dim=axis)


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
