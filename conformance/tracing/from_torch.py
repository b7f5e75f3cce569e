"""A function or module of PyTorch as a graph of operations, and the graph on arrays that carry errors.

`make_fx` records what the function does to tensors of these shapes, below autograd and without updates in place. Of the
decompositions into core operations those are left out whose whole operation is in `aten`, since its bound is better.
"""

import contextlib
import copy
import dataclasses
import functools
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch._guards import TracingContext, tracing
from torch._subclasses.fake_tensor import FakeTensorMode
from torch._subclasses.functional_tensor import dispatch_functionalize
from torch.export import default_decompositions
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

from ..arithmetic.namespace import MissingError
from ..arithmetic.rounding import MODELS
from .aten_formats import default_dtype
from .aten_functions import Whole
from .aten_graph import FILLS, MOVES, operation, to_numpy, to_tensor
from .aten_graph import interpreted as interpreted
from .aten_known import known
from .aten_names import name_of
from .positions import DEPENDS, TracingError, alike

IS_QUICK = True  # to compute in float64 what it computes of NumPy's arrays
# Kept whole beside those that the tables have.
RANDOM = frozenset({"native_dropout", "bernoulli", "rrelu_with_noise", "rrelu_with_noise_functional"})
# Decomposed all the same, since the parts are what every library computes.
PARTS = frozenset({"index_select", "where", "all", "any"})
# Kept whole, since PyTorch's decomposition counts what is padded too.
MISREAD = frozenset({"multilabel_margin_loss_forward"})


@functools.cache
def decompositions() -> dict[Any, Any]:
    """PyTorch's decompositions, but of what is kept whole."""

    def kept(name: str) -> bool:
        return name in MOVES | RANDOM | MISREAD | FILLS.keys() or (operation(name) is not None and name not in PARTS)

    return {target: how for target, how in default_decompositions().items() if not kept(name_of(target))}


def has_operation(name: str) -> bool:
    """Whether there is an operation of that name."""
    return hasattr(torch.ops.aten, name)


def is_module(function: Any) -> bool:
    return isinstance(function, torch.nn.Module)


def state_of(function: Any) -> dict[str, torch.Tensor]:
    """The parameters and buffers of a module."""
    if not is_module(function):
        return {}
    return {name: each.detach() for name, each in (*function.named_parameters(), *function.named_buffers())}


def leaves(tree: Any) -> list[Any]:
    """The tensors in a tree, such as a list, a dataclass or a dictionary, whose keys are sorted, as in JAX."""
    found = []
    for each in pytree.tree_leaves(tree, is_leaf=lambda part: type(part) is dict):
        if type(each) is dict:
            found += leaves([each[key] for key in sorted(each, key=str)])
        elif dataclasses.is_dataclass(each):
            found += leaves([getattr(each, field.name) for field in dataclasses.fields(each)])
        elif isinstance(each, np.generic) or (each is not None and not isinstance(each, str | bool | int | float)):
            found.append(each)
    return found


def uncompiled(function: Any) -> Any:
    """The function or module of which `torch.compile` made this one."""
    return getattr(function, "_orig_mod", None) or getattr(function, "_torchdynamo_orig_callable", function)


def usual_dtype(tensors: Sequence[torch.Tensor]) -> Any:
    """The setting in which what a function makes goes along with its tensors: float64 among those of float64."""
    double = any(each.dtype == torch.float64 for each in tensors)
    return default_dtype(torch.float64 if double else torch.get_default_dtype())


def flat(function: Any, arguments: Any, options: Any) -> tuple[Callable[..., list[Any]], list[Any], list[str]]:
    """The function of its tensors, of parameters and buffers too: it, they, and their names."""
    function = uncompiled(function)
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

    names = [f"x{number}" for number in range(len(places))] + list(state)
    return of_tensors, [*(given[place].detach() for place in places), *state.values()], names


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """One thread for each operation: of small arrays, others cost more than they save."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def called(of_tensors: Callable[..., list[Any]], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What PyTorch itself computes."""
    tensors = list(map(to_tensor, arrays))
    with usual_dtype(tensors), torch.random.fork_rng(devices=[]), one_thread():
        return [to_numpy(each) for each in of_tensors(*tensors) if isinstance(each, torch.Tensor)]


def graph_of(of_tensors: Callable[..., list[Any]], arrays: Sequence[np.ndarray]) -> torch.fx.GraphModule:
    """The graph of a function of tensors, made on arrays."""
    tensors = list(map(to_tensor, arrays))

    def tensors_of(*given: torch.Tensor) -> list[torch.Tensor]:
        return [each for each in of_tensors(*given) if isinstance(each, torch.Tensor)]

    with usual_dtype(tensors), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # mkldnn's operations hide what they are made of. One mode for all shapes saves one for each operation.
            one_mode = tracing(TracingContext(FakeTensorMode()))
            with torch.backends.mkldnn.flags(enabled=False), Whole(), one_mode:
                graph = of_known_integers(tensors_of, tensors)
        except RuntimeError as error:
            if not reads(error):
                raise
            raise TracingError(f"got a branch or a number that {DEPENDS}; wanted torch.where") from None
    refuse_random(graph)
    refuse_complex(graph)
    return graph


def reads(error: Exception) -> bool:
    """Whether it says that a function reads values, which a graph does not have."""
    return any(each in str(error) for each in ("value out of a tracing tensor", "unallocated storage"))


def of_known_integers(tensors_of: Callable[..., Any], tensors: Sequence[torch.Tensor]) -> torch.fx.GraphModule:
    """The graph; of these integers alone, where the function reads them on the way, as it reads where rows start."""
    try:
        return recorded(tensors_of, tensors)
    except RuntimeError as error:
        integers = [each for each in tensors if not each.is_floating_point()]
        if not reads(error) or not integers:
            raise

    def of_numbers(*given: torch.Tensor) -> Any:
        pairs = zip(given, tensors, strict=True)
        return tensors_of(*(each if own.is_floating_point() else known(own) for each, own in pairs))

    graph = recorded(of_numbers, tensors)
    graph.meta["integers"] = [to_numpy(each) for each in integers]
    return graph


def recorded(tensors_of: Callable[..., Any], tensors: Sequence[torch.Tensor]) -> torch.fx.GraphModule:
    """The graph. Of gradients of the function's own `functionalize` knows nothing, nor of parts that are written to."""
    below: Callable[..., torch.fx.GraphModule] = make_fx(dispatch_functionalize(tensors_of), decompositions())
    try:
        graph = make_fx(torch.func.functionalize(tensors_of), decompositions())(*tensors)
    except RuntimeError as error:
        if not any(each in str(error) for each in ("functorch", "custom_function_call")):
            raise
        return below(*(each.clone() for each in tensors))
    if fills_a_part(graph):
        first, graph = graph, below(*tensors)
        graph.meta["first"] = first  # in which it is seen what arguments are written to
    return graph


def fills_a_part(graph: torch.fx.GraphModule) -> bool:
    """Whether what the function made itself is written to, which `functionalize` then leaves as it was."""
    written = graph.graph.find_nodes(op="call_function", target=torch.ops.aten.copy_.default)
    return any(node.args[0].op != "placeholder" for node in written)


def traced(
    of_tensors: Callable[..., list[Any]], arrays: Sequence[np.ndarray], others: dict[Any, Any]
) -> torch.fx.GraphModule:
    """The graph of a function of arrays: in float64 for those of float32, so that constants keep their value.

    A function that has formats of its own, or constants that depend on the format, is traced as it is. `others` has the
    graphs in float64 by shape, and the constants that do not depend on the format: a graph of these is traced once.
    """
    names = {each.dtype.name for each in arrays if each.dtype.name in MODELS}
    if names == {"float64"}:
        return in_float64(of_tensors, arrays, others)
    if names != {"float32"}:
        return as_it_is(of_tensors, arrays)
    try:
        wide = in_float64(of_tensors, arrays, others)
    except (RuntimeError, TypeError):
        return as_it_is(of_tensors, arrays)
    if wide.meta["wide"] and "constants" in others and numbers(wide) <= others["constants"]:
        return wide
    graph = as_it_is(of_tensors, arrays)
    if wide.meta["wide"] and formats(graph) <= {"float32"} and alike(constants(graph), constants(wide)):
        others["constants"] = others.get("constants", set()) | (numbers(wide) - {None})
        return wide
    return graph


def in_float64(
    of_tensors: Callable[..., list[Any]], arrays: Sequence[np.ndarray], others: dict[Any, Any]
) -> torch.fx.GraphModule:
    """The graph of a function of arrays in float64, made once."""
    double = [each.astype(np.float64) if each.dtype.name in MODELS else each for each in arrays]
    shapes = tuple((each.shape, each.dtype) for each in double)
    if shapes not in others:
        others[shapes] = as_it_is(of_tensors, double)
        others[shapes].meta["wide"] = formats(others[shapes]) <= {"float64"}
    return others[shapes]


def as_it_is(of_tensors: Callable[..., list[Any]], arrays: Sequence[np.ndarray]) -> torch.fx.GraphModule:
    """The graph of a function of arrays in their own formats."""
    graph = graph_of(of_tensors, arrays)
    graph.meta.update(wide=False, given=[each.dtype for each in arrays])
    return graph


def numbers(graph: torch.fx.GraphModule) -> set[float | None]:
    """The floats in a graph, and None for tensors of constants."""
    given = [leaf for node in graph.graph.nodes for leaf in pytree.tree_leaves((node.args, node.kwargs))]
    tensors = graph.graph.find_nodes(op="get_attr")
    return {*(each for each in given if isinstance(each, float)), *[None][: len(tensors)]}


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
        of_attention = name.startswith("_scaled_dot") and (without_dropout or len(node.args) < 4)
        as_evaluated = name.startswith("rrelu") and not any(each is True for each in node.args)
        if drawn and not of_attention and not as_evaluated:
            wanted = "a function that its arguments decide, such as a module after .eval()"
            raise TracingError(f"aten.{name}: got a random operation, as dropout is; wanted {wanted}")


def refuse_complex(graph: torch.fx.GraphModule) -> None:
    """Raise MissingError, with the operation's name, where numbers are complex."""
    for node in graph.graph.nodes:
        if any(getattr(each, "is_complex", bool)() for each in pytree.tree_leaves(node.meta.get("val"))):
            wanted = "real ones: the real and the imaginary part as two arrays"
            raise MissingError(
                f"aten.{name_of(node.target)}: gaugeblock has no error bound for complex numbers; wanted {wanted}"
            )


def formats(graph: torch.fx.GraphModule) -> set[str]:
    """The formats that a graph computes in."""
    values = [value for node in graph.graph.nodes for value in pytree.tree_leaves(node.meta.get("val"))]
    return {str(getattr(value, "dtype", "")).removeprefix("torch.") for value in values} & MODELS.keys()


def updated(graph: torch.fx.GraphModule, names: Sequence[str]) -> list[str]:
    """The arguments, parameters and buffers that the function updates in place."""
    graph = graph.meta.get("first", graph)
    inputs = [node for node in graph.graph.nodes if node.op == "placeholder"]
    written: set[Any] = set()
    for node in graph.graph.find_nodes(op="call_function", target=torch.ops.aten.copy_.default):
        written.add(node.args[0])
    for node in graph.graph.find_nodes(op="call_function", target=torch.ops.aten.native_batch_norm.default):
        written |= {each for each in node.args[3:5] if node.args[5]}  # its schema does not say so
    return [name for node, name in zip(inputs, names, strict=True) if node in written]


def in_format(function: Any, dtype: np.dtype[Any]) -> Any:
    """A module whose parameters and buffers are of a format."""
    if not is_module(function):
        return function
    return copy.deepcopy(function).to(getattr(torch, dtype.name))
