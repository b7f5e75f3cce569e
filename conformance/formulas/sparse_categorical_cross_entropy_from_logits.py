"""Cases of sparse categorical cross-entropy from logits, in the shapes of log-softmax's."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import Case, finfo, seeded
from . import case as any_case
from .few_terms import NAME, NOTE, Few
from .log_softmax import scale

DETAILS = {"sparse_categorical_cross_entropy_from_logits": {"scale": scale}}


THIS = "sparse_categorical_cross_entropy_from_logits"


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(8)
    info = finfo(dtype)
    inf, nan = np.inf, np.nan
    vanish = float(-np.log(info.smallest_subnormal))  # at this distance and a little more, softmax is 0

    def case(requirement: str, name: str, note: str, labels: Any, x: Any, axis: int = -1) -> Case:
        # 32 bits, since JAX has no more where its float64 is off.
        return any_case(THIS, f"{THIS}.{requirement}", name, note, np.asarray(labels, np.int32), x, axis=axis)

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    for name, random in seeded(dtype, seed, 3):
        yield case("value", name, "any mistake", random.integers(0, 10, 4), array(3 * random.normal(size=(4, 10))))
    x = array(rng.normal(size=(2, 4096)))
    x[:, 1400] = [9, 50]
    yield case("value", "many_classes", "classes beyond 1024 left out; labels kept in 8 bits", [1400, 3000], x)
    yield case(
        "value", "odd_length", "the last n % 8 classes left out", [32, 0, 32, 31, 5], array(rng.normal(size=(5, 33)))
    )

    x = array(2 * rng.normal(size=(3, 4, 5)))
    for axis, name in ((0, "first"), (-2, "middle_from_the_end"), (2, "last_by_number")):
        shape = np.delete(x.shape, axis)
        yield case("axis", name, "the wrong axis, or the axis ignored", rng.integers(0, x.shape[axis], shape), x, axis)
    yield case("layout", "three_axes", "leading axes joined as if contiguous", rng.integers(0, 4, (3, 5)), x, axis=1)
    x, labels = array(rng.normal(size=(4, 10))), np.array([1, 5, 0, 9], np.int32)
    yield case("per_sample", "batch", "mean or sum over the samples", labels, x)
    yield case("per_sample", "one_sample", "an array of one axis fails", 7, x[0])

    grid = array(rng.integers(-256, 257, (4, 10)) / 64)
    offset = array(2.0 ** (info.nmant - 8))
    yield case("shift", "up", "log-sum-exp minus logit, or nothing is subtracted", labels, grid + offset)
    yield case("shift", "down", "the maximum is taken with 0, so nothing is subtracted", labels, grid - offset)
    steps = array(np.linspace(0, -2 * vanish, 10))
    spread = np.stack([steps, steps[::-1], np.roll(steps, 4), steps / array(8)])
    yield case("spread", "tiny", "log(softmax), with an epsilon or a clip or without", labels, spread)
    far = grid.copy()
    far[np.arange(4), labels] = -9 * vanish
    yield case("spread", "far", "log(softmax); a shift by the first or the least logit overflows", labels, far)

    for width in (np.int16, np.uint8):
        note = "labels of another width or unsigned ones fail, or are taken for something else"
        yield any_case(THIS, f"{THIS}.labels", np.dtype(width).name, note, labels.astype(width), x, axis=-1)

    q = x.copy()
    q[0, 1], q[2, 3] = nan, nan
    yield case("nan", "in_x", "NaN lost, or seen in the label's logit only", labels, q)
    yield case("batch", "nan_in_a_row", "rows mixed", labels, q)
    masked = x.copy()
    masked[[0, 2], [1, 0]], masked[1, 0], masked[3, :4] = -inf, -inf, -inf
    yield case("infinity", "masked", "a masked class counts, or its loss is clipped or NaN", labels, masked)
    infinite = x.copy()
    infinite[0, 1], infinite[1, 2], infinite[2], infinite[3, :2] = inf, inf, -inf, [inf, -inf]
    yield case("infinity", "no_answer", "NaN replaced by 0 or infinity", labels, infinite)
    many = array(rng.normal(size=(1100, 5)))
    yield case("batch", "many_rows", "the last rows left out", rng.integers(0, 5, 1100), many)
    yield case("empty", "no_rows", "a batch of 0 fails", np.zeros(0), array(np.zeros((0, 5))))
    few = Few(8, dtype)
    yield case("few", NAME, NOTE, [places[0] for places in few.places], few.rows(-inf))
