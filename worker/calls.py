"""One call of a subject's function: what comes back, as bits that nobody changes, and what became of the arguments."""

import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..reference.libraries import refuse_unfit
from ..reference.trajectory import after, trajectory
from .adapters import Optimizer
from .messages import fields_of
from .places import raised_at
from .text import first_line, one_line

KEPT = 8  # results of earlier calls that are watched for changes: a subject may have some buffers that it uses in turn
LARGEST = 2**28  # bytes of a result

Function = Callable[..., Any]
Convert = Callable[[int, Any], Any]  # of an argument's number and array: the array in another layout
Earlier = dict[str, list[tuple[Any, bytes]]]  # by function: results of earlier calls, and their bits


class BrokenResultError(Exception):
    """What came back is no result."""


class Given(NamedTuple):
    """An array that a subject was given."""

    name: str  # of the argument
    before: np.ndarray
    array: Any  # the library's


class Answer(NamedTuple):
    """What came of a call."""

    results: dict[str, np.ndarray]
    counts: dict[str, Any]
    shared: tuple[str, ...]  # the results that share memory with an argument which stays the caller's
    altered: tuple[int, ...]  # the arrays among those arguments that were changed, counted from 1
    arrays: int  # how many there are among all arguments
    lost: int  # how many results of earlier calls were changed


def unchanged(number: int, array: Any) -> Any:
    """An argument as it is."""
    return array


def same(array: Any) -> Any:
    return array


def answer(
    backend: Any,
    function: Function,
    asked: Any,
    change: Convert = unchanged,
    earlier: Earlier | None = None,
    copied: bool = False,
) -> Answer:
    """Call a function, and see what came of it.

    Parameters
    ----------
    backend : module
        The library whose arrays it takes.
    function : callable
    asked : Case or Asked
    change : callable
        What puts an argument in another memory layout.
    earlier : dict, optional
        Results of earlier calls, which are watched; those of this one are added.
    copied : bool
        Whether a call with steps goes on from copies.

    Raises
    ------
    NotImplementedError
        The subject declines.
    BrokenResultError
        It raised, or what it returned is no result.
    """
    form, earlier = asked.formula, {} if earlier is None else earlier
    given, results = call(backend, function, asked, change, partial(read_back, backend) if copied else same)
    counts = {name: results.pop(name) for name in form.counts if name in results}
    kept = list(enumerate(given, 1))
    if asked.donates:  # what the next step does not take over stays the caller's
        kept = [(n, each) for n, each in kept if each.name not in form.carried]
    shared = [
        name
        for name, (array, _) in results.items()
        if any(backend.shares_memory(array, each.array) for _, each in kept)
    ]
    altered = [n for n, each in kept if not still(backend, each.array, each.before.tobytes())]
    before = earlier.get(asked.function, [])
    lost = sum(not still(backend, array, bits) for array, bits in before)
    new = [(array, values.tobytes()) for array, values in results.values()]
    if asked.donates:  # those of the last step: the others were given away
        new = new[-(len(form.names) - len(counts)) :]
    if isinstance(function, Optimizer):  # which may go on in the arrays that it has returned
        new = []
    earlier[asked.function] = [*before, *new][-KEPT:]
    values = {name: each for name, (_, each) in results.items()}
    return Answer(values, counts, tuple(shared), tuple(altered), len(given), lost)


def call(
    backend: Any,
    function: Function,
    asked: Any,
    change: Convert = unchanged,
    copied: Callable[[Any], Any] = same,
) -> tuple[list[Given], dict[str, Any]]:
    """Call a function; return its arrays, and its results by name, each as the library's array and as NumPy's.

    Where there are steps, the function is called for each, and goes on from what `copied` gives there.
    """
    form = asked.formula
    try:
        given, arguments = converted(backend, asked, change)
    except Exception as error:  # its library's, or a layout of its own: nothing that the function declines
        raise BrokenResultError(f"its arguments cannot be made: {one_line(error)}") from None
    computed = getattr(backend, "computed", same)

    def name(result: Any) -> dict[str, Any]:
        return dict(computed(named(form, result)))

    def run() -> dict[str, Any]:
        if not asked.steps and not isinstance(function, Optimizer):
            return unpack(backend, form, name(function(*arguments, **asked.options)))
        steps = asked.steps or (1,)
        names = zip(form.parameters, asked.arguments, arguments, strict=False)
        streams = [
            value
            if parameter in form.carried
            else (backend.asarray(np.array(each)) for each in before)
            if asked.steps
            else iter([value])
            for parameter, before, value in names
        ]
        if isinstance(function, Optimizer):
            function.refuse(form, asked, copied is not same)
            theta, gradients = (each for each, p in zip(streams, form.parameters, strict=False) if p != form.state)
            own = read_back(backend, theta)
            found: Iterable[Any] = map(computed, function.run(form, own, gradients, asked.options, steps))
        else:
            found = trajectory(function, form, streams, asked.options, steps, name, copied)
        unpacked = (unpack(backend, form, each) for each in found)
        return after(steps, unpacked, form.counts) if asked.steps else next(unpacked)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # special values are judged by what comes out
            return given, run()
    except (NotImplementedError, BrokenResultError):
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, TypeError) and form.donation in asked.options:  # few words name the keyword
            what = f"{asked.function} does not take {form.donation}"
            raise NotImplementedError(f"{what}: {one_line(error)}") from None
        raise BrokenResultError(f"it raised {one_line(error)}{raised_at(error, function)}") from None


def converted(backend: Any, asked: Any, change: Convert = unchanged) -> tuple[list[Given], list[Any]]:
    """The arrays, each as NumPy's and as the library's, and the arguments made of the latter."""
    given: list[Given] = []
    shares = change is unchanged and not asked.formula.carried  # a state may be written to

    def convert(name: str, value: Any) -> Any:
        if isinstance(value, tuple):
            parts = [convert(name, part) for part in value]
            return tuple(parts) if fields_of(value) is None else type(value)(*parts)
        if not isinstance(value, np.ndarray | np.generic):
            return value
        array = one_of(given, value) if shares else None
        if array is None:
            array = change(len(given), backend.asarray(np.array(value)))
        given.append(Given(name, np.array(backend.to_numpy(array)), array))  # JAX makes int32 of int64
        return array

    return given, [convert(*pair) for pair in zip(asked.formula.parameters, asked.arguments, strict=False)]


def one_of(given: list[Given], value: np.ndarray | np.generic) -> Any:
    """The array that was given before with the same numbers: a caller may have one in the places of two arguments.

    Of matrices it may be the transpose, as in ``x @ x.T``.
    """
    for _, before, array in given:
        if equal(before, value):
            return array
        if before.ndim > 1 and hasattr(array, "mT") and equal(before.mT, value):
            return array.mT
    return None


def equal(one: np.ndarray, other: np.ndarray | np.generic) -> bool:
    """Whether two arrays have the same dtype, shape and bits."""
    return (one.dtype, one.shape) == (other.dtype, other.shape) and one.tobytes() == other.tobytes()


def still(backend: Any, array: Any, bits: bytes) -> bool:
    """Whether an array has the bits that it had; one that was given up (donated) has none."""
    try:
        return bool(backend.to_numpy(array).tobytes() == bits)
    except RuntimeError:
        return False


def read_back(backend: Any, array: Any) -> Any:
    """An array's copy, by way of NumPy."""
    return backend.asarray(np.array(backend.to_numpy(array)))


def named(form: Any, result: Any) -> dict[str, Any]:
    """The results by name, counts as numbers; BrokenResultError if they are none."""
    try:
        found = form.named(result)
    except (AttributeError, IndexError, TypeError, ValueError):
        raise BrokenResultError(f"it returned {type(result).__name__}; wanted {form.wanted}") from None
    return {name: as_count(name, value) if name in form.counts else value for name, value in found.items()}


def unpack(backend: Any, form: Any, results: Mapping[str, Any]) -> dict[str, Any]:
    """The results by name, each with its values as a NumPy array; BrokenResultError if it has none."""
    values: dict[str, Any] = {}
    for name, array in results.items():
        if name in form.counts:
            values[name] = array
            continue
        try:
            refuse_unfit(**{name: array})
            found = backend.to_numpy(array)
            if found.nbytes > LARGEST:
                raise ValueError(f"got an array of shape {found.shape}; wanted one of at most {LARGEST} bytes")
            values[name] = array, np.array(found)
        except (TypeError, ValueError, RuntimeError) as error:
            raise BrokenResultError(f"{name}: {first_line(error).removeprefix(f'{name}: ')}") from None
        dtype = values[name][1].dtype
        if dtype.kind not in "biufc" and dtype.name != "bfloat16":
            raise BrokenResultError(f"{name}: got an array of {dtype}; wanted numbers")
    return values


def as_count(name: str, value: Any) -> Any:
    """A count, such as a state's step, as a Python number, an integer if it is one."""
    try:
        return int(value) if int(value) == value else float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise BrokenResultError(f"{name}: got {type(value).__name__}; wanted an integer") from None
