"""PyTorch. Its native kernels are bound where they compute the formula and conform; the rest is the reference.

``torch.compile`` makes a step count that is a Python number part of the program, and compiles anew at each step. Start
Adam from ``adam_init(theta)._replace(step=torch.tensor(0))`` there.
"""

import contextlib
import math
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy
import torch
from array_api_compat import torch as xp

from .. import reference
from ..reference.arguments import (
    arrays,
    class_axis,
    class_numbers,
    elementwise,
    floating,
    for_each_class,
    indices,
    labelled,
    normalised,
    rounded,
    same_shape,
    shape,
    table_of,
    wanted_shape,
    wide,
)
from ..reference.arguments import clip as checked_clip
from ..reference.arguments import epsilon as checked_epsilon
from ..reference.formulas.adam import one_minus_power
from ..reference.formulas.categorical_cross_entropy import default_clip
from ..reference.trees import flatten
from . import _formulas, bind_all, native
from ._layouts import of_torch

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


@native(_formulas.gelu_vjp)
def gelu_vjp(x: Any, g: Any) -> Any:
    """Computed by the derivative of ``torch.nn.functional.gelu``."""
    _, dtype, (x, g) = elementwise(xp, x=x, g=g)
    return rounded(aten.gelu_backward(g, x), dtype, xp)


@native(_formulas.gelu_tanh)
def gelu_tanh(x: Any) -> Any:
    """Computed by ``torch.nn.functional.gelu``, whose exact form gives NaN for +infinity in float32."""
    floating(xp, x=x)
    return torch.nn.functional.gelu(x, approximate="tanh")


@native(_formulas.gelu_tanh_vjp)
def gelu_tanh_vjp(x: Any, g: Any) -> Any:
    """Computed by the derivative of ``torch.nn.functional.gelu``."""
    _, dtype, (x, g) = elementwise(xp, x=x, g=g)
    return rounded(aten.gelu_backward(g, x, approximate="tanh"), dtype, xp)


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


@native(_formulas.categorical_cross_entropy)
def categorical_cross_entropy(y: Any, p: Any, /, *, axis: int = -1, clip: tuple[float, float] | None = None) -> Any:
    """One new array, in place, unless a derivative is wanted: ``torch.clamp`` has derivative 0 where p is NaN."""
    _, dtype, y = labelled(xp, y, axis, p=p)
    if not values_alone(y, p):
        return reference.categorical_cross_entropy(y, p, axis=axis, clip=clip, xp=xp)
    lo, hi = default_clip(xp, dtype) if clip is None else checked_clip(clip, xp, dtype)
    return rounded(wide(p, xp).clamp(lo, hi).log_().mul_(y).sum(axis).neg_(), dtype, xp)


@native(_formulas.categorical_cross_entropy_vjp)
def categorical_cross_entropy_vjp(
    y: Any, p: Any, g: Any, /, *, axis: int = -1, clip: tuple[float, float] | None = None
) -> Any:
    """Computed by ``torch.where``."""
    _, dtype, y = labelled(xp, y, axis, p=p, g=g)
    lo, hi = default_clip(xp, dtype) if clip is None else checked_clip(clip, xp, dtype)
    y, p, g = wide(y, xp), wide(p, xp), wide(for_each_class(g, axis, xp, p=p), xp)
    return rounded(torch.where((p < lo) | (p > hi), 0, -g * y / p), dtype, xp)


@native(_formulas.categorical_cross_entropy_from_logits)
def categorical_cross_entropy_from_logits(y: Any, x: Any, /, *, axis: int = -1) -> Any:
    """Computed by ``torch.log_softmax``, multiplied in place unless a derivative is wanted.

    ``torch.nn.functional.cross_entropy`` gives NaN where a label is 0 and its logit -infinity.
    """
    _, dtype, y = labelled(xp, y, axis, x=x)
    y, x = wide(y, xp), wide(x, xp)
    logs = torch.log_softmax(x, dim=axis)
    if values_alone(y, x):
        logs = aten.softshrink_backward.grad_input(logs, y, 0, grad_input=logs).mul_(y)  # in place: 0 where y is 0
    else:
        logs = aten.threshold_backward(logs, y.abs(), 0) * y  # the same with derivatives, NaN where y is
    return rounded(-logs.sum(axis), dtype, xp)


@native(_formulas.categorical_cross_entropy_from_logits_vjp)
def categorical_cross_entropy_from_logits_vjp(y: Any, x: Any, g: Any, /, *, axis: int = -1) -> Any:
    """Computed by ``torch.softmax``, with the labels subtracted in place."""
    _, dtype, y = labelled(xp, y, axis, x=x, g=g)
    y, x, g = wide(y, xp), wide(x, xp), wide(for_each_class(g, axis, xp, x=x), xp)
    weighted = torch.softmax(x, dim=axis) * y.sum(axis, keepdim=True)
    return rounded(g * weighted.sub_(y), dtype, xp)


@native(_formulas.sparse_categorical_cross_entropy_from_logits)
def sparse_categorical_cross_entropy_from_logits(labels: Any, x: Any, /, *, axis: int = -1) -> Any:
    """Computed by ``torch.log_softmax``, then ``gather``."""
    floating(xp, x=x)
    class_axis("x", x, axis)
    chosen, _ = of_label(torch.log_softmax(x, dim=axis), labels, axis)
    return -chosen.squeeze(axis)


@native(_formulas.sparse_categorical_cross_entropy_from_logits_vjp)
def sparse_categorical_cross_entropy_from_logits_vjp(labels: Any, x: Any, g: Any, /, *, axis: int = -1) -> Any:
    """Computed by ``torch.softmax``, then ``scatter``."""
    _, dtype = floating(xp, x=x, g=g)
    class_axis("x", x, axis)
    p = torch.softmax(wide(x, xp), dim=axis)
    chosen, index = of_label(p, labels, axis)
    g = wide(for_each_class(g, axis, xp, x=x), xp)
    return rounded(g * p.scatter(axis, index, chosen - 1), dtype, xp)


def of_label(values: Any, labels: Any, axis: int) -> tuple[Any, Any]:
    """The value of each sample's class, and its index; whether there is that class, ``gather`` sees by itself."""
    samples = values.shape[:axis] + values.shape[axis:][1:]
    if isinstance(labels, torch.Tensor) and labels.dtype in (torch.int32, torch.int64) and labels.shape == samples:
        index = labels.long().unsqueeze(axis)
    else:
        index = class_numbers(labels, values, axis, xp).unsqueeze(axis)  # says what is wrong
    try:
        return values.gather(axis, index), index
    except RuntimeError:
        class_numbers(labels, values, axis, xp)
        raise


@native(_formulas.adam_step)
def adam_step(
    theta: Any,
    grad: Any,
    state: reference.AdamState,
    /,
    *,
    learning_rate: Any = 0.001,
    beta1: Any = 0.9,
    beta2: Any = 0.999,
    epsilon: Any = 1e-8,
    donate: bool = False,
) -> tuple[Any, reference.AdamState]:
    """One call of PyTorch's fused kernel for all leaves.

    The kernel's own correction, ``1 - beta**t``, is too inaccurate for small t in float64. The kernel is given an
    infinite t, for which it divides by 1, and both corrections are part of the learning rate and epsilon: the spec's
    `efficient_order`. With `donate`, the results are written over theta and the state where these are contiguous.
    """
    rates = {"learning_rate": learning_rate, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    columns: list[list[Any]] = []
    if isinstance(state, reference.AdamState):
        columns, rebuild = flatten(theta=theta, grad=grad, m=state.m, v=state.v)
    if not (are_fusible(columns) and are_ordinary(state.step, **rates)):  # errors, too
        return reference.adam_step(theta, grad, state, **rates, donate=donate, xp=xp)
    once = len({id(leaf) for column in columns for leaf in column}) == 4 * len(columns[0])  # what is donated
    thetas, grads, ms, vs = columns
    step, dtype, half = state.step + 1, thetas[0].dtype, thetas[0].dtype != ms[0].dtype
    if half:
        thetas, grads = ([leaf.float() for leaf in leaves] for leaves in (thetas, grads))
    if not (donate and once):
        thetas, ms, vs = ([leaf.clone() for leaf in leaves] for leaves in (thetas, ms, vs))
    # The kernel reads all memory in one order, whatever the strides.
    thetas, grads, ms, vs = ([leaf.contiguous() for leaf in leaves] for leaves in (thetas, grads, ms, vs))
    c1, c2 = (one_minus_power(float(beta), step, xp, dtype) for beta in (beta1, beta2))
    torch._fused_adam_(  # pyright: ignore[reportPrivateImportUsage]
        thetas,
        grads,
        ms,
        vs,
        [],
        [torch.full((), math.inf, device=ms[0].device)] * len(ms),
        lr=learning_rate * math.sqrt(c2) / c1,
        beta1=beta1,
        beta2=beta2,
        weight_decay=0,
        eps=epsilon * math.sqrt(c2),
        amsgrad=False,
        maximize=False,
    )
    thetas = [leaf.to(dtype) for leaf in thetas] if half else thetas
    return rebuild(thetas), reference.AdamState(step, rebuild(ms), rebuild(vs))


# The dtypes of theta, grad, m and v that the fused kernel takes, theta and grad in half precision made float32 for it.
FUSED = {
    (torch.float16, torch.float16, torch.float32, torch.float32),
    (torch.bfloat16, torch.bfloat16, torch.float32, torch.float32),
    (torch.float32, torch.float32, torch.float32, torch.float32),
    (torch.float64, torch.float64, torch.float64, torch.float64),
}


def are_fusible(columns: list[list[Any]]) -> bool:
    """Whether the fused kernel takes all leaves at once: tensors of one kind, whose values alone are wanted."""
    every = [*chain(*columns)]
    if not every or not {*map(type, every)} <= {torch.Tensor, torch.nn.Parameter}:
        return False
    dtypes = tuple(dtype for leaves in columns for dtype in {leaf.dtype for leaf in leaves})
    shapes, devices = [leaf.shape for leaf in every], {leaf.device for leaf in every}
    same = len(devices) == 1 and shapes == len(columns) * shapes[: len(columns[0])]
    return bool(same and dtypes in FUSED and every[0].device.type in ("cpu", "cuda") and values_alone(*every))


def are_ordinary(step: Any, learning_rate: Any, beta1: Any, beta2: Any, epsilon: Any) -> bool:
    """Whether these are Python numbers in their ranges, far from infinity, and epsilon from what is 0 in float32."""
    rates = (learning_rate, beta1, beta2, epsilon)
    if type(step) is not int or not all(type(rate) is int or isinstance(rate, float) for rate in rates):
        return False
    in_range = 0 <= step < 2**63 and 0 <= beta1 < 1 and 0 <= beta2 < 1 and abs(learning_rate) < 1e300
    return bool(in_range and (epsilon == 0 or 1e-30 < epsilon < 1e300))


def values_alone(*tensors: Any) -> bool:
    """Whether no derivative of what is computed is wanted, and no transform or compiler looks on."""
    return not (
        torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()
        or torch.autograd.forward_ad._current_level >= 0
        or (torch.is_grad_enabled() and True in {each.requires_grad for each in tensors})
    )


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
