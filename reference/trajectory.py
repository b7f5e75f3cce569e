"""A formula with a state, over many steps, each of which takes what the one before returned."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any


def trajectory(
    function: Callable[..., Any],
    formula: Any,
    arguments: Iterable[Any],
    options: dict[str, Any],
    steps: Collection[int],
    named: Callable[[Any], dict[str, Any]] | None = None,
    copied: Callable[[Any], Any] = lambda array: array,
) -> Iterator[dict[str, Any]]:
    """Yield the results by name after each number of `steps`, from copies of which it goes on.

    An argument that is no result, such as the gradient, has those of all steps along its first axis. `named` gives the
    results of one step by name, by default as the formula does.
    """
    results_of = named or formula.named
    current = dict(zip(formula.parameters, arguments, strict=False))
    given = {name: iter(value) for name, value in current.items() if name not in formula.carried}
    for done in range(1, max(steps) + 1):
        current |= {name: next(values) for name, values in given.items()}
        found = results_of(function(*current.values(), **options))
        if done in steps:
            yield found
            found = {name: value if name in formula.counts else copied(value) for name, value in found.items()}
        current |= formula.next_arguments(found)


def after(steps: Iterable[int], found: Iterable[dict[str, Any]], counts: Collection[str]) -> dict[str, Any]:
    """The results after several numbers of steps by name, such as 'theta after 10 steps'; each count in one list."""
    results: dict[str, Any] = {}
    for done, each in zip(steps, found, strict=True):
        results |= {name_after(name, done): value for name, value in each.items() if name not in counts}
        for name in counts:
            if name in each:
                results.setdefault(name, []).append(each[name])
    return results


def name_after(name: str, done: int) -> str:
    """The name of a result after a number of steps."""
    return f"{name} after {done} step{'s' * (done > 1)}"
