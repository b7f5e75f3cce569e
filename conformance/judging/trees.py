"""A call whose arguments are trees of arrays, as calls whose arguments are arrays.

Where each element stands for itself there is one for each leaf. Where all have a norm in common there is one for all.
"""

import dataclasses
from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...reference.declaration import Axes, Signature, is_axes, leaves
from ...reference.signature import written
from ...reference.trees import flatten
from ..formulas import Case
from .blocks import converted
from .expectations import known_to_numpy

Named = Mapping[str, Any]


class Parted(NamedTuple):
    """The calls that a call is made of."""

    calls: list[Case]
    places: list[str]  # of the arrays of each call in the tree, in words
    split: Callable[[Named], list[dict[str, Any]]]  # the results of the whole call, by name, as those of each call
    join: Callable[[list[dict[str, Any]]], dict[str, Any]]  # what is known of each call's results, of the whole call's


def parted(asked: Case, convert: Callable[[Any], Any]) -> Parted:
    """A call as calls of arrays, which are converted; itself, where it has no trees.

    Raises
    ------
    TypeError, ValueError
        The errors of the formula itself, where it takes no trees, or not these.
    """
    pairs = zip(asked.formula.arguments.items(), asked.arguments, strict=False)
    trees: dict[str, Any] = {name: each for (name, group), each in pairs if is_axes(group) and is_tree(each)}
    if not trees or not asked.formula.is_own:
        return Parted([asked], [""], lambda results: [dict(results)], lambda found: found[0])
    import optree  # as `flatten` does

    given: Any = asked.arguments
    asked.formula.function(*optree.tree_map(known_to_numpy, given), **asked.options)
    tree = next(iter(trees.values()))
    places = ["".join(f"[{key!r}]" for key in path) for path in optree.tree_paths(tree)]
    if not places:
        raise TypeError(f"{asked.function}: {next(iter(trees))}: got a tree without arrays; wanted at least one")
    return (together if asked.formula.rows_together else one_by_one)(asked, tree, places, convert)


def is_tree(value: Any) -> bool:
    """Whether an argument is a tree that is no array."""
    return isinstance(value, dict | list | tuple)


def one_by_one(asked: Case, tree: Any, places: list[str], convert: Callable[[Any], Any]) -> Parted:
    """A call for each leaf."""
    groups = [*zip(asked.formula.arguments.items(), asked.arguments, strict=False)]
    trees: dict[str, Any] = {}
    for (name, group), value in groups:
        if not is_axes(group):
            fields = zip(value._fields, leaves(group), value, strict=True)
            trees |= {f"{name}.{field}": each for field, axes, each in fields if axes}
        elif leaves(group)[0]:
            trees[name] = value

    def call_of(row: Named) -> Case:
        arguments = [
            row.get(name, value)
            if is_axes(group)
            else type(value)(*(row.get(f"{name}.{f}", each) for f, each in zip(value._fields, value, strict=True)))
            for (name, group), value in groups
        ]
        return asked._replace(arguments=converted(tuple(arguments), convert))

    _, rebuild = flatten(tree=tree)
    counts = asked.formula.counts

    def split(results: Named) -> list[dict[str, Any]]:
        whole = {name: value for name, value in results.items() if name in counts}
        return [whole | row for row in rows_of(tree, {n: value for n, value in results.items() if n not in counts})]

    def join(found: list[dict[str, Any]]) -> dict[str, Any]:
        return {name: rebuilt(rebuild, [each[name] for each in found]) for name in found[0]}

    return Parted([call_of(row) for row in rows_of(tree, trees)], places, split, join)


def together(asked: Case, tree: Any, places: list[str], convert: Callable[[Any], Any]) -> Parted:
    """One call of all leaves, which are a tuple."""
    formula = asked.formula
    assert formula.signature is not None
    (result,), (columns, rebuild) = formula.names, flatten(tree=tree)
    names = tuple(f"{result}{place}" for place in places)
    of_fields: Any = namedtuple
    tuple_of = of_fields("Leaves", [f"leaf_{number}" for number in range(len(names))])
    at = next(number for number, value in enumerate(asked.arguments) if value is tree)

    def repeated(values: tuple[Any, ...], place: int) -> tuple[Any, ...]:
        return (*values[:place], (values[place],) * len(names), *values[place + 1 :])

    of_all = dataclasses.replace(
        formula,
        signature=signature_of(repeated(formula.signature.arguments, at), repeated(formula.signature.results, 0)),
        domain=repeated(formula.domain, at),
        results=(names,),
        state_type=tuple_of,
    )
    arguments = (*asked.arguments[:at], tuple_of(*columns[0]), *asked.arguments[at + 1 :])

    def split(results: Named) -> list[dict[str, Any]]:
        return [dict(zip(names, (row[result] for row in rows_of(tree, results)), strict=True))]

    def join(found: list[dict[str, Any]]) -> dict[str, Any]:
        return {result: rebuilt(rebuild, [found[0][name] for name in names])}

    call = asked._replace(formula=of_all, arguments=converted(arguments, convert))
    return Parted([call], [""], split, join)


def signature_of(arguments: tuple[Axes, ...], results: tuple[Axes, ...]) -> Signature:
    """The signature of these groups."""
    text = " -> ".join(", ".join(map(written, side)) for side in (arguments, results))
    return Signature(text, arguments, results)


def rows_of(tree: Any, others: Named) -> list[dict[str, Any]]:
    """The leaves of trees like the first one, by name; TypeError for another structure."""
    (_, *columns), _ = flatten(**{"the argument": tree, **others})
    return [dict(zip(others, row, strict=True)) for row in zip(*columns, strict=True)]


def rebuilt(rebuild: Callable[[list[Any]], Any], found: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Trees of what is known of each leaf: one of the values, and one of the bounds."""
    return tuple(rebuild([*part]) for part in zip(*found, strict=True))
