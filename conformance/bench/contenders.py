"""What is measured: everything that computes a formula, on one input, and the floor that none can go below."""

import importlib
import math
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from ... import backends
from ...reference import AdamState
from . import naive
from .peers import peers

Array = np.ndarray
STEP = 10  # that Adam's states have done


class Work(NamedTuple):
    """A formula on arrays of one shape: `dense` has (batch, n, m), and Adam a list of `tensors` of that shape."""

    formula: str
    shape: tuple[int, ...]
    tensors: int = 1
    cores: int = 1

    def __str__(self) -> str:
        size = " x ".join(map(str, (self.tensors, *self.shape) if self.tensors > 1 else self.shape))
        return f"{self.formula} {size}" + (f", {self.cores} cores" if self.cores > 1 else "")

    @property
    def elements(self) -> int:
        """Of x, or the parameters of Adam."""
        shape = self.shape[:2] if self.formula.startswith("dense") else self.shape
        return math.prod(shape) * self.tensors


def of_size(formula: str, size: int) -> Work:
    """`size` elements: rows of 1000 classes, a batch of 100 features for 100 neurons, or 10^6 terms of a neuron."""
    name = formula.removesuffix("_vjp")
    if name in ("relu", "adam"):
        return Work(formula, (size,))
    columns = min(size, {"neuron": 10**6, "dense": 100}.get(name, 1000))
    return Work(formula, (size // columns, columns, *([100] if name == "dense" else [])))


class Contender(NamedTuple):
    """Something that computes the formula.

    ``call()`` is one call, finished when it returns. ``arguments()`` is what the next call will be given, in the arrays
    of `backend`, and ``result(returned)`` what the formula's result is. The floor has no backend.
    """

    name: str
    call: Callable[[], Any]
    backend: Any = None
    arguments: Callable[[], tuple[Any, ...]] = tuple
    result: Callable[[Any], Any] = lambda returned: returned


def contenders(work: Work, names: list[str]) -> Iterator[Contender | str]:
    """Yield what can be measured here of the backends `names` and of all else, or why something cannot."""
    yield from adam(work, names) if work.formula == "adam" else functions(work, names)


def inputs(formula: str, shape: tuple[int, ...]) -> tuple[Array, ...]:
    """The arguments of a formula, normally distributed."""
    random = np.random.default_rng(0)
    normal: Callable[..., Any] = partial(random.standard_normal, dtype=np.float32)
    name = formula.removesuffix("_vjp")
    arguments: tuple[Array, ...]
    results = shape[:-1]  # the shape of the result
    if name == "neuron":
        arguments = normal(shape), normal(shape[-1:]), np.float32(0.5) * np.ones((), np.float32)
    elif name == "dense":
        arguments, results = (normal(shape[:2]), normal(shape[1:]), normal(shape[2:])), shape[::2]
    elif "cross_entropy" in name:
        x = normal(shape)
        labels = random.integers(0, shape[-1], shape[:-1])
        if name.startswith("sparse"):
            arguments = labels, x
        else:
            one_hot = np.zeros_like(x)
            np.put_along_axis(one_hot, labels[..., None], 1, axis=-1)
            arguments = one_hot, x if name.endswith("logits") else naive.softmax(x)
    else:
        arguments, results = (normal(shape),), shape
    return (*arguments, np.asarray(normal(results), np.float32)) if formula.endswith("_vjp") else arguments


def finished(backend: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, waiting for its result: JAX would return before that is there."""
    if backend != "jax":
        return function
    ready = importlib.import_module("jax").block_until_ready
    return lambda *arguments: ready(function(*arguments))


def functions(work: Work, names: list[str]) -> Iterator[Contender | str]:
    """Yield the contenders of a formula that is a pure function, or why one cannot be measured."""
    arguments = inputs(work.formula, work.shape)
    converted = {"numpy": arguments}

    def contender(name: str, backend: Any, function: Callable[..., Any]) -> Contender:
        if backend.name not in converted:
            converted[backend.name] = tuple(backend.asarray(array) for array in arguments)
        given = converted[backend.name]
        return Contender(name, partial(finished(backend.name, function), *given), backend, lambda: given)

    yield Contender("floor", floor(work.formula, *arguments))
    yield contender("naive", backends.load("numpy"), getattr(naive, work.formula))
    for name in names:
        backend = backends.load(name)
        for variant, namespace in getattr(backend, "variants", {"": backend}).items():
            yield contender(label(f"gaugeblock.{name}", variant), backend, getattr(namespace, work.formula))
    for name, peer in peers(names).items():
        if work.formula in peer.functions:
            try:
                function = peer.function(work.formula)
                if peer.backend == "jax" and peer.module != "keras":
                    function = importlib.import_module("jax").jit(function)
                yield contender(name, backends.load(peer.backend), function)
            except ImportError as error:
                yield missing(name, error)


def label(*words: str) -> str:
    """What the tables call a contender: the library and what it is run as."""
    return ", ".join(filter(None, words))


def missing(name: str, error: ImportError) -> str:
    """Why a peer cannot be measured: itself, or the backend that it takes arrays of."""
    error = error.__cause__ if isinstance(error.__cause__, ImportError) else error
    reason = f"{error.name} is not installed" if isinstance(error, ModuleNotFoundError) else str(error).splitlines()[0]
    return f"{name}: {reason}; `pip install 'gaugeblock[libraries]'` adds it"


def floor(formula: str, *arguments: Array) -> Callable[[], Any]:
    """A matrix product, a read of the arrays, or a copy into new memory: what the formula cannot do without."""
    if formula == "dense":
        x, w, _ = arguments
        return partial(np.matmul, x, w, out=np.empty((len(x), w.shape[-1]), x.dtype))
    if formula == "dense_vjp":
        x, w, _, g = arguments
        gx, gw = np.empty_like(x), np.empty_like(w)
        return lambda: (np.matmul(g, w.T, out=gx), np.matmul(x.T, g, out=gw))
    if formula == "neuron":
        return partial(np.matmul, *arguments[:2])
    if "cross_entropy" in formula and not formula.endswith("_vjp"):
        flat = [array.ravel() for array in arguments if array.dtype.kind == "f"]
        return partial(np.dot, flat[0], flat[-1])
    return max(arguments, key=np.size).copy


class Kept:
    """Adam where each step goes on from the one before, and may write over it."""

    def __init__(self, step: Callable[..., Any], theta: Any, grad: Any, state: Any) -> None:
        self.step, self.theta, self.grad, self.state = step, theta, grad, state

    def __call__(self) -> None:
        self.theta, self.state = self.step(self.theta, self.grad, self.state)

    def arguments(self) -> tuple[Any, ...]:
        return self.theta, self.grad, self.state

    def contender(self, name: str, backend: Any) -> Contender:
        return Contender(name, self, backend, self.arguments, lambda _: (self.theta, self.state))


def adam(work: Work, names: list[str]) -> Iterator[Contender | str]:
    """Yield the contenders of Adam's step, or why one cannot be measured; some write over what they are given."""
    random = np.random.default_rng(0)

    def tree(scale: float = 1.0, least: float = -np.inf) -> Any:
        normal = (random.standard_normal(work.shape, dtype=np.float32) for _ in range(work.tensors))
        leaves = [np.maximum(np.float32(scale) * each, np.float32(least)) for each in normal]
        return leaves if work.tensors > 1 else leaves[0]

    arguments = tree(), tree(), AdamState(STEP, tree(0.1), tree(0.01, least=1e-6))

    @cache
    def library(name: str) -> tuple[Any, ...]:
        """The arrays that the contenders of a library share: any m and any v are those of some step."""
        backend = backends.load(name)
        return tuple(mapped(lambda array: backend.asarray(array), tree) for tree in arguments)

    def theirs_alone(given: tuple[Any, ...]) -> tuple[Any, ...]:
        """The same, with copies of what JAX takes away from others where it is donated."""
        theta, grad, state = given
        return mapped(lambda array: array.copy(), theta), grad, mapped(lambda array: array.copy(), state)

    yield Contender("floor", adam_floor(work.elements))
    yield Contender("naive", partial(naive_adam, *arguments), backends.load("numpy"), lambda: arguments)
    for name in names:
        backend = backends.load(name)
        given = library(name)
        for variant, namespace in getattr(backend, "variants", {"": backend}).items():
            step = finished(name, namespace.adam_step)
            yield Contender(label(f"gaugeblock.{name}", variant), partial(step, *given), backend, partial(tuple, given))
            donate = finished(name, partial(namespace.adam_step, donate=True))
            own = Kept(donate, *(theirs_alone(given) if name == "jax" else given))
            yield own.contender(label(f"gaugeblock.{name}", variant, "donated"), backend)
    try:
        for implementation in ("", "foreach", "fused"):
            yield torch_optim(implementation, *library("torch"))
    except ImportError as error:
        yield missing("torch.optim", error)
    try:
        yield optax(*theirs_alone(library("jax")))
    except ImportError as error:
        yield missing("optax", error)


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The function of each array of a list, of a state, or of the one that there is."""
    if isinstance(tree, AdamState):
        return AdamState(tree.step, mapped(function, tree.m), mapped(function, tree.v))
    return [function(each) for each in tree] if isinstance(tree, list) else function(tree)


def leaves(tree: Any) -> list[Any]:
    """The arrays of a list, or the one that there is."""
    return tree if isinstance(tree, list) else [tree]


def naive_adam(theta: Any, grad: Any, state: AdamState) -> tuple[Any, AdamState]:
    """The plain step, one array after another."""
    rows = zip(*map(leaves, (theta, grad, state.m, state.v)), strict=True)
    found = [naive.adam(theta, grad, state.step + 1, m, v) for theta, grad, m, v in rows]
    theta, m, v = map(list, zip(*found, strict=True)) if isinstance(theta, list) else found[0]
    return theta, AdamState(state.step + 1, m, v)


def adam_floor(elements: int) -> Callable[[], None]:
    """The gradient is read, and theta, m and v are read and written in their place."""
    kept, grad = np.ones(3 * elements, np.float32), np.ones(elements, np.float32)

    def touch() -> None:
        np.negative(kept, out=kept)
        np.dot(grad, grad)

    return touch


def torch_optim(implementation: str, theta: Any, grad: Any, state: AdamState) -> Contender:
    """PyTorch's optimizer in one of its implementations: its default, foreach or fused."""
    torch, backend = importlib.import_module("torch"), backends.load("torch")
    for parameter, gradient in zip(leaves(theta), leaves(grad), strict=True):
        parameter.grad = gradient
    adam = torch.optim.Adam(leaves(theta), **({implementation: True} if implementation else {}))
    for parameter, m, v in zip(leaves(theta), leaves(state.m), leaves(state.v), strict=True):
        adam.state[parameter] = {"step": torch.tensor(float(STEP)), "exp_avg": m, "exp_avg_sq": v}

    def now() -> AdamState:
        return AdamState(int(adam.state[leaves(theta)[0]]["step"]), state.m, state.v)

    name = label("torch.optim", implementation)
    return Contender(name, adam.step, backend, lambda: (theta, grad, now()), lambda _: (theta, now()))


def optax(theta: Any, grad: Any, state: AdamState) -> Contender:
    """optax.adam and the update that it makes, in one jitted program that may write over theta and the state."""
    library, jax, backend = importlib.import_module("optax"), importlib.import_module("jax"), backends.load("jax")
    optimizer = library.adam(0.001)
    moments, rest = optimizer.init(theta)
    start = moments._replace(count=jax.numpy.asarray(state.step), mu=state.m, nu=state.v), rest

    def advance(theta: Any, grad: Any, state: Any) -> Any:
        updates, state = optimizer.update(grad, state, theta)
        return library.apply_updates(theta, updates), state

    own = Kept(finished("jax", jax.jit(advance, donate_argnums=(0, 2))), theta, grad, start)

    def now() -> AdamState:
        return AdamState(int(own.state[0].count), own.state[0].mu, own.state[0].nu)

    return Contender("optax", own, backend, lambda: (own.theta, grad, now()), lambda _: (own.theta, now()))
