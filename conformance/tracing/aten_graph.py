"""A graph of PyTorch's operations on arrays that carry errors."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.fx.node import map_arg

from ...backends import load
from ..arithmetic.bounded import Bounded
from ..arithmetic.creation import filled_with
from ..arithmetic.discrete import UndecidedError
from ..arithmetic.kinds import is_real
from ..arithmetic.namespace import MissingError
from ..arithmetic.numbers import Errors, as_noted
from ..arithmetic.rounding import MODELS
from . import (
    aten,
    aten_axes,
    aten_gradients,
    aten_indices,
    aten_layers,
    aten_resampling,
    aten_sampling,
    aten_sequences,
    aten_solving,
    aten_windows,
)
from .aten_formats import default_dtype, in_float32, of_format, promoted
from .aten_names import name_of
from .aten_patterns import logits_of, narrowed
from .brought import A_WAY, brought, by_library
from .constants import constant_as, is_computed_alike
from .nested import leaves, mapped
from .positions import TracingError, is_lifted, moved, one

Array = Any

TABLES = (
    aten, aten_axes, aten_layers, aten_indices, aten_windows, aten_resampling, aten_sampling, aten_sequences,
    aten_gradients, aten_solving,
)  # fmt: skip
# What is moved. Each is run by PyTorch on positions, so nothing is written for it.
MOVED = """view _unsafe_view reshape permute transpose t expand squeeze unsqueeze slice select flip roll clone alias
    detach contiguous split split_with_sizes unbind chunk repeat diagonal unfold narrow movedim lift_fresh
    lift_fresh_copy _reshape_alias unsafe_split tile swapaxes rot90 upsample_nearest1d
    upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d _upsample_nearest_exact2d pixel_shuffle
    pixel_unshuffle channel_shuffle cat stack select_scatter slice_scatter diagonal_scatter reflection_pad1d
    reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d
    unsqueeze_copy repeat_interleave copy"""
MOVES = frozenset(MOVED.split())
# Moves that have a constant for what is outside: at which place of the arguments.
FILLS = {"constant_pad_nd": 2}
NOTHING = frozenset({"_assert_tensor_metadata", "_assert_async", "is_same_size", "_has_same_storage_numel"})


def operation(name: str) -> Callable[..., Any] | None:
    """What an operation is on arrays that carry errors."""
    of_standard = aten.SAME.get(name)
    for table in TABLES:
        found = getattr(table, name, None)
        if getattr(found, "__module__", "").startswith(__package__ or ""):
            return found
    return (lambda xp, *arrays: getattr(xp, of_standard)(*arrays)) if of_standard else None


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    if tensor._is_zerotensor():  # in which derivatives keep nothing but the shape
        return np.zeros(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
    if "float8" in str(tensor.dtype):
        what = f"got a tensor of {str(tensor.dtype).removeprefix('torch.')}, which has no arithmetic"
        raise TracingError(f"{what}; wanted its numbers in float32, and the cast inside of the function")
    return np.asarray(load("torch").to_numpy(tensor))


def to_tensor(array: np.ndarray) -> torch.Tensor:
    """NumPy's array as a tensor on the CPU, of bfloat16 too."""
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.astype(np.float32)).to(torch.bfloat16)
    return torch.from_numpy(np.array(array))


def interpreted(graph: torch.fx.GraphModule, arrays: Sequence[Array], xp: Any, lift: Any, noted: Errors) -> list[Array]:
    """The results of a graph on arrays that carry errors.

    A graph that was traced in float64 is read in the format of the arrays. Arrays of float64 in a graph of others take
    every format for float64.
    """
    known, integers = graph.meta.get("integers", []), [each for each in arrays if isinstance(each, np.ndarray)]
    if known and not all(map(np.array_equal, known, integers)):
        raise TracingError("got other integers than its graph was made of; wanted a function that does not read them")
    values: dict[Any, Any] = {}
    given = iter(arrays)
    own = [each.dtype for each in arrays if is_real(each)]
    widest = max(own, key=lambda dtype: dtype.itemsize, default=np.dtype("float64"))

    as_traced = not graph.meta["wide"] and [each.dtype for each in arrays] == graph.meta["given"]

    def format_of(tensor: Any) -> np.dtype[Any] | None:
        name = str(getattr(tensor, "dtype", "")).removeprefix("torch.")
        if name not in MODELS:
            return None
        return np.dtype(name) if as_traced else widest

    for node in graph.graph.nodes:
        arguments, options = map_arg((node.args, node.kwargs), values.__getitem__)
        if noted:
            arguments, options = with_errors((arguments, options), noted)
        if node.op == "placeholder":
            values[node] = next(given)
        elif node.op == "get_attr":
            values[node] = constant_as(
                to_numpy(getattr(graph, str(node.target))), format_of(node.meta.get("val")), xp, lift
            )
        elif node.op == "output":
            return list(arguments[0])
        else:
            formats = mapped(format_of, node.meta.get("val"))
            values[node] = applied(node.target, arguments, options, formats, xp, lift)
            logits = logits_of(node)
            if logits is not None:
                values[node] = narrowed(values[node], arguments[0], arguments[1], values[logits])
    raise TracingError("got a graph without an output")


def with_errors(given: Any, noted: Errors) -> Any:
    """What an operation is given, in which numbers have the errors that were noted of them."""
    return mapped(lambda x: as_noted(x, noted) if type(x) is float else x, given)


def applied(target: Any, arguments: Any, options: Any, formats: Any, xp: Any, lift: Any) -> Any:
    """One operation; `formats` are those of its results, None for integers."""
    name = name_of(target)
    if name == "getitem":
        return arguments[0][arguments[1]]
    if name.endswith("_") and name != "copy_":  # in place, among the parts of an operation
        name = name.removesuffix("_")
    if name in NOTHING or (arguments and arguments[0] is None):
        return None
    if name == "copy_":
        return arguments[1]
    every = leaves((arguments, options))
    floating = [each for each in leaves(formats) if each is not None]
    if not any(map(is_lifted, every)):
        if not (floating and any(isinstance(each, np.ndarray) for each in every)):
            return native(target, arguments, options, formats, xp, lift)
        if name in MOVES:
            return native(target, arguments, options, formats, xp, lift)
    if name in MOVES or name in FILLS:
        return of_format(moved_by(target, arguments, options, FILLS.get(name)), formats, xp)
    function = operation(name)
    if function is None:
        lifted = [each for each in every if is_lifted(each)]
        pointwise = torch.Tag.pointwise in getattr(target, "tags", ())
        ulp = brought(name, lifted) if pointwise else None
        if ulp is None:
            wanted = (
                f"judge the parts before and after it{A_WAY.format(name) if pointwise and len(lifted) == 1 else ''}"
            )
            raise MissingError(
                f"aten.{name}: gaugeblock has no error bound for this operation of PyTorch yet; {wanted}"
            )
        return of_format(by_library(lifted[0], ulp, value_and_slope(target, arguments, options)), formats, xp)
    if name in aten.SAME and any(each is None for each in arguments):
        raise MissingError(f"aten.{name}: gaugeblock does not have what an operation before it saved for its gradient")
    narrowest = sorted(floating, key=lambda dtype: dtype.itemsize)[:1]  # attention gives a logarithm in float32 too
    arguments, options = promoted(arguments, options, narrowest, name, xp)
    try:
        once = of_format(function(xp, *arguments, **options), formats, xp)
    except UndecidedError as error:
        raise UndecidedError(f"aten.{name}: {error}") from None
    half = [each for each in every if isinstance(each, Bounded) and each.dtype.itemsize == 2]
    if half and name not in aten.SAME:
        once = in_float32(function, arguments, options, formats, xp, once)
    return once


def value_and_slope(target: Any, arguments: Any, options: Any) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """An operation of one tensor, and its slope, as PyTorch has them."""

    def run(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tensor = torch.from_numpy(np.array(x)).requires_grad_()
        given = mapped(lambda each: tensor if is_lifted(each) else each, (arguments, options))
        with torch.enable_grad():
            y = target(*given[0], **given[1])
            (slope,) = torch.autograd.grad(y.sum(), tensor)
        return y.detach().numpy(), slope.numpy()

    return run


def moved_by(target: Any, arguments: Any, options: Any, fill: int | None) -> Any:
    """An operation that moves elements, run on positions."""
    outside = []
    if fill is not None:
        outside = [one(float(arguments[fill]) if len(arguments) > fill else 0.0, arguments[0])]
        arguments = (*arguments[:fill], -1, *arguments[fill + 1 :])
    found: list[Any] = []

    def run(*positions: np.ndarray) -> list[np.ndarray]:
        rest = iter(positions)

        def tensor(each: Any) -> Any:
            if is_lifted(each):
                return torch.from_numpy(next(rest).astype(np.float64))
            return torch.from_numpy(each) if isinstance(each, np.ndarray) else each

        moved_positional, moved_options = mapped(tensor, (arguments, options))
        results = target(*moved_positional, **moved_options)
        found.append(isinstance(results, list | tuple))
        return [each.numpy() for each in (results if found[-1] else [results])]

    results = moved(run, [*filter(is_lifted, leaves((arguments, options))), *outside])
    return results if found[-1] else results[0]


def native(target: Any, arguments: Any, options: Any, formats: Any, xp: Any, lift: Any) -> Any:
    """What PyTorch itself makes of integers and constants, which are real numbers before they are of a format."""
    number = arguments[1] if name_of(target) == "full" else None
    arguments, options = mapped(
        lambda x: torch.from_numpy(np.array(x)) if isinstance(x, np.ndarray | np.generic) else x, (arguments, options)
    )
    with default_dtype(torch.float64):
        found = target(*arguments, **options)

    def cast(tensor: Any, form: np.dtype[Any] | None) -> Any:
        constant = to_numpy(tensor)
        if form is None or is_computed_alike(name_of(target), constant):
            return constant_as(constant, form, xp, lift)
        return xp.astype(lift(constant), form)

    if isinstance(found, list | tuple):
        return [cast(each, form) for each, form in zip(found, formats, strict=True)]
    return filled_with(number, cast(found, formats)) if isinstance(found, torch.Tensor) else found
