"""Cross-entropy with class weights, ignored labels, smoothing and a reduction, over the reals."""

from collections.abc import Sequence
from typing import Any

Real = Any
Label = int | Sequence[Real]


def cross_entropy(
    labels: Any, x: Any, weight: Sequence[Real] | None, ignore_index: int, smoothing: Real, reduction: str
) -> Real:
    """-sum_c t_c log(e^x_c / sum_j e^x_j) of one sample with 'none'; else the sum over all, or with 'mean' over the
    weights of the labels that are not ignored."""
    if reduction == "none":
        return loss(targets(labels, x, weight, ignore_index, smoothing), x)
    every = [targets(label, row, weight, ignore_index, smoothing) for label, row in zip(labels, x, strict=True)]
    total = sum(loss(t, row) for t, row in zip(every, x, strict=True))
    return total / counted(labels, x, weight, ignore_index) if reduction == "mean" else total


def loss(t: Sequence[Real], x: Sequence[Real]) -> Real:
    """-sum_c t_c log p_c, in which a class that counts nothing is left out."""
    whole = sum(x_c.exp() for x_c in x)
    return sum(-t_c * (x_c.exp() / whole).log() for t_c, x_c in zip(t, x, strict=True) if t_c != 0)


def targets(
    label: Label, x: Sequence[Real], weight: Sequence[Real] | None, ignore_index: int, smoothing: Real
) -> list[Real]:
    """t_c = w_c ((1 - smoothing) y_c + smoothing / n), where y is one-hot for a number; all 0 if that is ignored."""
    y = [int(c == label) for c in range(len(x))] if isinstance(label, int) else label
    none = isinstance(label, int) and label == ignore_index
    smoothed = [(1 - smoothing) * y_c + smoothing / len(x) for y_c in y]
    return [0 if none else t * w for t, w in zip(smoothed, weight or [1] * len(x), strict=True)]


def counted(
    labels: Sequence[Label], x: Sequence[Sequence[Real]], weight: Sequence[Real] | None, ignore_index: int
) -> Real:
    """What the mean divides by: the weights of the labels that are not ignored; of soft labels, the samples."""
    found = x[0][0] * 0
    for label in labels:
        if label != ignore_index:
            found = found + (1 if weight is None or not isinstance(label, int) else weight[label])
    return found
