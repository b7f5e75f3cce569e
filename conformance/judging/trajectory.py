"""Adam over many steps: each takes what the one before returned, and a gradient that was given in advance."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from ...reference import AdamState


def trajectory(
    adam_step: Callable[..., Any],
    outputs: Callable[[Any], dict[str, Any]],
    theta: Any,
    grads: Iterable[Any],
    state: AdamState,
    /,
    *,
    checkpoints: Collection[int],
    copied: Callable[[Any], Any] = lambda array: array,
    **options: Any,
) -> Iterator[dict[str, Any]]:
    """Yield theta, m, v and step by name after each number of steps in `checkpoints`, where it goes on from copies.

    `outputs` gives the results of a step by name; `grads` has the gradients along its first axis.
    """
    for done, grad in enumerate(grads, 1):
        found = outputs(adam_step(theta, grad, state, **options))
        if done in checkpoints:
            yield found
            found = {name: value if name == "step" else copied(value) for name, value in found.items()}
        theta, state = found["theta"], AdamState(found["step"], found["m"], found["v"])


def after(checkpoints: Iterable[int], found: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The results at the checkpoints by name, such as 'theta after 10 steps'; the steps in one list."""
    results: dict[str, Any] = {}
    for done, each in zip(checkpoints, found, strict=True):
        when = f"after {done} step{'s' * (done > 1)}"
        results |= {f"{name} {when}": value for name, value in each.items() if name != "step"}
        if "step" in each:
            results.setdefault("step", []).append(each["step"])
    return results
