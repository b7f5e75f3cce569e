"""Gradients that are scaled down where their common norm is above a limit."""

from collections.abc import Callable
from typing import Any

from ..arguments import Array, Namespace, Scalar, describe, floating, rounded, wide
from ..declaration import formula
from ..hyperparameters import number
from ..trees import flatten

Tree = Any


@formula("(...), () -> (...)", domain=("real", "[0, inf)"), products=False, half="once")
def clip_by_global_norm(tree: Tree, max_norm: Scalar, /, *, xp: Namespace = None) -> Tree:
    """Return the tree itself, or ``tree max_norm / norm`` where the norm of all its elements together is larger.

    Parameters
    ----------
    tree : array, or any nesting of dicts, lists, tuples and named tuples of arrays
        Gradients. The squares of all are added up, in float32 for those of half precision.
    max_norm : float
        The largest norm that is left, at least 0 and finite.
    xp : namespace, optional
        The arrays' Array API namespace, where it is known.

    Returns
    -------
    a tree of new arrays, of the structure, shapes and dtypes of the first

    Raises
    ------
    TypeError
        A leaf that is no array of a real floating dtype, leaves of several dtypes, or a limit that is no number.
    ValueError
        A limit below 0, infinity or NaN.

    Notes
    -----
    ``torch.nn.utils.clip_grad_norm_`` divides by the norm plus 1e-6, so that it always scales down a little more.

    References
    ----------
    Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063.

    Examples
    --------
    >>> tree = reference.clip_by_global_norm([np.asarray([3.0]), np.asarray([4.0])], 2.5)  # from norm 5
    >>> [leaf.tolist() for leaf in tree]
    [[1.5], [2.0]]
    """
    max_norm, leaves, rebuild = checked(tree, max_norm, xp)
    if not leaves:
        return rebuild([])
    xp, dtype = floating(xp, tree=leaves[0])
    whole = [wide(leaf, xp) for leaf in leaves]
    total = xp.sum(whole[0] * whole[0])
    for leaf in whole[1:]:
        total = total + xp.sum(leaf * leaf)
    norm = xp.sqrt(total)
    clipped = [xp.where(norm <= max_norm, leaf, leaf * (max_norm / norm)) for leaf in whole]
    return rebuild([rounded(leaf, dtype, xp) for leaf in clipped])


def checked(tree: Tree, max_norm: Scalar, xp: Namespace) -> tuple[Any, list[Array], Callable[[list[Any]], Tree]]:
    """Return the limit, the leaves, and what makes a tree of such; raise for what does not fit."""
    max_norm = number("max_norm", max_norm)
    if isinstance(max_norm, float) and not 0 <= max_norm < float("inf"):
        raise ValueError(f"max_norm: got {max_norm!r}; wanted a finite number of at least 0")
    (leaves,), rebuild = flatten(tree=tree)
    for leaf in leaves:
        if not hasattr(leaf, "dtype"):
            raise TypeError(f"tree: got {describe(leaf)}; wanted an array of a real floating dtype")
    if leaves:
        floating(xp, tree=leaves[0], **{f"tree, leaf {place}": leaf for place, leaf in enumerate(leaves)})
    return max_norm, leaves, rebuild
