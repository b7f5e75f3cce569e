"""Functions of PyTorch and JAX as functions against the Array API standard, which tolerances are derived from.

A function of one of these libraries is traced by that library: it becomes a graph of operations, which runs on bounded
and on exact arrays as a reference function does. The libraries are imported only for functions and arrays of theirs.
"""

import contextlib
import functools
import importlib
import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic import bounded, exact, twofold_functions
from ..arithmetic.bounded import Bounded
from ..arithmetic.discrete import Discrete
from ..arithmetic.exact import Exact
from ..arithmetic.integers import Integers
from ..arithmetic.integers import plain as of_numpy
from ..arithmetic.kinds import is_real, scalar
from ..arithmetic.namespace import BOUNDED, EXACT, MissingError
from ..arithmetic.numbers import Errors, cast_first
from ..arithmetic.rounding import MODELS
from ..arithmetic.twofold import Twofold
from ..formulas import Formula
from .positions import TracingError

LIBRARIES = {"torch": "torch", "jax": "jax", "jaxlib": "jax"}  # by the module of a class
DOUBLE = np.dtype("float64")
# A graph is compared with the library's own run in float64, within so many bounds: misread operations are off by more,
# and the library's own inaccuracies, such as those of XLA's log1p, by less. PyTorch has some constants in float32.
WITNESSED, ITS_CONSTANTS = 1e5, 2.0**-24
MOST_WITNESSED = 100_000  # elements
BY_NAME = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY


class UpdatedInPlaceWarning(UserWarning):
    """What a function updates in place is no result, and is not judged."""


@dataclass(frozen=True)
class Traced(Formula):
    """A function of a library, of these tensors: its arguments are arrays, those of a module's state among them."""

    leaves: Callable[[Any], list[Any]] = list
    arrays: tuple[Any, ...] = ()
    has_operation: Callable[[str], bool] = bool  # whether the library has one of that name

    __hash__ = Formula.__hash__

    def named(self, result: Any) -> dict[str, Any]:
        """The arrays of a result, which may be a tree of them."""
        found = self.leaves(result)
        names = ["y"] if len(found) == 1 else [f"y{number}" for number in range(1, len(found) + 1)]
        return dict(zip(names, found, strict=True))


def library_of(function: Any, arguments: Any) -> str | None:
    """The library that traces a call: that of a module, or of its arrays, those in lists and dictionaries too."""
    if isinstance(arguments, dict):
        arguments = tuple(arguments.values())
    several = arguments if isinstance(arguments, tuple | list) else ()
    nested = (library_of(None, each) for each in several if isinstance(each, tuple | list | dict))
    modules = [base.__module__ for each in (function, *several) for base in type(each).__mro__]
    own = (LIBRARIES.get(str(each).partition(".")[0]) for each in (getattr(function, "__module__", ""), *modules))
    return next((each for each in (*own, *nested) if each), None)


def reader(library: str) -> ModuleType:
    """The module that reads functions of a library."""
    return importlib.import_module(f".from_{library}", __name__)


def standard(
    function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any], library: str | None = None,
    others: dict[Any, Any] | None = None,
) -> Traced | None:  # fmt: skip
    """A function of PyTorch or JAX, called on these arguments, as a formula of the arrays in them.

    Parameters
    ----------
    function : callable
        A function or a module.
    arguments, options
        As it takes them; its arrays may be in lists and dictionaries.
    library : str, optional
        'torch' or 'jax', where neither the function nor an argument tells.
    others : dict, optional
        What is known of the same function in other shapes and formats, which is added to. The first graph is compared
        with the library's own run in float64.

    Returns
    -------
    Traced or None
        The formula, whose `arrays` are its arguments: those of the call, then a module's parameters and buffers. None
        for a function and arrays of neither library.

    Raises
    ------
    TracingError, MissingError
        When it is called: the function is random, or does something that has no error bound.

    Examples
    --------
    >>> import torch
    >>> from gaugeblock.conformance.tracing import standard
    >>> formula = standard(torch.nn.functional.relu, (torch.ones(3),), {})
    >>> formula(*formula.arrays)
    array([1., 1., 1.], dtype=float32)
    """
    library = library or library_of(function, (*arguments, *options.values()))
    if library is None:
        return None
    of_library = reader(library)
    noted: Errors = {}
    of_arrays, given, names = of_library.flat(function, *cast_numbers(of_library, function, arguments, options, noted))
    arrays = tuple(map(of_library.to_numpy, given))
    if any(each.dtype.kind == "c" for each in arrays):
        raise MissingError(f"{name_of(function)}: got complex numbers; wanted real ones: both parts as two arrays")
    known = {} if others is None else others
    graph = functools.cache(lambda: graph_of(of_library, of_arrays, arrays, names, name_of(function), known))

    def traced(*values: Any) -> Any:
        if all(isinstance(each, np.ndarray | np.generic) and not isinstance(each, Integers) for each in values):
            values = tuple(map(np.asarray, values))
            is_better = of_library.IS_QUICK or sum(each.size for each in arrays) > MOST_WITNESSED
            if not any(each.dtype == DOUBLE for each in values) or (is_better and in_double(of_library, graph())):
                return packed(of_library.called(of_arrays, values))
            with contextlib.suppress(MissingError):  # of which a user may bring an accuracy
                found = interpreted(of_library, graph(), [*map(lifter(None), values)], noted)
                return packed([plain(each) for each in found])
            return packed(of_library.called(of_arrays, values))
        return packed(interpreted(of_library, graph(), values, noted))

    traced.__name__ = name_of(function)
    vars(traced)["__signature__"] = inspect.Signature(
        [inspect.Parameter(f"x{number}", inspect.Parameter.POSITIONAL_ONLY) for number in range(len(names))]
    )
    return Traced(traced, None, (), (), leaves=of_library.leaves, arrays=arrays, has_operation=of_library.has_operation)


def in_double(of_library: Any, graph: Any) -> bool:
    """Whether a graph was traced in float64 throughout."""
    return bool(of_library.formats(graph) <= {"float64"})


def name_of(function: Any) -> str:
    """A function's name, or a module's class."""
    return str(getattr(function, "__name__", type(function).__name__))


def packed(results: list[Any]) -> Any:
    """One result by itself, several in a tuple."""
    if not results:
        raise TracingError("got a function that returns no array of its library; wanted at least one")
    return results[0] if len(results) == 1 else tuple(results)


def plain(x: Any) -> Any:
    """The values alone."""
    return x.value if isinstance(x, Bounded | Discrete) else x


def graph_of(
    of_library: Any, of_arrays: Any, arrays: tuple[Any, ...], names: list[str], name: str, others: dict[Any, Any]
) -> Any:
    """The graph of a function of arrays; what it updates in place is said."""
    is_first = not others
    graph = of_library.traced(of_arrays, arrays, others)
    written = of_library.updated(graph, names)
    if written:
        what = f"{name} updates {', '.join(written)} in place"
        warnings.warn(f"{what}: the new values are not judged", UpdatedInPlaceWarning, stacklevel=2)
    if is_first and in_double(of_library, graph) and sum(each.size for each in arrays) <= MOST_WITNESSED:
        witness(of_library, of_arrays, arrays, graph, name)
    return graph


def cast_numbers(
    of_library: Any, function: Any, arguments: tuple[Any, ...], options: dict[str, Any], noted: Errors
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call whose Python numbers, those that are defaults too, may be cast to the format of its arrays first."""
    dtypes = {str(getattr(each, "dtype", "")).rpartition(".")[2] for each in of_library.leaves((arguments, options))}
    form = np.dtype("float64" if "float64" in dtypes else "float32")
    with contextlib.suppress(TypeError, ValueError):  # of what has no signature, or takes no such call
        bound = inspect.signature(function).bind(*arguments, **options)
        rest = (each for name, each in bound.signature.parameters.items() if name not in bound.arguments)
        options = options | {
            each.name: each.default for each in rest if type(each.default) is float and each.kind in BY_NAME
        }
    return tuple(cast_first(each, form, noted) for each in arguments), {
        name: cast_first(each, form, noted) for name, each in options.items()
    }


def interpreted(of_library: Any, graph: Any, values: Any, noted: Errors | None = None) -> list[Any]:
    """The results of a graph on bounded or exact arrays; constants get the arithmetic of the arrays.

    Of the numbers in the graph some are noted, with their errors.

    The operations of libraries have no twofold rules.
    """
    if any(isinstance(each, Twofold) for each in values):
        raise twofold_functions.NoRadiusError("a traced function")
    first = next((each for each in values if is_real(each)), None)
    is_exact = isinstance(first, Exact) or any(getattr(each, "xp", None) is EXACT for each in values)
    values = list(map(of_numpy, values))
    with np.errstate(all="ignore"):
        xp, lift = EXACT if is_exact else BOUNDED, lifter(first, is_exact)
        return list(of_library.interpreted(graph, values, xp, lift, noted or {}))


def lifter(first: Any, is_exact: bool = False) -> Callable[[np.ndarray], Any]:
    """What makes constants arrays of the kind and the arithmetic of another one."""
    if is_exact or isinstance(first, Exact):
        return lambda constant: exact.lift(constant, constant.dtype) if constant.dtype.name in MODELS else constant
    model = first.model if isinstance(first, Bounded) else MODELS["float64"]

    def lift(constant: np.ndarray) -> Any:
        if constant.dtype.name not in MODELS:
            return constant
        return bounded.lift(constant, bounded.model_of(constant.dtype, model), constant.dtype)

    return lift


def witness(of_library: Any, of_arrays: Any, arrays: tuple[Any, ...], graph: Any, name: str) -> None:
    """Raise ValueError if a graph in float64 gives something else than the library's own run in float64."""
    wide = [each.astype(DOUBLE) if each.dtype.name in MODELS else each for each in arrays]
    try:
        own = of_library.called(of_arrays, wide)
    except (RuntimeError, TypeError, ValueError):
        return  # the function has formats of its own, which do not go with float64
    try:
        results = interpreted(of_library, graph, list(map(lifter(None), wide)))
    except MissingError:  # of which a user may bring an accuracy
        return
    for number, (got, found) in enumerate(zip(own, results, strict=True)):
        if got.shape != found.shape:
            wrong = f"the shape {found.shape} instead of {got.shape}"
        elif isinstance(found, Bounded) and got.dtype == DOUBLE:
            with np.errstate(all="ignore"):
                off = np.abs(got - found.value) > WITNESSED * found.error + ITS_CONSTANTS * np.abs(got) + 1e-300
            certain = np.isfinite(found.error)
            off |= np.isfinite(got) & np.isnan(found.value) & certain
            same = ~np.isfinite(got) | (~np.isfinite(found.value) & ~(np.isnan(found.value) & certain))
            if not np.any(off & ~same):
                continue
            wrong = f"{int(np.sum(off & ~same))} of {got.size} elements otherwise"
        else:
            continue
        of = of_library.__name__.rpartition("_")[2]
        raise ValueError(
            f"{name}: gaugeblock reads an operation otherwise than {of} in float64, a mistake of gaugeblock's: result "
            f"{number + 1} has {wrong}"
        )


def declared_in(formula: Formula) -> Formula:
    """A declared formula whose function takes the arrays of a library, as one against the standard.

    It is traced for each shape. The parameters of a module take the format of the arrays, as after `module.to(dtype)`.
    """
    of_library = reader(str(formula.library))
    function, names = formula.function, list(formula.parameters)
    graphs: dict[Any, dict[Any, Any]] = {}  # of each choice of options

    @functools.lru_cache(maxsize=512)
    def at(positional: Any, keywords: Any) -> Traced:
        dtype = next(each.dtype for each in positional if isinstance(each, Like) and each.dtype.name in MODELS)
        values = [example(*each) if isinstance(each, Like) else each for each in positional]
        fixed = (*(each for each in positional if not isinstance(each, Like)), *keywords)
        others = graphs.setdefault(fixed, {})
        found = standard(of_library.in_format(function, dtype), tuple(values), dict(keywords), formula.library, others)
        assert found is not None
        return found

    def call(*arguments: Any, **options: Any) -> Any:
        hyper = {name: number(value) if is_real(value) else value for name, value in options.items()}
        static = [name in formula.hyper_parameters for name in names[: len(arguments)]]
        positional = tuple(
            (number(value) if is_real(value) else value) if fixed or not hasattr(value, "shape") else like(value)
            for value, fixed in zip(arguments, static, strict=True)
        )
        traced = at(positional, tuple(sorted(hyper.items())))
        given = [value for value, kind in zip(arguments, positional, strict=True) if isinstance(kind, Like)]
        state = traced.arrays[len(given) :]
        first = next(value for value in given if np.dtype(value.dtype).name in MODELS)
        return traced.function(*given, *(lifter(first)(each) if is_real(first) else each for each in state))

    call.__name__ = formula.name
    vars(call).update(__signature__=formula.python_signature, __wrapped__=function)
    return replace(formula, function=call)


def number(x: Any) -> float | None:
    """The number that an option is: the library casts it where it is used."""
    return scalar(Bounded(x.value, 0, x.model, x.dtype) if isinstance(x, Bounded) else x)


class Like(NamedTuple):
    """The shape and the dtype of an array."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def example(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    """An array to trace a function with."""
    if dtype.name not in MODELS:
        return np.ones(shape, dtype) if dtype.kind == "b" else np.zeros(shape, dtype)
    return np.random.default_rng(0).uniform(0.5, 1.5, shape).astype(dtype)


def like(x: Any) -> Like:
    return Like(tuple(x.shape), np.dtype(x.dtype))
