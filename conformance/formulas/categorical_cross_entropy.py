"""Cases of categorical cross-entropy."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ...reference.formulas.categorical_cross_entropy import default_clip
from ..arithmetic import bounded_functions
from . import Case, finfo, seeded
from . import case as any_case
from .few_terms import NAME, NOTE, Few


def defaults(dtype: np.dtype[Any]) -> dict[str, Any]:
    """The ends to which probabilities are clipped by default."""
    return {"clip": default_clip(bounded_functions, dtype)}


DETAILS = {"categorical_cross_entropy": {"defaults": defaults}}


THIS = "categorical_cross_entropy"


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(5)
    info = finfo(dtype)
    inf, nan = np.inf, np.nan

    def case(requirement: str, name: str, note: str, *arguments: Any, **options: Any) -> Case:
        return any_case(THIS, f"{THIS}.{requirement}", name, note, *arguments, **options)

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    one_hot = partial(labels_of, dtype)
    for name, random in seeded(dtype, seed, 3):
        p = probabilities(random, (4, 10), -1, dtype)
        yield case("value", name, "any mistake", one_hot(random.integers(0, 10, 4), 10), p)
    row = array([0.13949236, 0.49890119, 0.28791965, 0.07368679])
    yield case("value", "source", "base 2, base 10", array([0, 1, 0, 0]), row)
    p = probabilities(rng, (2, 1500), -1, dtype)
    y = np.stack([one_hot(1400, 1500), probabilities(rng, (1500,), 0, dtype)])
    yield case("value", "many_classes", "classes beyond 1024 left out; a long sum in half precision", y, p)
    one = array([[1], [0], [0.5]]), array([[0.25]] * 3)
    yield case("value", "one_class", "one class taken for two", *one)
    near = array(1 - 2.0 ** -np.array([2, 3, 8, 12, 16, 20, info.nmant]))
    pairs = np.stack([near, 1 - near], axis=-1)
    yield case("value", "near_one", "a clip at 1e-7, or an epsilon in the logarithm", array([[1, 0]] * 7), pairs)

    p, y = (probabilities(rng, (3, 4, 5), -2, dtype) for _ in range(2))
    yield case("axis", "middle_from_the_end", "the wrong axis, or the axis ignored", y, p, axis=-2)
    p, y = (probabilities(rng, (3, 4, 5), 2, dtype) for _ in range(2))
    yield case("axis", "last_by_number", "the last axis only found as -1", y, p, axis=2)
    yield case("layout", "three_axes", "leading axes joined as if contiguous", y, p, axis=1)
    p = probabilities(rng, (4, 10), -1, dtype)
    y = one_hot(np.array([1, 5, 5, 9]), 10)
    yield case("per_sample", "batch", "mean or sum over the samples, or over the classes", y, p)
    yield case("per_sample", "one_sample", "an array of one axis fails", y[0, :4], p[0, :4])

    above = max(3e-7, 8 * float(info.smallest_normal))  # the lower end in float16 too
    low = array([[0.0, 1.0], [1e-20, 1.0], [1e-16, 1.0], [2e-15, 1.0], [1e-12, 1.0], [1e-9, 1.0], [above, 1.0]])
    yield case("clip", "low", "a clip at 1e-7, 1e-8, 1e-12, none, or one after the logarithm", array([[1, 0]] * 7), low)
    high = array([[1.0, 0.0], [1.5, 0.0], [1 - 1e-15, 1e-15], [1.0, 1.0], [2, 3], [1, 0.5], [1, 0]])
    yield case(
        "clip",
        "high",
        "the upper end not clipped",
        array([[1, 0], [1, 0], [1, 0], [1, 1], [1, 1], [1, 0], [0, 1]]),
        high,
    )
    outside = array([[-0.5, 1.5], [-0.0, 0.5], [0.25, 0.75], [-1e-3, 1.0], [-9, 0], [2, -2], [1e9, -1e9]])
    yield case("clip", "outside", "a logarithm of a negative number", array([[1, 1]] * 7), outside)
    p, y = probabilities(rng, (4, 10), -1, dtype), array(np.ones((4, 10)))
    p[0, 0], p[1, 1] = 0, 1
    # In float16, ends that are normal numbers, since the others are rounded to few bits.
    low, lower = (1e-7, 1e-20) if info.smallest_normal < 1e-20 else (2.0**-10, 2.0**-20)
    for name, clip in {"narrow": (0.05, 0.4), "lower_end": (0.25, 1.0), "near_the_ends": (low, 1 - low)}.items():
        yield case("clip_argument", name, "the argument ignored, in part or whole", y, p, clip=clip)
    wide, ends = array([[lower / 1e5, 1], [1e2 * lower, 1]] * 3 + [[1, 1]]), array([[1, 0], [0, 1]] * 3 + [[0, 1]])
    yield case("clip_argument", "wider_than_default", "the default clip on top", ends, wide, clip=(lower, 1.0))
    p, counts = probabilities(rng, (4, 10), -1, dtype), rng.integers(0, 5, (4, 10))
    yield case("labels", "unsigned", "unsigned labels negated", counts.astype(np.uint8), p)
    p, y = probabilities(rng, (4, 10), -1, dtype), one_hot(np.array([1, 5, 5, 9]), 10)
    yield case("labels", "one_hot_integers", "an index taken for a label", y.astype(np.int32), p)
    yield case("labels", "booleans", "booleans not cast", y.astype(np.bool_), p)
    p, y = probabilities(rng, (4, 10), -1, dtype), array(rng.uniform(0.1, 3, (4, 10)))
    yield case("soft_labels", "any_sum", "labels renormalised, smoothed, rounded, or their argmax taken", y, p)
    yield case("soft_labels", "both_signs", "the sign of a label lost", array(rng.uniform(-1, 1, (4, 10))), p)
    y = probabilities(rng, (4, 10), -1, dtype)
    yield case("soft_labels", "distribution", "the Kullback-Leibler divergence", y, p)
    p = array(rng.uniform(0.1, 0.9, (4, 10)))
    y = one_hot(np.array([0, 9, 4, 5]), 10)
    yield case("probabilities", "any_sum", "p renormalised, or taken for logits", y, p)
    yield case("probabilities", "small_sum", "p renormalised", array(np.ones((4, 10))), array(p / 100))

    p, y = probabilities(rng, (4, 10), -1, dtype), one_hot(np.array([1, 5, 5, 9]), 10)
    q, z = p.copy(), y.copy()
    q[0, 1], q[2, 0], z[3, 3] = nan, nan, nan
    yield case("nan", "in_both", "NaN clipped, or hidden by a label of 0", z, q)
    q = p.copy()
    q[0, 1], q[1, 5], q[2, 0], q[3, 2] = inf, -inf, inf, -inf
    yield case("infinity", "in_p", "infinity not clipped", y, q)
    q = p.copy()
    q[1, 3] = nan
    yield case("batch", "nan_in_a_row", "rows mixed", y, q)
    p = probabilities(rng, (1100, 5), -1, dtype)
    yield case("batch", "many_rows", "the last rows left out", one_hot(rng.integers(0, 5, 1100), 5), p)
    yield case("empty", "no_rows", "a batch of 0 fails", array(np.zeros((0, 5))), array(np.zeros((0, 5))))
    few = Few(5, dtype)
    yield case("few", NAME, NOTE, few.rows(0, uniform=True), few.rows(0.5, uniform=True))


def probabilities(rng: np.random.Generator, shape: tuple[int, ...], axis: int, dtype: np.dtype[Any]) -> Any:
    """Positive numbers that add up to about 1 along `axis`."""
    p = rng.uniform(0.01, 1, shape)
    return (p / p.sum(axis=axis, keepdims=True)).astype(dtype)


def labels_of(dtype: np.dtype[Any], classes: Any, count: int) -> Any:
    """One-hot labels."""
    return (np.expand_dims(classes, -1) == np.arange(count)).astype(dtype)
