"""What else looks on while PyTorch computes: derivatives, transforms, a compiler."""

from typing import Any

import torch


def values_alone(*tensors: Any) -> bool:
    """Whether no derivative of what is computed is wanted, and no transform or compiler looks on."""
    return nothing_traced() and not (torch.is_grad_enabled() and True in {each.requires_grad for each in tensors})


def nothing_traced() -> bool:
    """Whether no transform, compiler or forward mode looks on."""
    return not (
        torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()
        or torch.autograd.forward_ad._current_level >= 0
    )


def are_plain(*tensors: Any) -> bool:
    """Whether these are PyTorch's own tensors, not such as are distributed."""
    return {*map(type, tensors)} <= {torch.Tensor, torch.nn.Parameter}


def product(x: Any, y: Any) -> Any:
    """The product of a new tensor and another, in its place unless a derivative is wanted."""
    return x.mul_(y) if values_alone(x, y) else x * y
