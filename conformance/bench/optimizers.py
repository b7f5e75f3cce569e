"""What other libraries offer of the formulas with a state, by the formula's name: optimizers that keep the state."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

from ... import backends
from ...reference import AdamState
from .contender import Contender, Kept, copied, finished, label, leaves, missing

Library = Callable[[str], tuple[Any, ...]]  # of a backend: the arguments as its arrays


def torch_optim(implementation: str, theta: Any, grad: Any, state: AdamState) -> Contender:
    """PyTorch's optimizer in one of its implementations: its default, foreach or fused."""
    torch, backend = importlib.import_module("torch"), backends.load("torch")
    for parameter, gradient in zip(leaves(theta), leaves(grad), strict=True):
        parameter.grad = gradient
    adam = torch.optim.Adam(leaves(theta), **({implementation: True} if implementation else {}))
    for parameter, m, v in zip(leaves(theta), leaves(state.m), leaves(state.v), strict=True):
        adam.state[parameter] = {"step": torch.tensor(float(state.step)), "exp_avg": m, "exp_avg_sq": v}

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


def adam(library: Library) -> Iterator[Contender | str]:
    """PyTorch's and Optax' Adam, or why one cannot be measured."""
    try:
        for implementation in ("", "foreach", "fused"):
            yield torch_optim(implementation, *library("torch"))
    except ImportError as error:
        yield missing("torch.optim", error)
    try:
        yield optax(*copied(library("jax")))
    except ImportError as error:
        yield missing("optax", error)


OPTIMIZERS = {"adam": adam}
