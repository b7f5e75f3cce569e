"""Cases of the gradients of scaled dot-product attention."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ...reference.arguments import rounded, wide
from ...reference.formulas import scaled_dot_product_attention as reference
from ...reference.formulas.scaled_dot_product_attention_vjp import over_heads
from . import Case, Formula, finfo, seeded, variant
from . import case as any_case
from .forms import in_float32
from .requirements import requirements
from .scaled_dot_product_attention import beside_unseen, hard, of_heads, powers_in_steps, scores_in_parts, seen

Array = Any


def open_elements(q: Any, k: Any, v: Any, g: Any, mask: Any = None, *, causal: Any = False, scale: Any = None) -> Any:
    """What depends on a query that does not see a key, where one of both is not finite; and unseen keys beside such.

    Of a key that a query does not see the weight is 0, by a product with NaN or by choice, where what it sees has NaN.
    """
    rows = beside_unseen((q, g), (k, v), mask, causal)
    visible, spoilt = seen(q, k, mask, causal), ~(np.all(np.isfinite(k), axis=-1) & np.all(np.isfinite(v), axis=-1))
    beside_spoilt = np.any(visible & of_heads(spoilt[..., None], q)[..., None, :, 0], axis=-1, keepdims=True)
    keys = np.any(rows, axis=-2, keepdims=True) | np.any(beside_spoilt & ~visible, axis=-2)[..., None]
    if keys.ndim > 2 and k.shape[:-2] != q.shape[:-2]:
        *batch, heads = k.shape[:-2]
        keys = np.any(keys.reshape(*batch, heads, -1, *keys.shape[-2:]), axis=-3)
    return tuple(np.broadcast_to(each, x.shape) for each, x in ((rows, q), (keys, k), (keys, v)))


def scale_of(call: Any, name: str) -> Any:
    """The terms of a gradient: the largest products of what it is made of."""
    q, k, v, g = (np.abs(each.astype(np.float64)) for each in call.arguments[:4])
    if name == "gv":
        return g
    other = q if name == "gk" else k
    return np.max(of_heads(v, q), initial=0) * np.max(g, initial=0) * other


def as_it_is(x: Array) -> Array:
    """An operand that is not rounded."""
    return x


def from_results(
    q: Array,
    k: Array,
    v: Array,
    g: Array,
    mask: Any = None,
    *,
    causal: Any = False,
    scale: Any = None,
    kept: Callable[[Array], Array] = as_it_is,
) -> tuple[Array, Array, Array]:
    """From what the forward pass leaves: the logarithms of the sums, and its results, which give the mean of gp."""
    xp = array_namespace(q, k, v, g)
    sizes = reference.checked(xp, q, k, v, mask, causal)
    k, v = (reference.in_each_head(each, sizes, xp) for each in (k, v))
    z, seen = scores_in_parts(q, k, scale, xp), reference.seen_keys(q, mask, causal, sizes, xp)
    if seen is not None:
        z = xp.where(seen, z, xp.full_like(z, -np.inf))
    e = powers_in_steps(z, seen, xp)
    largest, total = xp.max(z, axis=-1, keepdims=True), reference.totals(e, xp)
    y = kept(xp.matmul(kept(e), v) / total)
    if seen is not None:
        largest = xp.where(xp.any(seen, axis=-1, keepdims=True), largest, xp.zeros_like(largest))
    levels = largest + xp.log(total)
    p, gp = xp.exp(z - levels), xp.matmul(g, xp.matrix_transpose(v))
    gz = kept(p * (gp - xp.sum(g * y, axis=-1, keepdims=True)))
    gz = kept(gz * scale if scale is not None else gz / reference.root_of_length(q, xp))
    gk, gv = xp.matmul(xp.matrix_transpose(gz), q), xp.matmul(xp.matrix_transpose(kept(p)), g)
    return xp.matmul(gz, k), over_heads(kept(gk), sizes, xp), over_heads(kept(gv), sizes, xp)


def operands_rounded(*arguments: Array, **options: Any) -> Any:
    """In half precision, from results, where what is stored or multiplied as a matrix is rounded to it."""
    xp, dtype = array_namespace(*arguments[:4]), arguments[0].dtype

    def kept(x: Array) -> Array:
        return wide(rounded(x, dtype, xp), xp)

    return in_float32(partial(from_results, kept=kept))(*arguments, **options)


def made(dtype: np.dtype[Any]) -> Iterator[Case]:
    """The hard cases of the formula, each with a gradient."""
    name, rng = "scaled_dot_product_attention_vjp", np.random.default_rng(25)
    labels = {label.partition(".")[2] for label in requirements(name)}
    for label, which, note, (q, k, v, mask), options in hard(dtype):
        g = np.asarray(rng.normal(size=(*q.shape[:-1], v.shape[-1])), dtype)
        arguments = (q, k, v, g) if mask is None else (q, k, v, g, mask)
        yield any_case(name, f"{name}.{label if label in labels else 'value'}", which, note, *arguments, **options)


# As of the formula.
OF_GROUPED = "(..., 3h, l, d), (..., h, s, d), (..., h, s, e), (..., 3h, l, e), (..., 3h, l, s)"
GROUPED = f"{OF_GROUPED} -> (..., 3h, l, d), (..., h, s, d), (..., h, s, e)"
OF_KEYS = "(..., l, d), (..., s, d), (..., s, e), (..., l, e), (s) -> (..., l, d), (..., s, d), (..., s, e)"


def variants(formula: Formula) -> Iterator[Formula]:
    """Those of the formula."""
    yield variant(formula, GROUPED, formula.domain)
    yield variant(formula, OF_KEYS, formula.domain)


DETAILS = {
    "scaled_dot_product_attention_vjp": {
        "variants": variants,
        "made": made,
        "scale": scale_of,
        "forms": {"from_results": from_results},
        "half_forms": {"operands_rounded": operands_rounded},
        "open": open_elements,
    },
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(22)
    nan, half = np.nan, dtype.itemsize < 4  # in which the errors of large scores leave nothing to be judged
    reach = 2.0 if half else 4 * float(np.log(finfo(dtype).max))

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def drawn(generator: np.random.Generator, *batch: int, sizes: tuple[int, ...] = (3, 4, 3, 2)) -> list[Any]:
        """Normal q, k, v and g, with scores of at most a few units."""
        queries, keys, d, e = sizes
        shapes = (queries, d), (keys, d), (keys, e), (queries, e)
        q, k, v, g = (generator.normal(size=(*batch, *axes)) for axes in shapes)
        return [array(q / 4), array(k), array(v), array(g)]

    def case(requirement: str, name: str, note: str, *arguments: Any, **options: Any) -> Case:
        function = "scaled_dot_product_attention_vjp"
        return any_case(function, f"{function}.{requirement}", name, note, *arguments, **options)

    for name, random in seeded(dtype, seed, 1):
        yield case("value", name, "any mistake", *drawn(random, 2))
    yield case("value", "square", "an axis taken for another", *drawn(rng, 2, sizes=(3, 3, 3, 3)))

    q, k, v, g = drawn(rng, sizes=(3, 5, 3, 2))
    large = array(np.concatenate([reach + 0 * q[:, :1], q[:, 1:]], axis=-1))
    towards = array(np.concatenate([0.5 + np.arange(5)[:, None] / 4, k[:, 1:]], axis=-1))
    yield case("spread", "large", "exp of a score that is not shifted overflows", large, towards, v, g)

    mask = rng.random((3, 4)) < 0.5
    mask[:, 2] = True
    yield case("mask", "shared", "the mask is ignored, or taken the other way round", *drawn(rng, 2), mask)
    each = rng.random((2, 3, 4)) < 0.5
    each[..., 2] = True
    yield case("mask", "of_each", "one mask for all", *drawn(rng, 2), each)
    none = rng.random((3, 4)) < 0.5
    none[0], none[:, 3] = False, False
    yield case("no_keys", "some", "NaN, or a gradient of the mean of all values", *drawn(rng, 2), none)
    yield case("causal", "square", "a query sees keys after it", *drawn(rng, 2, sizes=(3, 3, 4, 2)), causal=True)
    for alignment in ("upper_left", "lower_right"):
        given = drawn(rng, sizes=(3, 5, 3, 2))
        yield case("causal", alignment, "aligned to the other corner", *given, causal=alignment)
    given = drawn(rng, 2)
    yield case("scale", "scale_0.3", "the default, or once only", *given, scale=0.3)
    yield case("scale", "scale_0", "0 taken for 'not given'", *given, scale=0.0)
    q, k, v, g = drawn(rng, 1, 4)
    yield case("heads", "groups", "heads taken in turns, or not summed", q, k[:, :2], v[:, :2], g)
    yield case("heads", "one", "one head of keys fails", q, k[:, :1], v[:, :1], g, mask)
    q, k, v, g = drawn(rng, 2, sizes=(3, 3, 4, 2))
    q[0, 0, 0] = nan
    yield case("batch", "nan_in_one", "NaN reaches another sample", q, k, v, g)
    yield case("batch", "two_axes", "one batch axis taken for granted", *drawn(rng, 2, 2))
    q, k, v, g = drawn(rng, 3)
    g[0, 1, 1], v[1, 2, 0], k[2, 3, 1] = nan, nan, nan
    yield case("nan", "in_each", "NaN lost", q, k, v, g)
    yield case("empty", "no_batch", "a batch of 0 fails", *drawn(rng, 0))
    yield case("layout", "mask", "memory order taken for granted", *drawn(rng, 2), each)
