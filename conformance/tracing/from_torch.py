"""A function or module of PyTorch as a graph of operations, and the graph on arrays that carry errors.

`make_fx` records what the function does to tensors of these shapes, below autograd and without updates in place. Of the
decompositions into core operations those are left out whose whole operation is in `aten`, since its bound is better.
"""

import contextlib
import copy
import functools
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch._decomp import core_aten_decompositions
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

from ...backends import load
from ..arithmetic import bounded
from ..arithmetic.bounded import Bounded
from ..arithmetic.kinds import is_real
from ..arithmetic.namespace import MissingError
from ..arithmetic.rounding import MODELS
from . import aten, aten_axes, aten_gradients, aten_layers
from .positions import DEPENDS, TracingError, alike, is_lifted, moved

Array = Any

TABLES = (aten, aten_axes, aten_layers, aten_gradients)
# What is moved. Each is run by PyTorch on positions, so nothing is written for it.
MOVED = """view _unsafe_view reshape permute transpose t expand squeeze unsqueeze slice select flip roll clone alias
    detach contiguous split split_with_sizes unbind chunk repeat diagonal unfold narrow movedim lift_fresh
    lift_fresh_copy _reshape_alias unsafe_split tile swapaxes rot90 as_strided upsample_nearest1d
    upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d _upsample_nearest_exact2d pixel_shuffle
    pixel_unshuffle channel_shuffle cat stack select_scatter slice_scatter diagonal_scatter reflection_pad1d
    reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d
    unsqueeze_copy repeat_interleave copy"""
MOVES = frozenset(MOVED.split())
# Moves that have a constant for what is outside: at which place of the arguments.
FILLS = {"constant_pad_nd": 2}
NOTHING = frozenset({"_assert_tensor_metadata", "_assert_async"})
# Kept whole beside those that the tables have.
RANDOM = frozenset({"native_dropout", "bernoulli", "rrelu_with_noise", "rrelu_with_noise_functional"})
# Decomposed all the same, since the parts are what every library computes.
PARTS = frozenset({"index_select", "where", "all", "any"})


def name_of(target: Any) -> str:
    """The operation's name, without its overload."""
    return str(getattr(target, "overloadpacket", target).__name__)


def operation(name: str) -> Callable[..., Any] | None:
    """What an operation is on arrays that carry errors."""
    of_standard = aten.SAME.get(name)
    for table in TABLES:
        found = getattr(table, name, None)
        if getattr(found, "__module__", "").startswith(__package__ or ""):
            return found
    return (lambda xp, *arrays: getattr(xp, of_standard)(*arrays)) if of_standard else None


@functools.cache
def decompositions() -> dict[Any, Any]:
    """PyTorch's decompositions, but of what is kept whole."""

    def kept(name: str) -> bool:
        return name in MOVES | RANDOM | FILLS.keys() or (operation(name) is not None and name not in PARTS)

    return {target: how for target, how in core_aten_decompositions().items() if not kept(name_of(target))}


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    return np.asarray(load("torch").to_numpy(tensor))


def to_tensor(array: np.ndarray) -> torch.Tensor:
    """NumPy's array as a tensor on the CPU, of bfloat16 too."""
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.astype(np.float32)).to(torch.bfloat16)
    return torch.from_numpy(np.array(array))


def is_module(function: Any) -> bool:
    return isinstance(function, torch.nn.Module)


def state_of(function: Any) -> dict[str, torch.Tensor]:
    """The parameters and buffers of a module."""
    if not is_module(function):
        return {}
    return {name: each.detach() for name, each in (*function.named_parameters(), *function.named_buffers())}


def leaves(tree: Any) -> list[Any]:
    """The tensors in a tree, such as a dictionary or a list."""
    return [each for each in pytree.tree_leaves(tree) if each is not None]


@contextlib.contextmanager
def default_dtype(arrays: Sequence[torch.Tensor]) -> Iterator[None]:
    """The dtype of what a function makes without saying of which: float64 among tensors of float64."""
    before = torch.get_default_dtype()
    if any(each.dtype == torch.float64 for each in arrays):
        torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def flat(function: Any, arguments: Any, options: Any) -> tuple[Callable[..., list[Any]], list[Any], list[str]]:
    """The function of its tensors, of parameters and buffers too: it, they, and their names."""
    given, spec = pytree.tree_flatten((arguments, options))
    given = [to_tensor(each) if isinstance(each, np.ndarray) else each for each in given]
    places = [place for place, each in enumerate(given) if isinstance(each, torch.Tensor)]
    state = state_of(function)

    def of_tensors(*tensors: torch.Tensor) -> list[Any]:
        values = list(given)
        for place, tensor in zip(places, tensors, strict=False):
            values[place] = tensor
        positional, keywords = pytree.tree_unflatten(values, spec)
        if not state:
            return leaves(function(*positional, **keywords))
        own = dict(zip(state, tensors[len(places) :], strict=True))
        return leaves(torch.func.functional_call(function, own, positional, keywords))

    names = [f"x{number}" for number in range(len(places))] + [each.replace(".", "_") for each in state]
    return of_tensors, [*(given[place].detach() for place in places), *state.values()], names


def called(of_tensors: Callable[..., list[Any]], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What PyTorch itself computes."""
    tensors = list(map(to_tensor, arrays))
    with default_dtype(tensors), torch.random.fork_rng(devices=[]):
        return [to_numpy(each) for each in of_tensors(*tensors) if isinstance(each, torch.Tensor)]


def graph_of(of_tensors: Callable[..., list[Any]], arrays: Sequence[np.ndarray]) -> torch.fx.GraphModule:
    """The graph of a function of tensors, made on arrays."""
    tensors = list(map(to_tensor, arrays))

    def tensors_of(*given: torch.Tensor) -> list[torch.Tensor]:
        return [each for each in of_tensors(*given) if isinstance(each, torch.Tensor)]

    plain = torch.backends.mkldnn.flags(enabled=False)  # operations of its own hide those that they are made of
    with default_dtype(tensors), torch.random.fork_rng(devices=[]), plain, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            graph = make_fx(torch.func.functionalize(tensors_of), decompositions())(*tensors)
        except RuntimeError as error:
            if "value out of a tracing tensor" not in str(error):
                raise
            raise TracingError(f"got a branch or a number that {DEPENDS}; wanted torch.where") from None
    refuse_random(graph)
    return graph


def traced(of_tensors: Callable[..., list[Any]], arrays: Sequence[np.ndarray]) -> torch.fx.GraphModule:
    """The graph of a function of arrays: in float64 for those of float32, so that constants keep their value.

    A function that has formats of its own, or constants that depend on the format, is traced as it is.
    """
    graph = graph_of(of_tensors, arrays)
    graph.meta.update(wide=False, given=[each.dtype for each in arrays])
    if {each.dtype.name for each in arrays if each.dtype.name in MODELS} == {"float32"}:
        double = [each.astype(np.float64) if each.dtype.name in MODELS else each for each in arrays]
        try:
            wide = graph_of(of_tensors, double)
        except (RuntimeError, TypeError):
            return graph
        if formats(wide) <= {"float64"} and formats(graph) <= {"float32"} and alike(constants(graph), constants(wide)):
            wide.meta.update(wide=True)
            return wide
    return graph


def constants(graph: torch.fx.GraphModule) -> list[np.ndarray]:
    """The numbers and tensors in a graph."""
    found = []
    for node in graph.graph.nodes:
        if node.op == "get_attr":
            found.append(to_numpy(getattr(graph, str(node.target))))
        found += [np.asarray(x) for x in pytree.tree_leaves((node.args, node.kwargs)) if isinstance(x, int | float)]
    return found


def refuse_random(graph: torch.fx.GraphModule) -> None:
    """Raise TracingError, with its name, for an operation whose result is random."""
    for node in (each for each in graph.graph.nodes if each.op == "call_function"):
        name, tags = name_of(node.target), getattr(node.target, "tags", ())
        drawn = name in RANDOM or torch.Tag.nondeterministic_seeded in tags
        without_dropout = len(node.args) > 3 and node.args[3] == 0.0  # of attention
        if drawn and not (name.startswith("_scaled_dot") and (without_dropout or len(node.args) < 4)):
            wanted = "a function that its arguments decide, such as a module after .eval()"
            raise TracingError(f"aten.{name}: got a random operation, as dropout is; wanted {wanted}")


def formats(graph: torch.fx.GraphModule) -> set[str]:
    """The formats that a graph computes in."""
    values = [value for node in graph.graph.nodes for value in pytree.tree_leaves(node.meta.get("val"))]
    return {str(getattr(value, "dtype", "")).removeprefix("torch.") for value in values} & MODELS.keys()


def updated(graph: torch.fx.GraphModule, names: Sequence[str]) -> list[str]:
    """The arguments, parameters and buffers that the function updates in place."""
    inputs = [node for node in graph.graph.nodes if node.op == "placeholder"]
    written: set[Any] = set()
    for node in graph.graph.find_nodes(op="call_function", target=torch.ops.aten.copy_.default):
        written.add(node.args[0])
    for node in graph.graph.find_nodes(op="call_function", target=torch.ops.aten.native_batch_norm.default):
        written |= {each for each in node.args[3:5] if node.args[5]}  # its schema does not say so
    return [name for node, name in zip(inputs, names, strict=True) if node in written]


def interpreted(graph: torch.fx.GraphModule, arrays: Sequence[Array], xp: Any, lift: Any) -> list[Array]:
    """The results of a graph on arrays that carry errors.

    A graph that was traced in float64 is read in the format of the arrays. Arrays of float64 in a graph of others take
    every format for float64.
    """
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
        arguments, options = torch.fx.node.map_arg((node.args, node.kwargs), values.__getitem__)
        if node.op == "placeholder":
            values[node] = next(given)
        elif node.op == "get_attr":
            values[node] = lift_as(
                to_numpy(getattr(graph, str(node.target))), format_of(node.meta.get("val")), xp, lift
            )
        elif node.op == "output":
            return list(arguments[0])
        else:
            formats = pytree.tree_map(format_of, node.meta.get("val"))
            values[node] = applied(node.target, arguments, options, formats, xp, lift)
    raise TracingError("got a graph without an output")


def lift_as(constant: np.ndarray, form: np.dtype[Any] | None, xp: Any, lift: Any) -> Any:
    """A constant in a format; its cast is an error."""
    if form is None or constant.dtype == form:
        return lift(constant)
    return xp.astype(lift(constant), form)


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
    every = pytree.tree_leaves((arguments, options), is_leaf=is_lifted)
    floating = [each for each in pytree.tree_leaves(formats) if each is not None]
    if not any(map(is_lifted, every)):
        if not (floating and any(isinstance(each, np.ndarray) for each in every)):
            return native(target, arguments, options, lift)
        if name in MOVES:
            return native(target, arguments, options, lift)
    if name in MOVES or name in FILLS:
        return of_format(moved_by(target, arguments, options, FILLS.get(name)), formats, xp)
    function = operation(name)
    if function is None:
        wanted = "judge the parts before and after it"
        raise MissingError(f"aten.{name}: gaugeblock has no error bound for this operation of PyTorch yet; {wanted}")
    arguments, options = promoted(arguments, options, floating, name, xp)
    once = of_format(function(xp, *arguments, **options), formats, xp)
    half = [each for each in every if isinstance(each, Bounded) and each.dtype.itemsize == 2]
    if half and name not in aten.SAME:
        once = in_float32(function, arguments, options, formats, xp, once)
    return once


def in_float32(function: Any, arguments: Any, options: Any, formats: Any, xp: Any, each: Any) -> Any:
    """A whole operation in half precision: PyTorch rounds it once, or each step. The bound is the larger of both."""

    def wide(x: Any) -> Any:
        return xp.astype(x, np.dtype("float32")) if isinstance(x, Bounded) and x.dtype.itemsize == 2 else x

    arguments, options = pytree.tree_map(wide, (arguments, options), is_leaf=is_lifted)
    once = of_format(function(xp, *arguments, **options), formats, xp)
    return pytree.tree_map(larger, once, each, is_leaf=is_lifted)


def larger(once: Any, each: Any) -> Any:
    """The value that is rounded once, with the larger error, but where the steps overflow."""
    if not isinstance(once, Bounded):
        return once
    reach = each.error + np.abs(each.value - once.value)
    error = np.where(np.isfinite(reach), np.maximum(once.error, reach), once.error)
    return Bounded(once.value, error / bounded.INFLATION, once.model, once.dtype, once.nonnegative)


def of_format(found: Any, formats: Any, xp: Any) -> Any:
    """Results in the format that PyTorch gives them."""
    if isinstance(found, list | tuple):
        several = formats if isinstance(formats, list | tuple) else [formats] * len(found)
        return [of_format(each, form, xp) for each, form in zip(found, several, strict=False)]
    if formats is None or found is None or (is_real(found) and found.dtype == formats):
        return found
    return xp.astype(found, formats)


def promoted(arguments: Any, options: Any, floating: list[Any], name: str, xp: Any) -> tuple[Any, Any]:
    """Operands in the widest of their formats; integers that are computed with too."""
    every = [each for each in pytree.tree_leaves((arguments, options), is_leaf=is_lifted) if is_real(each)]
    sized = [each.dtype for each in every if each.ndim] or [each.dtype for each in every]
    widest = max([*sized, *floating], key=lambda dtype: dtype.itemsize, default=None)
    if name in ("_to_copy",) or widest is None:
        return arguments, options

    def cast(x: Any) -> Any:
        if is_real(x):
            return x if x.dtype == widest else xp.astype(x, widest)
        counted = is_lifted(x) or isinstance(x, np.ndarray)
        return xp.astype(x, widest) if counted and name in COMPUTING else x

    return pytree.tree_map(cast, (arguments, options), is_leaf=is_lifted)


# Operations that take integers for numbers, among numbers; for others they are masks or indices.
COMPUTING = frozenset(aten.SAME) | {"add", "sub", "rsub", "lerp", "addcmul", "addcdiv", "xlogy", "fmod", "sum", "mean"}
COMPUTING |= {"mm", "bmm", "addmm", "cumsum", "prod", "clamp", "binary_cross_entropy", "mse_loss"}


def moved_by(target: Any, arguments: Any, options: Any, fill: int | None) -> Any:
    """An operation that moves elements, run on positions."""
    if fill is not None:
        constant = np.float64(arguments[fill] if len(arguments) > fill else 0.0)
        arguments = (*arguments[:fill], -1, *arguments[fill + 1 :])
    given, spec = pytree.tree_flatten((arguments, options), is_leaf=is_lifted)
    places = [place for place, each in enumerate(given) if is_lifted(each)]
    found: list[Any] = []

    def run(*positions: np.ndarray) -> list[np.ndarray]:
        values = [torch.from_numpy(each) if isinstance(each, np.ndarray) else each for each in given]
        for place, position in zip(places, positions, strict=False):
            values[place] = torch.from_numpy(position.astype(np.float64))
        moved_positional, moved_options = pytree.tree_unflatten(values, spec)
        results = target(*moved_positional, **moved_options)
        found.append(isinstance(results, list | tuple))
        return [each.numpy() for each in (results if found[-1] else [results])]

    extra = [] if fill is None else [np.full(1, constant)]
    results = moved(run, [*(given[place] for place in places), *extra])
    return results if found[-1] else results[0]


def in_format(function: Any, dtype: np.dtype[Any]) -> Any:
    """A module whose parameters and buffers are of a format."""
    if not is_module(function):
        return function
    return copy.deepcopy(function).to(getattr(torch, dtype.name))


def native(target: Any, arguments: Any, options: Any, lift: Any) -> Any:
    """What PyTorch itself makes of integers and constants."""
    arguments, options = pytree.tree_map(
        lambda x: torch.from_numpy(np.array(x)) if isinstance(x, np.ndarray) else x, (arguments, options)
    )
    found = target(*arguments, **options)

    def back(x: Any) -> Any:
        if not isinstance(x, torch.Tensor):
            return x
        array = to_numpy(x)
        return lift(array) if array.dtype.name in MODELS else array

    return pytree.tree_map(back, found)
