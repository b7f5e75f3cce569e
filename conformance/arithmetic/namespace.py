"""The namespaces that a formula gets from bounded and from exact arrays, as the Array API standard calls them.

Each has what its arithmetic has itself, the functions of the modules beside it, and the constants and dtypes. What is
missing is an error of one line.
"""

import types
from functools import partial
from typing import Any

import numpy as np

from . import bounded_functions, creation, decisions, exact, functions, pairs, reductions, structure
from .exact import Exact
from .first_order import Followed

# What each module gives; the rest of it is its own.
NAMES = {
    structure: """reshape permute_dims matrix_transpose moveaxis swapaxes expand_dims squeeze broadcast_to
        broadcast_arrays flip roll tile repeat diagonal split unstack concat stack meshgrid pad tril triu take
        take_along_axis""",
    functions: """sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp exp2 expm1 log log1p log2 log10 sqrt
        erf erfc sigmoid abs negative positive square reciprocal rsqrt""",
    pairs: "add subtract multiply divide pow hypot atan2 logaddexp softplus maximum minimum clip",
    decisions: """less less_equal greater greater_equal equal not_equal logical_and logical_or logical_xor logical_not
        all any count_nonzero where floor ceil trunc round sign floor_divide remainder isnan isinf isfinite argmax
        argmin sort argsort""",
    reductions: """sum mean var std max min prod cumulative_sum cumulative_prod diff matmul vecdot tensordot einsum
        outer""",
}
CREATION = "_constant zeros ones full eye arange linspace zeros_like ones_like full_like asarray astype"
LINALG = "matmul matrix_transpose outer tensordot vecdot diagonal trace vector_norm matrix_norm"
# Of integers, booleans and dtypes, which stay NumPy's.
OF_NUMPY = """pi e inf nan newaxis bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 bitwise_and bitwise_or
    bitwise_xor bitwise_invert bitwise_left_shift bitwise_right_shift broadcast_shapes iinfo can_cast result_type
    __array_namespace_info__"""
OF_ARITHMETIC = "float32 float64 finfo isdtype"
IN_THE_CORE = "reshape concat matrix_transpose squeeze expand_dims"  # structure that each arithmetic has itself


class MissingError(AttributeError, ValueError):
    """A function that has no error bound yet."""


def missing(name: str) -> Any:
    """The `__getattr__` of both namespaces."""
    if name.startswith("__"):
        raise AttributeError(name)
    known = ", ".join(sorted(each for each in vars(BOUNDED) if not each.startswith("_")))
    raise MissingError(f"xp.{name}: gaugeblock has no error bound for it yet; it has {known}")


def namespace(arithmetic: types.ModuleType) -> types.ModuleType:
    """The namespace of the arrays of an arithmetic."""
    found = types.ModuleType(f"{arithmetic.__name__}.namespace")
    own = {name: getattr(np, name) for name in OF_NUMPY.split()}
    own |= {name: getattr(arithmetic, name) for name in OF_ARITHMETIC.split()}
    own |= {name: getattr(module, name) for module, names in NAMES.items() for name in names.split()}
    made = creation.Creation(arithmetic is exact)
    own |= {name: getattr(made, name) for name in CREATION.split()}
    own |= {name: in_the_core(getattr(arithmetic, name), own[name]) for name in IN_THE_CORE.split()}
    linalg = types.ModuleType(f"{found.__name__}.linalg")
    vars(linalg).update({name: getattr(reductions, name, None) or own[name] for name in LINALG.split()})
    vars(found).update(own | {"linalg": linalg, "__getattr__": missing})
    vars(linalg).update(diagonal=partial(structure.diagonal, axis1=-2, axis2=-1), __getattr__=missing)
    return found


def in_the_core(of_core: Any, of_all: Any) -> Any:
    """The core's own function for its own arrays, and the wide one for constants and undecided answers."""

    def function(x: Any, /, *arguments: Any, **options: Any) -> Any:
        arrays = x if isinstance(x, list | tuple) else [x]
        own = all(type(each) is type(arrays[0]) and hasattr(each, "__array_namespace__") for each in arrays)
        chosen = of_core if own and not isinstance(arrays[0], np.ndarray | np.generic | Followed) else of_all
        return chosen(x, *arguments, **options)

    return function


BOUNDED, EXACT = namespace(bounded_functions), namespace(exact)


def of(x: Any) -> types.ModuleType:
    """The namespace of an array."""
    return EXACT if isinstance(x, Exact) else BOUNDED
