"""JAX. A call runs one compiled program, but for the steps of optimizers; `jitted` has these under ``jax.jit`` too.

Its matrix products ask for full precision; subnormal numbers count as 0 in XLA.
"""

import contextlib
import functools
import inspect
import types
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy

from .. import reference
from ..reference.arguments import (
    class_axis,
    class_numbers,
    floating,
    indices,
    rounded,
    shape,
    table_of,
    wanted_shape,
    wide,
)
from ..reference.declaration import declaration_of
from ..reference.hyperparameters import flag
from . import _formulas, bind_all, documentation, native

name = "jax"
dtypes = ("float16", "bfloat16", "float32", "float64")
subnormals = "flush"

DONATION = "donate"  # the keyword that lets a step write over theta, its first argument, and the state, its third


def log_apart(x: Any) -> Any:
    """The logarithm by itself: fused with a sum, that of XLA in JAX 0.10.2 is off by up to 1.9 ulp in float64."""
    y = jnp.log(x)
    info = jnp.finfo(y.dtype)
    return jax.lax.reduce_precision(y, info.nexp, info.nmant)  # which changes no number


APART = types.SimpleNamespace(**vars(jnp))
APART.log = log_apart


@native(_formulas.categorical_cross_entropy)
def categorical_cross_entropy(y: Any, p: Any, /, *, axis: int = -1, clip: Any = None) -> Any:
    """The logarithm and the sum are not fused."""
    return reference.categorical_cross_entropy(y, p, axis=axis, clip=clip, xp=APART)


@native(_formulas.sparse_categorical_cross_entropy_from_logits)
def sparse_categorical_cross_entropy_from_logits(labels: Any, x: Any, /, *, axis: int = -1) -> Any:
    """Only the logarithms of the sums are taken."""
    _, dtype = floating(jnp, x=x)
    class_axis("x", x, axis)
    index = jnp.expand_dims(class_numbers(labels, x, axis, jnp), axis)
    x = wide(x, jnp)
    largest = jnp.max(x, axis=axis, keepdims=True)
    total = jnp.sum(jnp.exp(x - largest), axis=axis, keepdims=True)
    losses = jnp.log(total) - (jnp.take_along_axis(x, index, axis=axis) - largest)
    return rounded(jnp.squeeze(losses, axis=axis), dtype, jnp)


@native(_formulas.embedding_vjp)
def embedding_vjp(table: Any, labels: Any, g: Any) -> Any:
    """Computed by a scattered addition, which needs no more memory."""
    _, dtype = floating(jnp, table=table, g=g)
    count, columns = table_of(table)
    index = indices(labels, count, jnp)
    wanted_shape("g", g, (*shape(labels), columns), ", that of the result")
    return rounded(jnp.zeros(table.shape, wide(g, jnp).dtype).at[index].add(wide(g, jnp)), dtype, jnp)


def precise(function: Any) -> Any:
    """Return the function; if its declaration has products, they are computed in full precision."""
    declaration = declaration_of(function)
    if declaration is None or not declaration.products:
        return function

    @functools.wraps(function)
    def in_full_precision(*arguments: Any, **options: Any) -> Any:
        with jax.default_matmul_precision("highest"):
            return function(*arguments, **options)

    note = "Products are computed in full precision, which is not JAX's default on accelerators."
    in_full_precision.__doc__ = documentation(function, note)
    return in_full_precision


bind_all(globals(), jnp, precise)

if TYPE_CHECKING:
    from ._formulas import *  # noqa: F403


def constants(function: Any) -> tuple[list[str], list[int]]:
    """The keywords, and the places of hyper-parameters: a program has constants, so that the host forms 1 - beta."""
    parameters = inspect.signature(function).parameters.values()
    keywords = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    others = function.__formula__.hyper_parameters.difference(keywords)
    return keywords, [place for place, each in enumerate(parameters) if each.name in others]


def compiled(function: Any, **options: Any) -> Any:
    """Return `function` under jit."""
    keywords, places = constants(function)
    return jax.jit(function, static_argnames=keywords, static_argnums=places, **options)


def as_program(function: Any, program: Any) -> Any:
    """Return `function`, run by its `program`: one compilation for a shape, and not one for each operation.

    A call with anything but arrays of JAX is run as it is. So is one with NaN as an option: of a constant that is NaN,
    the exp of a program is any number (jax-ml/jax issue 29537, and JAX 0.10.2).
    """

    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        known = all(isinstance(each, jax.Array) for each in jax.tree.leaves(arguments))
        constant = all(isinstance(each, bool | int | float | str | None) and each == each for each in options.values())
        return (program if known and constant else function)(*arguments, **options)

    return call


# adam_init and sgd_init are not declared, since they compute nothing.
bound = {name: globals()[name] for name in reference.FORMULAS if declaration_of(globals()[name])}
jitted = types.SimpleNamespace(**{name: compiled(function) for name, function in bound.items()})
# Hyper-parameters that change from call to call, as those of a step do, are no constants of a program.
steady = {
    name: function
    for name, function in bound.items()
    if not constants(function)[1] and DONATION not in inspect.signature(function).parameters
}
globals().update({name: as_program(function, getattr(jitted, name)) for name, function in steady.items()})


def step_of(name: str) -> Any:
    """A step of an optimizer, compiled twice: as it is, and with theta and the state given away."""
    keeping, donating = getattr(jitted, name), compiled(bound[name], donate_argnums=(0, 2))

    @native(getattr(_formulas, name))
    def step(*arguments: Any, donate: bool = False, **options: Any) -> Any:
        """Under jit. With `donate`, the results are written over theta and the state, which cannot be used after."""
        return (donating if flag("donate", donate) else keeping)(*arguments, **options)

    step.__name__ = name
    return step


for each in vars(jitted):
    if DONATION in inspect.signature(bound[each]).parameters:
        setattr(jitted, each, step_of(each))
variants = {"jit": jitted}


def asarray(array: Any, device: str | None = None) -> Any:
    """A NumPy array as a JAX array on `device`: 'cpu', 'gpu', 'cuda:1', 'tpu', ...

    Without x64, JAX converts float64 to float32 silently; here that is a TypeError.
    """
    enabled = jax.config.jax_enable_x64  # pyright: ignore[reportAttributeAccessIssue]
    if getattr(array, "dtype", None) == numpy.float64 and not enabled:
        raise TypeError("array: got float64, of which JAX makes float32; wanted float32, or jax.enable_x64(True)")
    if device is None:
        return jax.device_put(array, may_alias=False)  # jnp.array compiles a program for each shape
    platform, _, index = device.partition(":")
    try:
        return jax.device_put(array, jax.devices(platform)[int(index or 0)], may_alias=False)
    except (RuntimeError, ValueError, IndexError):
        there = ", ".join(sorted({d.platform for d in jax.devices()}))
        raise ValueError(f"device: got {device!r}; wanted one that JAX has here ({there})") from None


def to_numpy(array: Any) -> Any:
    """The array as NumPy's."""
    if not isinstance(array, jax.Array):
        raise TypeError(f"got {type(array).__name__}; wanted a JAX array")
    return numpy.asarray(array)


def shares_memory(a: Any, b: Any) -> bool:
    """Never: JAX arrays cannot be changed, so that sharing cannot be seen."""
    return False


# JAX decides on the layout itself.
layouts: dict[str, Any] = {}


def settings(dtype: str) -> contextlib.AbstractContextManager[Any]:
    """float64 exists under ``jax.enable_x64`` only; float32 is judged without it, as most code runs."""
    context: contextlib.AbstractContextManager[Any] = jax.enable_x64(dtype == "float64")
    return context


def forget() -> None:
    """Free the programs that were compiled: each takes 2 MB, and judging compiles one for each shape."""
    jax.clear_caches()


def versions() -> dict[str, str]:
    """The library that computes."""
    return {"jax": jax.__version__, "numpy": numpy.__version__}
