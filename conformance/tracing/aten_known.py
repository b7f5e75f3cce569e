"""Integers that a function of PyTorch reads on the way, such as where rows start: they are known while it is traced."""

from collections.abc import Callable
from typing import Any

import torch
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import _disable_current_modes


class Known(torch.Tensor):  # type: ignore[misc]  # PyTorch does not type it
    """A tensor that no graph has: what is made of such tensors alone is known too, and is a constant for others."""

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, arguments: Any = (), options: Any = None
    ) -> Any:
        given = arguments, options or {}
        if all(isinstance(each, Known) for each in pytree.tree_leaves(given) if isinstance(each, torch.Tensor)):
            outside = torch._C.DisableTorchFunctionSubclass()
            with outside, _disable_current_modes(), temporarily_clear_interpreter_stack():
                found = function(*given[0], **given[1])
            return pytree.tree_map(known, found)
        positional, keywords = pytree.tree_map(plain, given)
        return function(*positional, **keywords)


def known(x: Any) -> Any:
    """A tensor of integers as one that is known."""
    return x.as_subclass(Known) if isinstance(x, torch.Tensor) and not x.is_floating_point() else plain(x)


def plain(x: Any) -> Any:
    """The tensor that a known one is."""
    if not isinstance(x, Known):
        return x
    with torch._C.DisableTorchFunctionSubclass():
        return x.as_subclass(torch.Tensor)
