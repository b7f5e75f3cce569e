"""Cases of categorical cross-entropy from logits, in the shapes of log-softmax's."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, finfo, seeded
from . import case as any_case
from .categorical_cross_entropy import labels_of, probabilities
from .few_terms import NAME, NOTE, Few
from .log_softmax import scale


def open_elements(y: Any, x: Any, *, axis: int = -1) -> Any:
    """The samples whose labels are all 0, and whose softmax is NaN."""
    return np.all(y == 0, axis=axis) & np.any(is_undefined(x, axis), axis=axis)


def is_undefined(x: Any, axis: int) -> Any:
    """Where the softmax of a row is NaN: a logit is NaN or +infinity, or all are -infinity."""
    bad = np.any(np.isnan(x) | np.isposinf(x), axis=axis, keepdims=True)
    return np.broadcast_to(bad | np.all(np.isneginf(x), axis=axis, keepdims=True), x.shape)


DETAILS = {"categorical_cross_entropy_from_logits": {"scale": scale, "open": open_elements, "compensated": True}}


THIS = "categorical_cross_entropy_from_logits"


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(7)
    info = finfo(dtype)
    inf, nan = np.inf, np.nan
    vanish = float(-np.log(info.smallest_subnormal))  # at this distance and a little more, softmax is 0

    def case(requirement: str, name: str, note: str, *arguments: Any, **options: Any) -> Case:
        return any_case(THIS, f"{THIS}.{requirement}", name, note, *arguments, **options)

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    one_hot = partial(labels_of, dtype)
    for name, random in seeded(dtype, seed, 3):
        x = array(3 * random.normal(size=(4, 10)))
        yield case("value", name, "any mistake", one_hot(random.integers(0, 10, 4), 10), x)
    x = array(rng.normal(size=(2, 4096)))
    x[:, 1400] = [9, 50]
    yield case("value", "many_classes", "classes beyond 1024 left out", one_hot(np.array([1400, 3]), 4096), x)

    x, y = array(2 * rng.normal(size=(3, 4, 5))), array(rng.uniform(0, 1, (3, 4, 5)))
    for axis, name in ((1, "middle"), (-2, "middle_from_the_end"), (2, "last_by_number")):
        yield case("axis", name, "the wrong axis, or the axis ignored", y, x, axis=axis)
    yield case("layout", "three_axes", "leading axes joined as if contiguous", y, x, axis=1)
    x, y = array(rng.normal(size=(4, 10))), one_hot(np.array([1, 5, 5, 9]), 10)
    yield case("per_sample", "batch", "mean or sum over the samples, or over the classes", y, x)
    yield case("per_sample", "one_sample", "an array of one axis fails", y[0], x[0])

    grid = array(rng.integers(-256, 257, (4, 10)) / 64)
    offset = array(2.0 ** (info.nmant - 8))
    yield case("shift", "up", "the maximum is added to the logarithm, or nothing is subtracted", y, grid + offset)
    yield case("shift", "down", "the maximum is taken with 0, so nothing is subtracted", y, grid - offset)
    steps = array(np.linspace(0, -2 * vanish, 10))
    spread = np.stack([steps, steps[::-1], np.roll(steps, 4), steps / array(8)])
    yield case("spread", "tiny", "log(softmax), with an epsilon or a clip or without", y, spread)
    far = array(np.where(y == 1, -9 * vanish, grid))
    yield case("spread", "far", "log(softmax); a shift by the first or the least logit overflows", y, far)

    counts = rng.integers(0, 5, (4, 10))
    yield case("labels", "counts", "integer labels taken for booleans", counts.astype(np.int32), x)
    yield case("labels", "unsigned", "unsigned labels negated", counts.astype(np.uint8), x)
    yield case("labels", "booleans", "booleans not cast", y.astype(np.bool_), x)
    soft = array(rng.uniform(0.1, 3, (4, 10)))
    yield case("soft_labels", "any_sum", "labels renormalised, smoothed, rounded, or their argmax taken", soft, x)
    yield case("soft_labels", "both_signs", "the sign of a label lost", array(rng.uniform(-1, 1, (4, 10))), x)
    soft = probabilities(rng, (4, 10), -1, dtype)
    yield case("soft_labels", "distribution", "the Kullback-Leibler divergence", soft, x)

    q, z = x.copy(), y.copy()
    q[0, 1], q[2, 0], z[3, 3] = nan, nan, nan
    yield case("nan", "in_both", "NaN lost, or hidden by a label of 0", z, q)
    masked = array(np.where(y == 1, x, -inf))
    masked[0, 4:], masked[2, 7:] = x[0, 4:], x[2, 7:]
    yield case("infinity", "masked", "0 times -infinity is NaN", y, masked)
    masked = x.copy()
    masked[[0, 2], [1, 5]], masked[1, 0], masked[3, :4] = -inf, -inf, -inf
    yield case("infinity", "masked_label", "the loss of a masked class clipped, or NaN", y, masked)
    negative = array(-y)
    yield case("infinity", "negative_label", "the sign of an infinite loss", negative, masked)
    infinite = x.copy()
    infinite[0, 1], infinite[1, 2], infinite[2], infinite[3, :2] = inf, inf, -inf, [inf, -inf]
    yield case("infinity", "no_answer", "NaN replaced by 0 or infinity", y, infinite)
    q = x.copy()
    q[1, 3] = nan
    yield case("batch", "nan_in_a_row", "rows mixed", y, q)
    many = array(rng.normal(size=(1100, 5)))
    yield case("batch", "many_rows", "the last rows left out", one_hot(rng.integers(0, 5, 1100), 5), many)
    yield case("empty", "no_rows", "a batch of 0 fails", array(np.zeros((0, 5))), array(np.zeros((0, 5))))
    few = Few(7, dtype)
    yield case("few", NAME, NOTE, few.rows(0, uniform=True), few.rows(-inf))
