"""Parameters as people hold them: an array, or any nesting of dicts, lists, tuples and named tuples of arrays."""

from collections.abc import Callable
from typing import Any

Tree = Any


def map_leaves(function: Callable[..., tuple[Any, ...]], results: int, /, **trees: Tree) -> tuple[Tree, ...]:
    """Call `function` on the corresponding leaves of `trees`; return its `results` results as trees like the first.

    Errors as in `flatten`.
    """
    columns, rebuild = flatten(**trees)
    rows = [function(*row) for row in zip(*columns, strict=True)]
    return tuple(rebuild([row[i] for row in rows]) for i in range(results))


def flatten(**trees: Tree) -> tuple[list[list[Any]], Callable[[list[Any]], Tree]]:
    """Return the leaves of each tree, and what makes a tree like the first of such a list.

    Raises
    ------
    TypeError
        Structures that differ from the first one's.
    """
    first, *others = trees
    if hasattr(trees[first], "dtype"):
        return [[leaf] for leaf in trees.values()], lambda leaves: leaves[0]
    import optree  # here, since an array needs none of it

    leaves, structure = optree.tree_flatten(trees[first])
    columns = [leaves]
    for name in others:
        try:
            columns.append(structure.flatten_up_to(trees[name]))
        except ValueError:
            other = optree.tree_structure(trees[name])
            raise TypeError(f"{name}: got structure {other}; wanted that of {first}, {structure}") from None
    return columns, structure.unflatten
