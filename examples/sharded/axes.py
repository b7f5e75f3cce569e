"""Along which axis of each argument a formula is sharded, whatever the library.

An axis is a letter: digits for those of the batch, c for the classes (of a layer: its neurons), p for parameters (of a
layer: its inputs, along which it sums). In a form, `*` stands for the axes of the batch; axes that it does not name are
never sharded.
"""

from collections.abc import Sequence

AXES = {
    "neuron": ("*p", "p", ""),
    "neuron_vjp": ("*p", "p", "", "*"),
    "dense": ("*p", "pc", "c"),
    "dense_vjp": ("*p", "pc", "c", "*c"),
    "relu": ("*c",),
    "relu_vjp": ("*c", "*c"),
    "softmax": ("*c",),
    "softmax_vjp": ("*c", "*c"),
    "log_softmax": ("*c",),
    "log_softmax_vjp": ("*c", "*c"),
    "categorical_cross_entropy": ("*c", "*c"),
    "categorical_cross_entropy_vjp": ("*c", "*c", "*"),
    "categorical_cross_entropy_from_logits": ("*c", "*c"),
    "categorical_cross_entropy_from_logits_vjp": ("*c", "*c", "*"),
    "sparse_categorical_cross_entropy_from_logits": ("*", "*c"),
    "sparse_categorical_cross_entropy_from_logits_vjp": ("*", "*c", "*"),
    "adam_step": ("p", "p", "p", "p"),  # theta, grad, m, v
    "adam_first_moment": ("p", "p"),
    "adam_second_moment": ("p", "p"),
    "adam_bias_correction": ("p",),
    "adam_update": ("p", "p", "p"),
}
ALONG = {"batch": "*", "classes": "c", "parameters": "p"}
BATCH = "0123"


def formulas(along: str) -> list[str]:
    """The formulas that have an axis of that kind."""
    return [formula for formula, forms in AXES.items() if any(ALONG[along] in form for form in forms)]


def letters(form: str, ndim: int, axis: int) -> str:
    """The letter of each axis of an array, where c stands at `axis` in the forms of rows."""
    batch = BATCH[: max(0, ndim - len(form.replace("*", "")))]
    if form == "*c" and ndim:
        return f"{batch[: axis % ndim]}c{batch[axis % ndim :]}"
    return form.replace("*", batch).ljust(ndim, "-")[:ndim]


def sharded_axes(
    formula: str, along: str, shapes: Sequence[tuple[int, ...]], axis: int
) -> tuple[list[int | None], int]:
    """Which axis of each array is to be sharded, None for none, and its length.

    Raises
    ------
    NotImplementedError
        The arrays have no axis of that kind that is longer than 1.
    """
    named = [letters(form, len(shape), axis) for form, shape in zip(AXES[formula], shapes, strict=True)]
    lengths = {name[i]: length for name, shape in zip(named, shapes, strict=True) for i, length in enumerate(shape)}
    for letter in BATCH if along == "batch" else ALONG[along]:
        if lengths.get(letter, 1) != 1:
            return [name.index(letter) if letter in name else None for name in named], lengths[letter]
    raise NotImplementedError(f"no axis along {along} to shard")
