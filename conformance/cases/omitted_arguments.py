"""What may be left out: the last arguments, where they have a default, and an axis with a question mark."""

from collections.abc import Iterator

from ...reference.declaration import BATCH
from . import plan
from .build import Builder, Made, accepted
from .draw import argument_counts, draw
from .spread import straight


def cases(builder: Builder) -> Iterator[Made]:
    """Calls without what may be left out; gaugeblock's own formulas have chosen ones."""
    if not builder.formula.is_own:
        yield from arguments(builder)
        yield from axes(builder)


def arguments(builder: Builder) -> Iterator[Made]:
    """Calls with fewer arguments than there are groups in the signature."""
    names, (_, *fewer) = list(builder.formula.arguments), argument_counts(builder.formula)
    for count in reversed(fewer):
        whole = builder.call(builder.small("absent", count))
        compact = whole._replace(arguments=whole.arguments[:count])
        name, note = f"without_{names[count]}", "an argument that is left out is taken for another one"
        yield builder.made("absent", builder.label("hyper_parameters"), name, note, compact)


def axes(builder: Builder) -> Iterator[Made]:
    """Arguments without an axis that may be missing, with a batch if the formula takes one."""
    text = str(builder.formula.signature)
    for letter in (each for each in builder.letters if f"{each}?" in text):
        for absent in ({letter}, {letter, BATCH}):
            left = [
                leaf._replace(axes=tuple(each for each in leaf.axes if each not in absent)) for leaf in builder.leaves
            ]
            sizes = {each: plan.LENGTH for each in (BATCH, *builder.letters) if each not in absent}
            arrays = [draw(leaf, sizes, builder.random("absent", letter)) for leaf in left]
            if accepted(builder.formula, arrays, {}):
                compact, name = builder.call(arrays), f"without_axis_{letter}"
                label, note = builder.label("shape", "value"), "an axis that is missing is taken for another one"
                to = straight(sizes, sizes_of_batch(sizes))
                yield Made("absent", compact, to, label, name, note, {}, tuple(left))
                break


def sizes_of_batch(sizes: dict[str, int]) -> tuple[int, ...]:
    """The shape of the batch, if there is one."""
    return (sizes[BATCH],) if BATCH in sizes else ()
