"""Integers that a function of PyTorch reads on the way, such as where rows start: they are known while it is traced."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch.utils import _pytree as pytree


class Known(torch.Tensor):  # type: ignore[misc]  # PyTorch does not type it
    """A tensor that no graph has: what is made of such tensors alone is known too, and is a constant for others."""

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, arguments: Any = (), options: Any = None
    ) -> Any:
        given = arguments, options or {}
        positional, keywords = pytree.tree_map(plain, given)
        if all(isinstance(each, Known) for each in pytree.tree_leaves(given) if isinstance(each, torch.Tensor)):
            with ThreadPoolExecutor(1) as outside:  # a graph records what its own thread does
                return pytree.tree_map(known, outside.submit(function, *positional, **keywords).result())
        return function(*positional, **keywords)


def known(x: Any) -> Any:
    """A tensor of integers as one that is known."""
    return x.as_subclass(Known) if isinstance(x, torch.Tensor) and not x.is_floating_point() else plain(x)


def plain(x: Any) -> Any:
    """The tensor that a known one is."""
    if not isinstance(x, Known):
        return x
    with torch.DisableTorchFunctionSubclass():
        return x.as_subclass(torch.Tensor)
