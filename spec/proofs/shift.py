"""softmax.shift, log_softmax.shift, categorical_cross_entropy_from_logits.shift,
sparse_categorical_cross_entropy_from_logits.shift, softmax_vjp.shift, log_softmax_vjp.shift,
categorical_cross_entropy_from_logits_vjp.shift, sparse_categorical_cross_entropy_from_logits_vjp.shift,
cross_entropy.shift, cross_entropy_vjp.shift:
one constant that is added to all logits changes nothing.
"""

from collections.abc import Iterator
from typing import Any

from .real import definition, flat, symbol, vector

# What each definition is given: x is the logits, g a number and row one for each logit; of one sample in a batch, rows.
ONE_SAMPLE = ["weight", "ignored", "smoothing"]
ARGUMENTS = {
    "softmax": ["x"],
    "log_softmax": ["x"],
    "categorical_cross_entropy_from_logits": ["y", "x"],
    "sparse_categorical_cross_entropy_from_logits": ["label", "x"],
    "softmax_vjp": ["x", "row"],
    "log_softmax_vjp": ["x", "row"],
    "categorical_cross_entropy_from_logits_vjp": ["y", "x", "g"],
    "sparse_categorical_cross_entropy_from_logits_vjp": ["label", "x", "g"],
    "cross_entropy": ["y", "x", *ONE_SAMPLE, "none"],
    "cross_entropy_vjp": ["samples", "rows", "g", *ONE_SAMPLE, "sum"],
}


def claims() -> Iterator[tuple[str, Any]]:
    """What is proved, and what has to be 0: each element of the definition at x + c, less that at x."""
    for formula in ARGUMENTS:
        yield from claims_of(formula)


def claims_of(formula: str) -> Iterator[tuple[str, Any]]:
    """The claims about one formula, with 2 and with 3 logits."""
    for n in (2, 3):
        x, c = vector("x", *range(n)), symbol("c", 1)
        for label in range(n if "sparse" in formula else 1):
            named = {"x": x, "label": label, "y": vector("y", *range(1, n + 1)), "g": symbol("g", 5)}
            named |= {"row": vector("g", *range(n)), "samples": [named["y"]], "none": "none", "sum": "sum"}
            named |= {"weight": vector("w", *range(1, n + 1)), "ignored": -100, "smoothing": symbol("s", "1/3")}
            here, there = (
                flat(definition(formula)(*({**named, "x": at, "rows": [at]}[each] for each in ARGUMENTS[formula])))
                for at in (x, [x_i + c for x_i in x])
            )
            for i, (a, b) in enumerate(zip(there, here, strict=True)):
                yield f"{formula}, {n} logits, element {i}", (a - b).expression
