"""A function of JAX as a jaxpr, and the jaxpr on arrays that carry errors.

Functions of float32 are traced in float64: in a jaxpr of float32 constants have been rounded already. The arithmetic of
the bound is that of the arrays all the same.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

from ..arithmetic.namespace import MissingError
from ..arithmetic.rounding import MODELS
from .jaxpr import Graph
from .jaxpr import interpreted as interpreted
from .positions import DEPENDS, TracingError, alike

IS_QUICK = False  # to compute in float64 what it computes of NumPy's arrays: each operation is compiled for each shape


def has_operation(name: str) -> bool:
    """Whether there is a primitive of that name."""
    return hasattr(jax.lax, f"{name}_p")


def is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray | jax.Array)


def to_numpy(array: Any) -> np.ndarray:
    return np.asarray(array)


def leaves(tree: Any) -> list[Any]:
    """The arrays in a tree, such as a dictionary or a list."""
    return list(jax.tree.leaves(tree))


def flat(function: Any, arguments: Any, options: Any) -> tuple[Callable[..., list[Any]], list[Any], list[str]]:
    """The function of its arrays: it, they, and their names."""
    given, tree = jax.tree.flatten((arguments, options))
    places = [place for place, each in enumerate(given) if is_array(each)]

    def of_arrays(*arrays: Any) -> list[Any]:
        values = list(given)
        for place, array in zip(places, arrays, strict=True):
            values[place] = array
        positional, keywords = jax.tree.unflatten(tree, values)
        return leaves(function(*positional, **keywords))

    return of_arrays, [given[place] for place in places], [f"x{number}" for number in range(len(places))]


def in_double(arrays: Sequence[Any]) -> Any:
    """The setting in which JAX takes arrays of float64."""
    return jax.enable_x64(any(each.dtype.name == "float64" for each in arrays))


def called(of_arrays: Callable[..., list[Any]], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What JAX itself computes."""
    with in_double(arrays):
        try:
            return [np.asarray(each) for each in jax.jit(of_arrays)(*map(jax.numpy.asarray, arrays))]
        except jax.errors.ConcretizationTypeError:
            raise TracingError(f"got a branch or a number that {DEPENDS}; wanted jax.numpy.where") from None


def traced(of_arrays: Callable[..., list[Any]], arrays: Sequence[np.ndarray], others: dict[Any, Any]) -> Graph:
    """The jaxpr of a function of arrays: in float64 for those of float32.

    A function that has formats of its own, or constants that depend on the format, is traced as it is.
    """
    given = [each.dtype for each in arrays]
    others["is_known"] = True
    with in_double(arrays):
        try:
            closed = jax.make_jaxpr(of_arrays)(*(jax.ShapeDtypeStruct(each.shape, each.dtype) for each in arrays))
        except jax.errors.ConcretizationTypeError:
            raise TracingError(f"got a branch or a number that {DEPENDS}; wanted jax.numpy.where") from None
    dtypes = tuple(np.dtype(each.aval.dtype) for each in closed.jaxpr.outvars)
    graph = refused(Graph(closed, False, given, dtypes))
    if {dtype.name for dtype in given if dtype.name in MODELS} == {"float32"} and formats(graph) <= {"float32"}:
        double = [np.dtype("float64") if dtype.name in MODELS else dtype for dtype in given]
        shapes = [jax.ShapeDtypeStruct(each.shape, dtype) for each, dtype in zip(arrays, double, strict=True)]
        try:
            with jax.enable_x64(True):
                wide = Graph(jax.make_jaxpr(of_arrays)(*shapes), True, given, dtypes)
        except (TypeError, ValueError):
            return graph
        if formats(wide) <= {"float64"} and alike(constants(graph.closed), constants(wide.closed)):
            return wide
    return graph


def constants(closed: Any) -> list[np.ndarray]:
    """The numbers and arrays in a jaxpr and those inside."""
    jaxpr = getattr(closed, "jaxpr", closed)
    found = [np.asarray(each) for each in getattr(closed, "consts", ())]
    for equation in jaxpr.eqns:
        found += [np.asarray(atom.val) for atom in equation.invars if hasattr(atom, "val")]
        found += [each for inner in jaxprs_in(equation) for each in constants(inner)]
    return [each for each in found if each.dtype.name in MODELS]


def jaxprs_in(equation: Any) -> list[Any]:
    """The jaxprs among an equation's parameters."""

    def is_jaxpr(x: Any) -> bool:
        return hasattr(x, "eqns") or hasattr(x, "jaxpr")

    return [each for each in jax.tree.leaves(equation.params, is_leaf=is_jaxpr) if is_jaxpr(each)]


def refused(graph: Graph) -> Graph:
    """The graph; TracingError or MissingError, with its name, if an operation is random, or of complex numbers."""
    wanted = "a function that its arguments decide: give it the random numbers"
    for equation in equations(graph.closed.jaxpr):
        name = equation.primitive.name
        if name.startswith("random_") or name in ("threefry2x32", "rng_bit_generator", "rng_uniform"):
            raise TracingError(f"jax.random ({name}): got a random operation; wanted {wanted}")
        if not jaxprs_in(equation) and any(map(is_complex, (*equation.invars, *equation.outvars))):
            wanted = "real ones: the real and the imaginary part as two arrays"
            raise MissingError(f"jax.lax.{name}: gaugeblock has no error bound for complex numbers; wanted {wanted}")
    return graph


def is_complex(variable: Any) -> bool:
    """Whether it is of complex numbers, not of keys or of others."""
    dtype = getattr(variable.aval, "dtype", None)
    return isinstance(dtype, np.dtype) and dtype.kind == "c"


def equations(jaxpr: Any) -> Iterator[Any]:
    """All equations, in jaxprs inside too."""
    for equation in jaxpr.eqns:
        yield equation
        for inner in jaxprs_in(equation):
            yield from equations(getattr(inner, "jaxpr", inner))


def formats(graph: Graph) -> set[str]:
    """The formats that a graph computes in."""
    variables = (each for equation in equations(graph.closed.jaxpr) for each in equation.outvars)
    names = {str(each.aval.dtype) for each in variables if hasattr(each.aval, "dtype")}
    return names & MODELS.keys()


def updated(graph: Graph, names: Sequence[str]) -> list[str]:
    """Nothing is updated in place."""
    return []


def in_format(function: Any, dtype: np.dtype[Any]) -> Any:
    """A function has no state."""
    return function
