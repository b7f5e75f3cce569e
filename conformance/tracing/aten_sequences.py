"""PyTorch's operations that add up probabilities by their logarithms, step after step.

As in `aten`, a function is called as the operation of its name is, with the namespace of the arrays before it.
"""

import math
from typing import Any

import numpy as np

from ..arithmetic.bounded import Bounded
from ..arithmetic.functions import FUNCTIONS, assumed
from ..arithmetic.namespace import MissingError
from ..arithmetic.rounding import Model
from .aten import Array, Namespace


def logcumsumexp(xp: Namespace, x: Array, dim: int) -> Array:
    """Steps of `added` in any order: each is of two, and what it is off by adds up."""
    if not isinstance(x, Bounded) or not np.all(np.isfinite(x.value)):
        what = "in float64, or of numbers that are not finite"
        raise MissingError(f"aten.logcumsumexp: gaugeblock has no error bound for it {what}; wanted finite float32")
    if x.ndim == 0:
        return x
    value = np.logaddexp.accumulate(x.value, dim)
    steps = np.moveaxis(np.broadcast_to(np.arange(x.shape[dim]), np.moveaxis(value, dim, -1).shape), -1, dim)
    sizes = np.maximum.accumulate(np.maximum(np.abs(value), np.abs(x.value)), dim)
    error = np.maximum.accumulate(x.error, dim) + steps * own(x.model, 2, sizes) * (1 + steps * x.model.unit)
    return Bounded(value, error, x.model, x.dtype)


def own(model: Model, count: int, size: Array) -> Array:
    """What max + log(sum(exp(x - max))) of so many numbers is off by of its own, where no result is beyond a size.

    The sum is at least 1 and at most the count. Each of its terms is off by E ulp and by the rounding of z = max - x,
    and z e^-z < 0.37; the additions and the last one are rounded, and so is the logarithm, or log1p.
    """
    of_log = max(model.accuracy("log"), model.accuracy("log1p", assumed(FUNCTIONS["log1p"].ulp, model)))
    of_sum = 2 * model.accuracy("exp") + 1.37 * count
    return 1.01 * model.unit * (of_sum + 2 * of_log * math.log(count) + 1 + size) + model.underflow


def added(xp: Namespace, several: Array) -> Array:
    """The logarithm of the sum of exponentials along the first axis, of which some or all may be 0.

    It moves by no more than the largest of its terms does, whatever their number.
    """
    largest = xp.max(several, axis=0)
    kept = xp.where(xp.isinf(largest), xp.zeros_like(largest), largest)
    found = xp.log(xp.sum(xp.exp(several - kept), axis=0)) + kept
    if not isinstance(found, Bounded):
        return found
    inherited = np.max(np.where(np.isfinite(several.value), several.error, 0), axis=0)
    error = inherited + own(found.model, len(several.value), np.abs(found.value))
    return Bounded(found.value, np.where(np.isfinite(found.value), error, found.error), found.model, found.dtype)


def _ctc_loss(
    xp: Namespace, x: Array, targets: Any, lengths: Any, of_targets: Any, blank: int = 0, zero_infinity: bool = False
) -> Any:
    """The negative logarithm of the probability of each row's labels, with blanks between them, by Graves's sums.

    Graves et al. 2006, doi:10.1145/1143844.1143891.
    """
    rows = rows_of(x, targets, lengths, of_targets, blank)
    found = []
    for row, labels in rows:
        last = sums(xp, row, labels, blank)[-1]
        found.append(-added(xp, last[max(len(labels) - 2, 0) :]))
    return xp.stack(found, axis=0), None


def rows_of(x: Array, targets: Any, lengths: Any, of_targets: Any, blank: int) -> list[tuple[Array, np.ndarray]]:
    """The logarithms of each sequence, and its labels with blanks between them."""
    targets, lengths, of_targets = (np.asarray(each) for each in (targets, lengths, of_targets))
    starts = np.cumsum([0, *of_targets])
    found = []
    for row, (length, count) in enumerate(zip(lengths.tolist(), of_targets.tolist(), strict=True)):
        labels = np.full(2 * count + 1, blank)
        labels[1::2] = (targets[starts[row] :] if targets.ndim == 1 else targets[row])[:count]
        found.append((x[:length, row], labels))
    return found


def sums(xp: Namespace, x: Array, labels: np.ndarray, blank: int) -> list[Array]:
    """After each step, the logarithm of the probability to be at each label and to have been right before."""
    nothing = xp.zeros_like(x[0, :1]) - math.inf
    jumps = (labels != blank) & (labels != np.concatenate([[-1, -1], labels])[: len(labels)])
    terms = xp.take(x, labels, axis=1)
    found = [xp.where(np.arange(len(labels)) < 2, terms[0], nothing)]
    for step in range(1, x.shape[0]):
        one, two = (xp.concat([*([nothing] * by), found[-1]], axis=0)[: len(labels)] for by in (1, 2))
        found.append(added(xp, xp.stack([found[-1], one, xp.where(jumps, two, nothing)], axis=0)) + terms[step])
    return found


def _ctc_loss_backward(
    xp: Namespace, g: Array, x: Array, targets: Any, lengths: Any, of_targets: Any, loss: Array, alpha: Any, blank: int,
    zero_infinity: bool = False,
) -> Array:  # fmt: skip
    """The probability of a class, less the share of it that the labels have."""
    found = []
    for row, (own_x, labels) in enumerate(rows_of(x, targets, lengths, of_targets, blank)):
        forth = sums(xp, own_x, labels, blank)
        back = [xp.flip(each, axis=0) for each in sums(xp, xp.flip(own_x, axis=0), labels[::-1], blank)[::-1]]
        both = xp.stack(forth, axis=0) + xp.stack(back, axis=0)
        columns = []
        for each in range(x.shape[2]):
            column = own_x[:, each]
            share = xp.zeros_like(column)
            if np.any(labels == each):
                which = np.flatnonzero(labels == each)
                total = added(xp, xp.stack([both[:, i] for i in which], axis=0))
                share = xp.exp(total + loss[row] - column)
            columns.append((xp.exp(column) - share) * g[row])
        of_row = xp.stack(columns, axis=1)
        rest = xp.zeros((x.shape[0] - own_x.shape[0], x.shape[2]), dtype=of_row.dtype)
        found.append(xp.concat([of_row, rest], axis=0))
    return xp.stack(found, axis=1)
