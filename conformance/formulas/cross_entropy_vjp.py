"""Cases of the gradient of cross-entropy: those of the formula, each with a gradient of its loss."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ...reference import log_softmax, softmax
from ...reference.formulas import cross_entropy as reference
from . import Case, Formula, declared, variant
from . import case as any_case
from . import cross_entropy as of_formula

Array = Any

FUNCTION = "cross_entropy_vjp"
# By those of the formula.
SIGNATURES = {
    of_formula.NONE: "(...), (..., n), (...), (n) -> (..., n)",
    of_formula.SOFT: "(..., n), (..., n), (), (n) -> (..., n)",
    of_formula.SOFT_NONE: "(..., n), (..., n), (...), (n) -> (..., n)",
}


def open_elements(labels: Any, x: Any, g: Any, weight: Any = None, **options: Any) -> Any:
    """Where the formula leaves its loss open, a mean of nothing, and ignored samples where anything is not finite."""
    is_mean = labels.ndim < x.ndim and options.get("reduction", "mean") == "mean"
    if is_mean and np.all(labels == options.get("ignore_index", -100)):
        return True
    rows = np.isnan(x) | np.isinf(x) | ~np.all(np.isfinite(g))
    ignored = (labels == options.get("ignore_index", -100))[..., None] if labels.ndim < x.ndim else np.zeros(1, bool)
    if labels.ndim < x.ndim and weight is not None and not np.all(np.isfinite(g)):
        ignored = ignored | (np.asarray(weight, np.float64)[np.where(labels < 0, 0, labels)] == 0)[..., None]
    spoilt = np.any(rows, axis=-1, keepdims=True) & ignored
    return spoilt | of_formula.open_elements(labels, x, weight, **options)


def through_logarithms(
    labels: Array, x: Array, g: Array, weight: Array | None = None, /, *, xp: Any = None, **options: Any
) -> Array:
    """By way of the gradients towards the logarithms of the probabilities, h = s t: gx_c = p_c sum_c h_c - h_c.

    What the label has of h and what all classes have are made of s one by one.
    """
    xp, smoothing = xp or array_namespace(x), options.get("label_smoothing", 0.0)
    (own, spread), count = without_smoothing(labels, x, weight, xp, options)
    s = of_each(g, xp, options) / count
    h = s * own
    if not reference.is_none(smoothing):
        h = s * (1 - smoothing) * own + s * (smoothing / x.shape[-1]) * spread
    return xp.exp(log_softmax(x, xp=xp)) * xp.sum(h, axis=-1, keepdims=True) - h


def without_smoothing(
    labels: Array, x: Array, weight: Array | None, xp: Any, options: Any
) -> tuple[tuple[Array, Array], Any]:
    """What the labels alone make of t, and the weights of all classes; what the loss is divided by."""
    ignored = options.get("ignore_index", -100)
    own, counted = reference.targets(labels, x, weight, ignored, 0.0, xp)
    spread = xp.ones_like(x) if weight is None else xp.broadcast_to(weight, x.shape)
    if labels.ndim < x.ndim:
        spread = xp.where(xp.expand_dims(labels != ignored, axis=-1), spread, xp.zeros_like(x))
    return (own, spread), divisor(counted, xp, options)


def distributed(
    labels: Array, x: Array, g: Array, weight: Array | None = None, /, *, xp: Any = None, **options: Any
) -> Array:
    """gx_c = s p_c sum_c t_c - s t_c: the sum multiplies what the product before it loses by underflow."""
    xp = xp or array_namespace(x)
    p, total, t, count = parts(labels, x, weight, xp, options)
    s = of_each(g, xp, options) / count
    return s * p * total - s * t


def gradient_last(
    labels: Array, x: Array, g: Array, weight: Array | None = None, /, *, xp: Any = None, **options: Any
) -> Array:
    """gx_c = (p_c sum_c t_c - t_c) / W g: g multiplies what the quotient loses by underflow."""
    xp = xp or array_namespace(x)
    p, total, t, count = parts(labels, x, weight, xp, options)
    return (p * total - t) / count * of_each(g, xp, options)


def quotient_last(
    labels: Array, x: Array, g: Array, weight: Array | None = None, /, *, xp: Any = None, **options: Any
) -> Array:
    """gx_c = (p_c sum_c t_c - t_c) g / W: what the product loses by underflow is divided by W."""
    xp = xp or array_namespace(x)
    p, total, t, count = parts(labels, x, weight, xp, options)
    return (p * total - t) * of_each(g, xp, options) / count


def parts(labels: Array, x: Array, weight: Array | None, xp: Any, options: Any) -> tuple[Array, Array, Array, Any]:
    """The probabilities, the sums of t, t, and what the loss is divided by."""
    ignored, smoothing = options.get("ignore_index", -100), options.get("label_smoothing", 0.0)
    t, counted = reference.targets(labels, x, weight, ignored, smoothing, xp)
    return softmax(x, xp=xp), xp.sum(t, axis=-1, keepdims=True), t, divisor(counted, xp, options)


def divisor(counted: Array, xp: Any, options: Any) -> Any:
    """What the loss is divided by: the sum of the weights, or nothing."""
    return xp.sum(counted) if options.get("reduction", "mean") == "mean" else 1


def of_each(g: Array, xp: Any, options: Any) -> Array:
    """The gradient of each sample's loss, or of all of them."""
    return xp.expand_dims(g, axis=-1) if options.get("reduction", "mean") == "none" else g


FORMS = {each.__name__: each for each in (through_logarithms, distributed, gradient_last, quotient_last)}


def scale(call: Any, name: str) -> Any:
    """A gradient is of the size of g and the weights."""
    *_, g = call.arguments[:3]
    weight = call.arguments[3] if len(call.arguments) > 3 else np.ones(1)
    return np.max(np.abs(g.astype(np.float64)), initial=0) * np.abs(weight.astype(np.float64))


def variants(formula: Formula) -> Iterator[Formula]:
    """Those of the formula."""
    for each in of_formula.variants(declared("cross_entropy")):
        labels, logits, weight = each.domain
        yield variant(formula, SIGNATURES[str(each.signature)], (labels, logits, "real", weight), **each.given)


def made(dtype: np.dtype[Any]) -> Iterator[Case]:
    """Those of the formula that are not left open, each with a gradient; and NaN under a gradient of 0."""
    x = np.full((3, 4), [1, np.nan, 2, 3], dtype)
    note = "where the gradient is 0 nothing is computed"
    yield any_case(FUNCTION, f"{FUNCTION}.nan", "no_gradient", note, np.arange(3), x, np.asarray(0, dtype))
    for case in (each for each in of_formula.made(dtype) if not each.exact):
        requirement = case.requirement.replace("cross_entropy", FUNCTION)
        of_each = case.options.get("reduction") == "none"
        g = np.full(case.arguments[0].shape if of_each else (), 1.5, dtype)
        arguments = (*case.arguments[:2], g, *case.arguments[2:])
        yield case._replace(requirement=requirement, formula=declared(FUNCTION), arguments=arguments)


DETAILS = {
    FUNCTION: {
        "made": made,
        "variants": variants,
        "scale": scale,
        "open": open_elements,
        "rows_together": True,
        "forms": FORMS,
        "may_refuse": of_formula.ignored_soft_labels,
    }
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(24)
    for case in of_formula.cases(dtype, seed):
        if case.id == "cross_entropy.all_ignored/mean":  # of which the gradient is left open
            continue
        (labels, x, *weight), formula = case.arguments, declared(FUNCTION)
        given = dict(case.formula.given)
        if str(case.formula.signature) in SIGNATURES:
            real, (kind, *_) = "real", case.formula.domain
            signature = SIGNATURES[str(case.formula.signature)]
            formula = variant(formula, signature, (kind, "logit", real, "nonnegative"), **given)
        own = np.random.default_rng([seed, 24]) if "random" in case.name else rng
        g = np.asarray(own.normal(size=x.shape[:-1] if given else ()), dtype)
        requirement = case.requirement.replace("cross_entropy", FUNCTION)
        yield case._replace(requirement=requirement, formula=formula, arguments=(labels, x, g, *weight))
