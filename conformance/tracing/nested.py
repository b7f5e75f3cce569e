"""What an operation of a graph is given: arrays and numbers in lists, tuples and dictionaries.

PyTorch's own functions for such trees take most of the time of a small graph.
"""

from collections.abc import Callable
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """The arrays and numbers of a tree, in order."""
    if isinstance(tree, list | tuple):
        return [leaf for each in tree for leaf in leaves(each)]
    return [leaf for each in tree.values() for leaf in leaves(each)] if isinstance(tree, dict) else [tree]


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with a function of each of its arrays and numbers."""
    if isinstance(tree, tuple):
        return tuple(mapped(function, each) for each in tree)
    if isinstance(tree, list):
        return [mapped(function, each) for each in tree]
    if isinstance(tree, dict):
        return {name: mapped(function, each) for name, each in tree.items()}
    return function(tree)
