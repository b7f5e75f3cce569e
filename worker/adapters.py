"""Functions that are made of what a subject has: gradients, any axis of a kernel of the last one, hidden states."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import reference
from ..names import STEP
from ..reference.declaration import AXIS, BATCH, Axes, Declaration, declaration_of, is_axes

GRADIENT = "_vjp"
DISCRETE = "index", "mask", "count"  # domains of arguments that have no derivative


def function_of(subject: Any, name: str) -> Any:
    """The subject's function of that name, or one that is made of what it has; None if there is neither.

    A step, such as `adam_step`, may have the name of its formula too: `adam`.
    """
    declaration = declaration_of(getattr(reference, name, None))
    some = (getattr(subject, each, None) for each in (name, name.removesuffix(STEP)))
    found = next(
        (each for each in some if callable(each) and not inspect.isclass(each)), None
    )  # a module's class is none
    if declaration is None:
        return found
    if found is None:
        found = made_of(subject, declaration)
    if found is not None and AXIS in declaration.parameters and getattr(subject, "last_axis_only", False):
        return partial(along_last_axis, subject, found, declaration)
    return found


def made_of(subject: Any, declaration: Declaration) -> Any:
    """A gradient from the forward function and ``vjp``; a step from ``optimizer``."""
    forward = getattr(subject, declaration.name.removesuffix(GRADIENT), None)
    if callable(getattr(subject, "vjp", None)) and callable(forward):
        return partial(gradient, subject.vjp, forward, place_of_g(declaration), variables_of(declaration))
    has_state = not all(map(is_axes, declaration.signature.arguments)) if declaration.signature else False
    if has_state and callable(getattr(subject, "optimizer", None)) and makes(subject.optimizer, declaration):
        return Optimizer(subject.optimizer)
    return None


def makes(optimizer: Callable[..., Any], declaration: Declaration) -> bool:
    """Whether an optimizer's keywords are the hyper-parameters of a step; one that takes any keyword is Adam."""
    _, *more = inspect.signature(optimizer).parameters.values()
    if any(each.kind is each.VAR_KEYWORD for each in more):
        return declaration.function is reference.adam_step
    return declaration.hyper_parameters == {each.name for each in more if isinstance(each.default, float)}


def place_of_g(gradient: Any) -> int:
    """The number of the argument that is the gradient given; an optional one may stand behind it."""
    return list(gradient.parameters).index("g")


def variables_of(gradient: Any) -> list[int]:
    """The arguments, by number, towards which a gradient has results: the last before g that have a derivative."""
    before = gradient.domain[: place_of_g(gradient)]
    return [number for number, domain in enumerate(before) if domain not in DISCRETE][-len(gradient.names) :]


def gradient(
    vjp: Callable[..., Any],
    forward: Callable[..., Any],
    place: int,
    variables: Sequence[int],
    *arguments: Any,
    **options: Any,
) -> Any:
    """The gradients towards some arguments, by the library's own differentiation."""
    g, inputs = arguments[place], [*arguments[:place], *arguments[place + 1 :]]

    def function(*values: Any) -> Any:
        given = dict(zip(variables, values, strict=True))
        return forward(*(given.get(n, each) for n, each in enumerate(inputs)), **options)

    found = vjp(function, [inputs[n] for n in variables], g)
    if len(variables) > 1:
        return tuple(found)
    return found[0] if isinstance(found, tuple | list) else found


def along_last_axis(
    subject: Any,
    function: Callable[..., Any],
    declaration: Declaration,
    *arguments: Any,
    axis: int = -1,
    **options: Any,
) -> Any:
    """Call a function of the last axis; the axis that is asked for is moved there, and back in the result."""
    assert declaration.signature is not None
    move = getattr(subject, "moveaxis", moved)
    values = [
        move(value, axis, -1) if has_classes(axes) and not is_last(value, axis) else value
        for value, axes in zip(arguments, declaration.signature.arguments, strict=True)
    ]
    result = function(*values, **options)
    (axes,) = declaration.signature.results
    return move(result, -1, axis) if has_classes(axes) and not is_last(result, axis) else result


def has_classes(axes: Axes) -> bool:
    """Whether an array has the axis of the classes, which is the last letter."""
    return bool(axes) and axes[-1] != BATCH


def is_last(array: Any, axis: int) -> bool:
    """Whether an axis is the last one."""
    return axis in (-1, array.ndim - 1)


def moved(array: Any, source: int, destination: int) -> Any:
    """The array with an axis moved, as a view where the library has views.

    Raises
    ------
    NotImplementedError
        Its library has no method for that.
    """
    order = [*range(array.ndim)]
    order.insert(destination % array.ndim, order.pop(source))
    method = getattr(array, "permute", None) or getattr(array, "transpose", None)
    if method is None:
        raise NotImplementedError(f"the axes of {type(array).__name__} cannot be moved; a function moveaxis can do it")
    return method(order)


class Optimizer:
    """A step of an optimizer that hides its state: it is run from step 0, and gives the parameters alone.

    Parameters
    ----------
    make : callable
        ``make(theta, **hyper_parameters)`` gives a function of a gradient that returns the parameters after it.
    """

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """No single step is taken from a state that is given."""
        raise NotImplementedError("the optimizer hides its state")

    def refuse(self, form: Any, asked: Any, copied: bool) -> None:
        """Raise NotImplementedError for a call that needs the state."""
        arguments = dict(zip(form.parameters, asked.arguments, strict=False))
        if copied:
            raise NotImplementedError("the optimizer hides its state: it cannot go on from a copy")
        if asked.donates or any(np.any(np.asarray(part) != 0) for part in arguments[form.state]):
            raise NotImplementedError("the optimizer hides its state: it is judged from step 0")

    def run(self, form: Any, theta: Any, gradients: Iterable[Any], options: Any, steps: Sequence[int]) -> Iterator[Any]:
        """Yield the parameters by name after each number of `steps`; `theta` is the optimizer's own."""
        (name,) = (each for each in form.carried if each != form.state)
        step = self.make(theta, **options)
        for done, each in enumerate(gradients, 1):
            theta = step(each)
            if done in steps:
                yield {name: theta}
