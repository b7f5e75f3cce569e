"""Cases of cross-entropy with class weights, ignored labels, smoothing and a reduction."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arithmetic.device_arrays import to_numpy
from . import Case, Formula, finfo, seeded, variant
from . import case as any_case

NONE = "(...), (..., n), (n) -> (...)"
SOFT, SOFT_NONE = "(..., n), (..., n), (n) -> ()", "(..., n), (..., n), (n) -> (...)"


def scale(call: Any, name: str) -> Any:
    """The terms of a loss are of the size of the logits, and of log n."""
    x = np.abs(call.arguments[1].astype(np.float64))
    weight = call.arguments[2] if len(call.arguments) > 2 else np.ones(1)
    return (x + 1) * np.max(np.abs(weight.astype(np.float64)), initial=0)


def open_elements(labels: Any, x: Any, weight: Any = None, **options: Any) -> Any:
    """A logit that is infinite under smoothing or with soft labels; a logit that is not finite in a sample that counts
    nothing, by the weight of its label; weights that are not finite."""
    if all(bool(np.all(np.isfinite(each))) for each in (x, weight) if each is not None):
        return False  # with nothing copied to the host
    w = np.ones(x.shape[-1]) if weight is None else to_numpy(weight).astype(np.float64)
    if not np.all(np.isfinite(w)):
        return True
    soft, values = labels.dtype.kind not in "iu", to_numpy(x).astype(np.float64)
    if (soft or options.get("label_smoothing", 0) != 0) and np.any(np.isinf(values)):
        return True
    known = to_numpy(labels)
    counts = known.astype(np.float64) * w if soft else w[np.where(known < 0, 0, known)][..., None]
    return bool(np.any(~np.all(np.isfinite(values), axis=-1) & np.all(counts == 0, axis=-1)))


def ignored_soft_labels(case: Any) -> str:
    """A function may raise where it is told to ignore a label, and the labels are soft, as PyTorch's does."""
    return (
        "ignore_index beside soft labels"
        if case.arguments[0].dtype.kind == "f" and case.options.get("ignore_index", -1) >= 0
        else ""
    )


def variants(formula: Formula) -> Iterator[Formula]:
    """With soft labels, and with a loss of each sample."""
    yield variant(formula, NONE, ("index", "logit", "nonnegative"), reduction="none")
    yield variant(formula, SOFT, ("weight", "logit", "nonnegative"))
    yield variant(formula, SOFT_NONE, ("weight", "logit", "nonnegative"), reduction="none")


def made(dtype: np.dtype[Any]) -> Iterator[Case]:
    """Many samples; ignored labels: of other numbers, in other dtypes, and beside what nobody should read."""
    rng, name = np.random.default_rng(28), "cross_entropy"
    labels, x = np.arange(8) % 5, np.asarray(rng.normal(size=(8, 5)), dtype)
    all_but_one = tuple(range(1, 8))
    for dtype_of, number, ignored in (("uint8", 255, (0,)), ("int8", -1, (7,)), ("int64", -(2**31), all_but_one)):
        some = np.where(np.isin(np.arange(8), ignored), number, labels).astype(dtype_of)
        yield any_case(name, f"{name}.ignore_index", f"{dtype_of}_{number}", "this number is not ignored", some, x,
                       ignore_index=number)  # fmt: skip
    some = np.where(np.arange(8) % 3 == 0, -100, labels)
    for place in (0, 4):  # which a label that is kept in range has
        spoilt = x.copy()
        spoilt[0, place], spoilt[3, place] = -np.inf, -np.inf
        note = "an ignored sample is multiplied by 0"
        yield any_case(name, f"{name}.ignore_index", f"beside_infinity_{place}", note, some, spoilt)
    note = "samples are counted in few bits, or left out"
    for count, smoothing, reduction in ((2_051, 0.1, "mean"), (70_001, 0.0, "mean"), (70_001, 0.0, "sum")):
        many = rng.integers(0, 2, count), np.asarray(rng.normal(size=(count, 2)), dtype)
        options: dict[str, Any] = {"label_smoothing": smoothing, "reduction": reduction}
        yield any_case(name, f"{name}.value", f"{reduction}_of_{count}", note, *many, **options)
    samples = np.arange(2_600)
    some = np.where((samples < 257) | (samples % 3 == 1), -100, rng.integers(0, 2, 2_600))
    long = np.asarray(rng.normal(size=(2_600, 2)), dtype)
    note = "samples are counted in 8 bits, or a block that is all ignored makes 0 / 0"
    yield any_case(name, f"{name}.ignore_index", "first_blocks", note, some, long)
    small = np.asarray(2.0 ** (finfo(dtype).minexp + 8) * np.array([1, 2, 1, 3, 2]), dtype)
    yield any_case(name, f"{name}.weight", "small", "a number beside the sum of the weights", labels, x, small)
    none = np.asarray([0, 1, 1, 1, 1], dtype)
    note = "0 where all that counts has the weight 0"
    yield any_case(name, f"{name}.weight", "of_nothing", note, labels[:1] * 0, x[:1], none, exact=True)
    last, note = np.where(labels == 4, -1, labels), "the weight of an ignored label counts in the mean"
    for smoothing in (0.0, 0.1):
        options = {"ignore_index": -1, "label_smoothing": smoothing}
        yield any_case(name, f"{name}.ignore_index", f"weight_{smoothing}", note, last, x, small, **options)
    for reduction in ("mean", "none"):
        note = "no samples have another result"
        yield any_case(name, f"{name}.empty", f"no_samples_{reduction}", note, labels[:0], x[:0], reduction=reduction)
    note = "0 where the one label is ignored"
    yield any_case(name, f"{name}.all_ignored", "one_sample", note, np.array(-100), x[0], exact=True)


DETAILS = {
    "cross_entropy": {
        "made": made,
        "scale": scale,
        "open": open_elements,
        "variants": variants,
        "may_refuse": ignored_soft_labels,
    }
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(23)
    nan, inf = np.nan, np.inf

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def drawn(generator: np.random.Generator, *batch: int) -> list[Any]:
        """Labels and normal logits of 5 classes."""
        return [generator.integers(0, 5, batch), array(generator.normal(size=(*batch, 5)))]

    def soft(generator: np.random.Generator) -> list[Any]:
        """Soft labels, of which some are 0, and logits."""
        return [array(generator.uniform(0, 1, (6, 5)) * (generator.random((6, 5)) > 0.3)), *drawn(generator, 6)[1:]]

    def case(requirement: str, name: str, note: str, labels: Any, *arguments: Any, **options: Any) -> Case:
        function = "cross_entropy"
        made = any_case(function, f"{function}.{requirement}", name, note, labels, *arguments, **options)
        is_soft, of_each = labels.dtype == dtype, options.get("reduction") == "none"
        signature = {(False, True): NONE, (True, False): SOFT, (True, True): SOFT_NONE}.get((is_soft, of_each))
        domain = ("weight" if is_soft else "index", "logit", "nonnegative")
        given = {"reduction": "none"} if of_each else {}
        return made._replace(formula=variant(made.formula, signature, domain, **given)) if signature else made

    weight = array([0.5, 2, 1, 0.25, 3])
    for name, random in seeded(dtype, seed, 1):
        yield case("value", name, "any mistake", *drawn(random, 6))
    yield case("value", "one_sample", "a batch axis taken for granted", *drawn(rng))

    offset = 2.0 ** (finfo(dtype).nmant - 8)
    labels, x = drawn(rng, 6)
    grid = array(rng.integers(-256, 257, (6, 5)) / 64)
    yield case("shift", "up", "the offset is rounded in", labels, grid + array(offset))
    yield case("shift", "overflow", "exp of what is not shifted overflows", labels, x * 0 + array([200, 0, 1, 2, 3]))

    for reduction in ("sum", "none"):
        yield case("reduction", reduction, "the mean", *drawn(rng, 6), reduction=reduction)
        yield case("weight", reduction, "the weights ignored", *drawn(rng, 6), weight, reduction=reduction)
    yield case("weight", "mean", "the mean over the samples, not over their weights", *drawn(rng, 6), weight)
    labels, x = drawn(rng, 6)
    labels[[1, 4]] = -100
    yield case("ignore_index", "default", "an ignored label counts", labels, x)
    yield case("ignore_index", "weighted", "ignored labels count in the mean", labels, x, weight)
    yield case("ignore_index", "none", "an ignored label has a loss", labels, x, weight, reduction="none")
    yield case("ignore_index", "a_class", "another number is not ignored", np.arange(6) % 5, x, ignore_index=2)
    none = np.full(6, -100)
    yield case("all_ignored", "mean", "0 where all labels are ignored", none, x)
    yield case("all_ignored", "sum", "NaN where all labels are ignored", none, x, reduction="sum")
    yield case("label_smoothing", "of_1", "the labels as they are", *drawn(rng, 6), label_smoothing=1.0)
    yield case("label_smoothing", "weighted", "a part not weighted", labels, x, weight, label_smoothing=0.1)
    options: dict[str, Any] = {"label_smoothing": 0.3, "reduction": "none"}
    yield case("label_smoothing", "none", "the spread part of an ignored label", labels, x, weight, **options)

    yield case("soft_labels", "mean", "the largest taken for the label, or the sum made 1", *soft(rng))
    yield case("soft_labels", "weighted", "the mean over the weights", *soft(rng), weight)
    yield case("soft_labels", "smoothed", "soft labels not smoothed", *soft(rng), label_smoothing=0.1)
    yield case("soft_labels", "none", "one loss for all", *soft(rng), weight, reduction="none")
    labels, x = drawn(rng, 6)
    yield case("labels", "uint8", "labels of one dtype alone", labels.astype(np.uint8), x)

    masked = x.copy()
    masked[np.arange(6), (labels + 1) % 5] = -inf
    yield case("infinity", "masked", "a masked class makes NaN", labels, masked)
    masked[2, labels[2]], masked[4, 0] = -inf, inf
    yield case("infinity", "in_rows", "an infinite loss is replaced", labels, masked, reduction="none")
    spoilt = drawn(rng, 6)[1]
    spoilt[1, 3] = nan
    yield case("batch", "nan_in_a_row", "NaN reaches another sample", labels, spoilt, reduction="none")
    yield case("batch", "two_axes", "one batch axis taken for granted", *drawn(rng, 2, 3))
    yield case("nan", "in_the_mean", "NaN left out of the mean", labels, spoilt)
    yield case("empty", "no_samples", "no samples fail", *drawn(rng, 0), reduction="sum")
    yield case("layout", "two_axes", "memory order taken for granted", *drawn(rng, 4, 6), weight)
