"""Several operations of a graph that are one function, whose bound uses what one of them by itself does not tell."""

from typing import Any

import numpy as np
from torch.fx import Node

from ..arithmetic import correlated
from ..arithmetic.bounded import Bounded
from . import aten_layers
from .aten_names import name_of

KEEPING_ROWS = frozenset({"view", "_unsafe_view", "reshape", "expand", "clone", "alias", "unsqueeze", "squeeze"})
PRODUCTS = frozenset({"mm", "bmm"})
OF_SOFTMAX = {each.__name__ for each in (aten_layers._softmax, aten_layers._safe_softmax)}


def logits_of(node: Node) -> Node | None:
    """Where a softmax is multiplied by values: what it was taken of."""
    if node.op != "call_function" or name_of(node.target) not in PRODUCTS:
        return None
    found: Any = node.args[0]
    while found.op == "call_function" and name_of(found.target) in KEEPING_ROWS:
        found = found.args[0]
    if found.op != "call_function" or name_of(found.target) not in OF_SOFTMAX:
        return None
    return found.args[0] if found.args[1] in (-1, found.args[0].meta["val"].ndim - 1) else None


def narrowed(product: Any, weights: Any, values: Any, logits: Any) -> Any:
    """A product, with the bound of the weighted mean that it is, if it is one."""
    several = (product, weights, values, logits)
    if not all(isinstance(each, Bounded) for each in several) or logits.size != weights.size:
        return product
    if logits.shape[-1] != weights.shape[-1]:
        return product
    rows = logits.mapped(lambda each: each.reshape(weights.shape))
    with np.errstate(all="ignore"):
        whole = correlated.weighted(rows, values)
    same = np.allclose(whole.value, product.value, rtol=1e-12, atol=1e-300, equal_nan=True)
    return correlated.narrower(product, whole.error) if same else product
