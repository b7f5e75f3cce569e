"""JAX's jaxprs on arrays that carry errors."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from ..arithmetic.discrete import UndecidedError
from ..arithmetic.grids import GRIDS, on_grid
from ..arithmetic.kinds import is_real
from ..arithmetic.namespace import MissingError
from ..arithmetic.numbers import Errors, as_noted
from ..arithmetic.rounding import MODELS
from . import lax, lax_indices
from .brought import A_WAY, brought, by_library, is_elementwise
from .constants import constant_as
from .lax_moves import MOVES, moved_by
from .lax_patterns import extreme_of, logaddexp_of, narrowed, softmax_of, with_softplus
from .positions import is_lifted

Array = Any

# Primitives with a jaxpr inside that is simply run, and what it is called among their parameters.
CALLS = {name: key for key, names in {
    "jaxpr": "jit pjit checkpoint remat remat2", "fun_jaxpr": "custom_vjp_call_jaxpr",
    "call_jaxpr": "closed_call core_call custom_jvp_call custom_vjp_call",
}.items() for name in names.split()}  # fmt: skip
KEPT = frozenset({"convert_element_type", "copy", "copy_p", "stop_gradient"})  # of a constant, which stays one


class Graph(NamedTuple):
    """A jaxpr, whether it stands for the format of the arrays, its own dtypes, and those that its results have."""

    closed: Any
    wide: bool
    given: list[np.dtype[Any]]
    dtypes: tuple[np.dtype[Any], ...]


class Reading(NamedTuple):
    """How jaxprs are read: the namespace, what makes constants arrays, and the format that all formats stand for.

    Of some numbers errors are noted.
    """

    xp: Any
    lift: Callable[[np.ndarray], Any]
    form: np.dtype[Any] | None
    noted: Errors

    def format_of(self, variable: Any) -> np.dtype[Any] | None:
        """The format of a variable; None for integers."""
        dtype = np.dtype(variable.aval.dtype)
        return (self.form or dtype) if dtype.name in MODELS else None


def interpreted(graph: Graph, arrays: Sequence[Array], xp: Any, lift: Any, noted: Errors) -> list[Array]:
    """The results of a jaxpr on arrays that carry errors."""
    own = [each.dtype for each in arrays if is_real(each)]
    widest = max(own, key=lambda dtype: dtype.itemsize, default=np.dtype("float64"))
    as_traced = not graph.wide and [each.dtype for each in arrays] == graph.given
    reading = Reading(xp, lift, None if as_traced else widest, noted)
    with jax.enable_x64(True):
        found = run(reading, graph.closed.jaxpr, graph.closed.consts, arrays)
    results = []
    for each, variable, dtype in zip(found, graph.closed.jaxpr.outvars, graph.dtypes, strict=True):
        form = reading.format_of(variable)
        results.append(as_array(reading, each, form) if form else xp.astype(each, dtype))
    return results


def run(reading: Reading, jaxpr: Any, constants: Any, arrays: Sequence[Any]) -> list[Any]:
    """The results of a jaxpr."""
    values = dict(zip(jaxpr.constvars, (constant(reading, each) for each in constants), strict=True))
    values |= dict(zip(jaxpr.invars, arrays, strict=True))

    def read(atom: Any) -> Any:
        return constant(reading, atom.val) if hasattr(atom, "val") else values[atom]

    defined = {id(outcome): equation for equation in jaxpr.eqns for outcome in equation.outvars}
    for equation in needed(jaxpr):
        extreme = extreme_of(equation, defined)
        if extreme is None:
            found = applied(reading, equation, [read(atom) for atom in equation.invars])
            found = narrowed(found, softmax_of(equation, defined), read)
            found = with_softplus(found, logaddexp_of(equation, defined), read, reading.xp)
        else:
            found = lax.is_extreme(*extreme, *map(read, extreme[0].invars))
        values.update(zip(equation.outvars, found if equation.primitive.multiple_results else [found], strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def needed(jaxpr: Any) -> list[Any]:
    """The equations that a result depends on."""
    wanted = {id(atom) for atom in jaxpr.outvars}
    found = []
    for equation in reversed(jaxpr.eqns):
        if wanted & {id(each) for each in equation.outvars}:
            wanted |= {id(each) for each in equation.invars}
            found.append(equation)
    return found[::-1]


def constant(reading: Reading, x: Any) -> Any:
    """A number stays a number, whose cast is an error; an array is of the format that it is read in."""
    value = np.asarray(x)
    if value.dtype.name not in MODELS:
        return value
    if value.ndim == 0:
        return as_noted(float(value), reading.noted)
    return constant_as(value, reading.form, reading.xp, reading.lift)


def as_array(reading: Reading, x: Any, form: np.dtype[Any] | None) -> Any:
    """Numbers as arrays of a format."""
    if isinstance(x, float):
        return reading.xp.full((), x, dtype=form)
    return x if form is None or x.dtype == form else reading.xp.astype(x, form)


def applied(reading: Reading, equation: Any, arguments: list[Any]) -> Any:
    """One equation: the result of its primitive, or the list of them."""
    name, parameters = equation.primitive.name, equation.params
    form = reading.format_of(equation.outvars[0])
    if name in CALLS:
        inner = parameters[CALLS[name]]
        return run(reading, getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), arguments)
    if name in LOOPS:
        return LOOPS[name](reading, parameters, arguments)
    floats = any(is_lifted(each) or isinstance(each, float) for each in arguments)
    if name == "convert_element_type" and (floats or form):
        return arguments[0] if form and isinstance(arguments[0], float) else converted(reading, equation, arguments[0])
    if name in KEPT and isinstance(arguments[0], float):
        return arguments[0]
    if not floats:
        typed = (
            jax.numpy.asarray(each, atom.aval.dtype) for each, atom in zip(arguments, equation.invars, strict=True)
        )
        found = equation.primitive.bind(*typed, **parameters)
        several = equation.primitive.multiple_results
        return [constant(reading, each) for each in found] if several else constant(reading, found)
    exact = exactly(reading, equation, arguments)
    if exact is not None:
        return exact
    inputs = [reading.format_of(atom) for atom in equation.invars]
    lifted = [as_array(reading, each, kind) for each, kind in zip(arguments, inputs, strict=True)]
    try:
        if name in MOVES:
            return moved_by(equation, lifted)
        function = operation(name)
        if function is not None:
            return of_format(function(reading.xp, parameters, *lifted), equation, reading)
    except UndecidedError as error:
        raise UndecidedError(f"jax.lax.{name}: {error}") from None
    if name in lax.SAME:
        mixed = any(is_lifted(each) for each in arguments)  # numbers stay numbers beside arrays
        return getattr(reading.xp, lax.SAME[name])(*(arguments if mixed else lifted))
    shapes = {each.aval.shape for each in (*equation.invars, *equation.outvars)}
    pointwise = len(shapes) == len(lifted) == 1 and is_elementwise(value_and_slope(equation), lifted[0])
    ulp = brought(name, lifted) if pointwise else None
    if ulp is not None:
        return of_format(by_library(lifted[0], ulp, value_and_slope(equation)), equation, reading)
    wanted = f"judge the parts before and after it{A_WAY.format(name) if pointwise else ''}"
    raise MissingError(f"jax.lax.{name}: gaugeblock has no error bound for this operation of JAX yet; {wanted}")


# Of numbers that the format has, a result that it has too is what every library gives.
CORRECT = frozenset(["add", "sub", "mul", "max", "min", "neg", "abs", "floor", "ceil", "sign", "clamp"])


def exactly(reading: Reading, equation: Any, arguments: list[Any]) -> float | None:
    """A number that is made of numbers alone and rounds nothing."""
    form = reading.format_of(equation.outvars[0])
    if form is None or equation.primitive.name not in CORRECT or not all(isinstance(each, float) for each in arguments):
        return None
    found = float(equation.primitive.bind(*map(jax.numpy.float64, arguments), **equation.params))
    narrow = min(form, np.dtype(np.float32), key=lambda each: each.itemsize)  # whose results float64 has exactly
    with np.errstate(over="ignore"):
        every = all(float(np.asarray(each).astype(narrow)) == each for each in (found, *arguments))
    return found if every else None


def operation(name: str) -> Callable[..., Any] | None:
    """What a primitive is on arrays that carry errors."""
    for table in (lax, lax_indices):
        found = getattr(table, name.replace("-", "_"), None)
        if getattr(found, "__module__", None) == table.__name__:
            return found
    return None


def value_and_slope(equation: Any) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """A primitive of one array, and its slope, as JAX has them."""

    def run(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with jax.enable_x64(True):
            y, slope = jax.jvp(lambda each: equation.primitive.bind(each, **equation.params), (x,), (np.ones_like(x),))
            return np.asarray(y), np.asarray(slope)

    return run


def of_format(found: Any, equation: Any, reading: Reading) -> Any:
    """Results in the formats that JAX gives them."""
    if not isinstance(found, list):
        return as_array(reading, found, reading.format_of(equation.outvars[0]))
    pairs = zip(found, equation.outvars, strict=True)
    return [as_array(reading, each, reading.format_of(variable)) for each, variable in pairs]


def converted(reading: Reading, equation: Any, x: Any) -> Any:
    """Another dtype; of numbers, one format stands for several. Numbers of 8 bits stay in that which they came from."""
    if equation.params["new_dtype"].name in GRIDS:
        return on_grid(as_array(reading, x, None), equation.params["new_dtype"].name)
    form = reading.format_of(equation.outvars[0])
    if isinstance(x, float) and form is None:
        return np.asarray(x).astype(equation.params["new_dtype"])
    return reading.xp.astype(
        as_array(reading, x, form) if isinstance(x, float) else x, form or equation.params["new_dtype"]
    )


def scan(reading: Reading, p: Any, arguments: list[Any]) -> list[Any]:
    """A loop over the first axis."""
    fixed, carried = p["num_consts"], p["num_consts"] + p["num_carry"]
    state, rows = arguments[fixed:carried], arguments[carried:]
    steps = range(p["length"])
    found: dict[int, list[Any]] = {}
    for step in reversed(steps) if p["reverse"] else steps:
        inputs = [*arguments[:fixed], *state, *(each[step] for each in rows)]
        results = run(reading, p["jaxpr"].jaxpr, p["jaxpr"].consts, inputs)
        state, found[step] = results[: len(state)], results[len(state) :]
    variables = p["jaxpr"].jaxpr.outvars[len(state) :]
    columns = zip(*(found[step] for step in steps), strict=True)
    return [
        *state,
        *(stacked(reading, column, reading.format_of(v)) for column, v in zip(columns, variables, strict=True)),
    ]


def stacked(reading: Reading, rows: Sequence[Any], form: np.dtype[Any] | None) -> Any:
    """Rows as one array."""
    return reading.xp.stack([as_array(reading, row, form) for row in rows], axis=0)


def loop(reading: Reading, p: Any, arguments: list[Any]) -> list[Any]:
    """A loop whose condition rounding errors may not turn."""
    of_condition, of_body = p["cond_nconsts"], p["cond_nconsts"] + p["body_nconsts"]
    condition, body, state = p["cond_jaxpr"], p["body_jaxpr"], arguments[of_body:]
    while bool(run(reading, condition.jaxpr, condition.consts, [*arguments[:of_condition], *state])[0]):
        state = run(reading, body.jaxpr, body.consts, [*arguments[of_condition:of_body], *state])
    return state


def choice(reading: Reading, p: Any, arguments: list[Any]) -> list[Any]:
    """One of several branches."""
    chosen = p["branches"][lax.branch(arguments[0])]
    return run(reading, chosen.jaxpr, chosen.consts, arguments[1:])


LOOPS = {"scan": scan, "while": loop, "cond": choice}
