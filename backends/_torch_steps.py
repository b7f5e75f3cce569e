"""PyTorch's fused steps of optimizers, each of one call for all leaves."""

import math
from itertools import chain, pairwise
from typing import Any

import torch
from array_api_compat import torch as xp

from .. import reference
from ..reference.arguments import rounded, wide
from ..reference.formulas.adam import one_minus_power
from ..reference.formulas.clip_by_global_norm import checked
from ..reference.trees import flatten
from . import _formulas, native
from ._torch_modes import are_plain, values_alone


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
    done = fused_adam(theta, grad, state, donate=donate, **rates)
    return done or reference.adam_step(theta, grad, state, **rates, donate=donate, xp=xp)


@native(_formulas.adamw_step)
def adamw_step(
    theta: Any,
    grad: Any,
    state: reference.AdamState,
    /,
    *,
    learning_rate: Any = 0.001,
    beta1: Any = 0.9,
    beta2: Any = 0.999,
    epsilon: Any = 1e-8,
    weight_decay: Any = 0.01,
    donate: bool = False,
) -> tuple[Any, reference.AdamState]:
    """One call of PyTorch's fused kernel for all leaves, as of `adam_step`."""
    rates = {"learning_rate": learning_rate, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    rates["weight_decay"] = weight_decay
    done = fused_adam(theta, grad, state, donate=donate, **rates)
    return done or reference.adamw_step(theta, grad, state, **rates, donate=donate, xp=xp)


def fused_adam(
    theta: Any,
    grad: Any,
    state: Any,
    learning_rate: Any,
    beta1: Any,
    beta2: Any,
    epsilon: Any,
    donate: bool,
    weight_decay: Any = 0,
) -> tuple[Any, reference.AdamState] | None:
    """A step of Adam or AdamW; None where the kernel does not take it, or something is wrong with it."""
    if not (isinstance(state, reference.AdamState) and isinstance(donate, bool)):
        return None
    columns, rebuild = flatten(theta=theta, grad=grad, m=state.m, v=state.v)
    if not (are_fusible(columns) and are_ordinary(state.step, learning_rate, weight_decay, betas=(beta1, beta2))):
        return None
    if not (are_numbers(epsilon) and (epsilon == 0 or 1e-30 < epsilon < 1e300)):  # others are 0 in float32
        return None
    thetas, grads, ms, vs = written_over(columns, donate)
    step, dtype = state.step + 1, columns[0][0].dtype
    c1, c2 = (one_minus_power(float(beta), step, xp, dtype) for beta in (beta1, beta2))
    correction = math.sqrt(c2) / c1
    torch._fused_adamw_(  # pyright: ignore[reportPrivateImportUsage]
        thetas,
        grads,
        ms,
        vs,
        [],
        [torch.full((), math.inf, device=ms[0].device)] * len(ms),
        lr=learning_rate * correction,
        beta1=beta1,
        beta2=beta2,
        weight_decay=weight_decay / correction,  # the kernel multiplies it by this learning rate
        eps=epsilon * math.sqrt(c2),
        amsgrad=False,
        maximize=False,
    )
    return rebuild([leaf.to(dtype) for leaf in thetas]), reference.AdamState(step, rebuild(ms), rebuild(vs))


@native(_formulas.sgd_step)
def sgd_step(
    theta: Any,
    grad: Any,
    state: reference.SGDState,
    /,
    *,
    learning_rate: Any = 0.001,
    momentum: Any = 0.0,
    dampening: Any = 0.0,
    nesterov: bool = False,
    donate: bool = False,
) -> tuple[Any, reference.SGDState]:
    """One call of PyTorch's fused kernel for all leaves; without momentum, the reference."""
    rates = {"learning_rate": learning_rate, "momentum": momentum, "dampening": dampening, "nesterov": nesterov}
    done = fused_sgd(theta, grad, state, donate=donate, **rates)
    return done or reference.sgd_step(theta, grad, state, **rates, donate=donate, xp=xp)


def fused_sgd(
    theta: Any,
    grad: Any,
    state: Any,
    learning_rate: Any,
    momentum: Any,
    dampening: Any,
    nesterov: bool,
    donate: bool,
) -> tuple[Any, reference.SGDState] | None:
    """A step of SGD; None where the kernel does not take it, or something is wrong with it."""
    if not isinstance(state, reference.SGDState) or not (isinstance(nesterov, bool) and isinstance(donate, bool)):
        return None
    columns, rebuild = flatten(theta=theta, grad=grad, velocity=state.velocity)
    if not (are_fusible(columns) and are_ordinary(state.step, learning_rate, dampening, betas=(momentum,))):
        return None
    if momentum == 0 or (nesterov and dampening != 0):  # without momentum the kernel keeps no velocity
        return None
    dtype = columns[0][0].dtype
    thetas, grads, velocities = written_over(columns, donate)
    torch._fused_sgd_(  # pyright: ignore[reportPrivateImportUsage]
        thetas,
        grads,
        velocities,
        lr=learning_rate,
        momentum=momentum,
        dampening=dampening,
        nesterov=nesterov,
        weight_decay=0,
        maximize=False,
        is_first_step=state.step == 0,
    )
    return rebuild([leaf.to(dtype) for leaf in thetas]), reference.SGDState(state.step + 1, rebuild(velocities))


@native(_formulas.clip_by_global_norm)
def clip_by_global_norm(tree: Any, max_norm: Any, /) -> Any:
    """Computed by ``torch.linalg.vector_norm`` of all leaves, and one product for each."""
    max_norm, leaves, rebuild = checked(tree, max_norm, xp)
    if not leaves:
        return rebuild([])
    whole = [wide(leaf, xp) for leaf in leaves]
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(leaf) for leaf in whole]))
    limit = torch.as_tensor(max_norm, dtype=norm.dtype, device=norm.device)  # of a Python number it takes a reciprocal
    factor = torch.where(norm <= limit, 1, limit / norm)
    return rebuild([rounded(leaf * factor, leaves[0].dtype, xp) for leaf in whole])


def written_over(columns: list[list[Any]], donate: bool) -> list[list[Any]]:
    """The leaves that a kernel writes over, and the gradients: copies, unless they are donated.

    Those of half precision are made float32. The kernel reads all memory in one order, whatever the strides.
    """
    thetas, grads, *moments = columns
    if thetas[0].dtype != moments[0][0].dtype:
        thetas, grads = ([leaf.float() for leaf in leaves] for leaves in (thetas, grads))
    if not (donate and apart([*chain(*columns)])):
        thetas, *moments = ([leaf.clone() for leaf in leaves] for leaves in (thetas, *moments))
    return [[leaf.contiguous() for leaf in leaves] for leaves in (thetas, grads, *moments)]


def apart(leaves: list[Any]) -> bool:
    """Whether no two leaves of a device overlap in memory, so that one can be written before another is read."""
    bounds = sorted(memory_of(leaf) for leaf in leaves if leaf.numel())
    return all(end <= start for (_, end), (start, _) in pairwise(bounds))


def memory_of(leaf: Any) -> tuple[int, int]:
    """The first address of a tensor's elements, and that behind the last."""
    reach = 1 + sum((size - 1) * stride for size, stride in zip(leaf.shape, leaf.stride(), strict=True))
    return leaf.data_ptr(), leaf.data_ptr() + reach * leaf.element_size()


# The dtypes of theta, grad and moments that are taken: theta and grad in half precision are made float32.
FUSED = {
    (torch.float16, torch.float16, torch.float32, torch.float32),
    (torch.bfloat16, torch.bfloat16, torch.float32, torch.float32),
    (torch.float32, torch.float32, torch.float32, torch.float32),
    (torch.float64, torch.float64, torch.float64, torch.float64),
}


def are_fusible(columns: list[list[Any]]) -> bool:
    """Whether a fused kernel takes all leaves at once: tensors of one kind, whose values alone are wanted."""
    every = [*chain(*columns)]
    if not every or not are_plain(*every):
        return False
    dtypes = tuple(dtype for leaves in columns for dtype in {leaf.dtype for leaf in leaves})
    shapes, devices = [leaf.shape for leaf in every], {leaf.device for leaf in every}
    same = len(devices) == 1 and shapes == len(columns) * shapes[: len(columns[0])]
    fused = dtypes in {each[: len(columns)] for each in FUSED}
    return bool(same and fused and every[0].device.type in ("cpu", "cuda") and values_alone(*every))


def are_ordinary(step: Any, *rates: Any, betas: tuple[Any, ...]) -> bool:
    """Whether these are Python numbers in their ranges, far from infinity."""
    if type(step) is not int or not are_numbers(*rates, *betas):
        return False
    return 0 <= step < 2**63 and all(0 <= beta < 1 for beta in betas) and all(abs(rate) < 1e150 for rate in rates)


def are_numbers(*values: Any) -> bool:
    """Whether these are Python numbers."""
    return all(type(value) is int or isinstance(value, float) for value in values)
