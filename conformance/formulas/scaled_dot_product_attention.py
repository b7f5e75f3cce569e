"""Cases of scaled dot-product attention."""

import math
import operator
from collections.abc import Iterator
from functools import reduce
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ...reference.arguments import wide
from ...reference.formulas import scaled_dot_product_attention as reference
from . import Case, Formula, finfo, seeded, variant
from . import case as any_case

Array = Any


def scale_of(call: Any, name: str) -> Any:
    """A result is a mean of the values."""
    return np.abs(call.arguments[2].astype(np.float64))


def seen(q: Any, k: Any, mask: Any = None, causal: Any = False) -> Any:
    """Which keys each query sees, in the whole shape of the scores."""
    sizes = reference.Sizes(q.shape[:-2], q.shape[-2], k.shape[-2], 1)
    found = reference.seen_keys(q, mask, causal, sizes, np)
    return np.broadcast_to(True if found is None else found, (*q.shape[:-1], k.shape[-2]))


def of_heads(x: Any, q: Any) -> Any:
    """Keys or values for each head of the queries."""
    return np.repeat(x, q.shape[-3] // x.shape[-3], axis=-3) if x.ndim > 2 and x.shape[:-2] != q.shape[:-2] else x


def beside_unseen(queries: tuple[Any, ...], keys: tuple[Any, ...], mask: Any, causal: Any) -> Any:
    """For each query, whether it does not see a key, and one of both is not finite: its axis of keys is 1."""
    q, k = queries[0], keys[0]
    of_each = ([~np.all(np.isfinite(x), axis=-1) for x in arrays] for arrays in (queries, keys))
    spoilt_q, spoilt_k = (reduce(operator.or_, masks) for masks in of_each)
    spoilt = of_heads(spoilt_k[..., None], q)[..., None, :, 0] | spoilt_q[..., None]
    return np.any(~seen(q, k, mask, causal) & spoilt, axis=-1, keepdims=True)


def open_elements(q: Any, k: Any, v: Any, mask: Any = None, *, causal: Any = False, scale: Any = None) -> Any:
    """The queries that do not see a key, where one of both is not finite: -infinity may be added to their score."""
    return np.broadcast_to(beside_unseen((q,), (k, v), mask, causal), (*q.shape[:-1], v.shape[-1]))


def scores_in_parts(q: Array, k: Array, scale: Any, xp: Any) -> Array:
    """The scores, where queries and keys are each multiplied by the root of the scale, which is rounded too."""
    if scale is None:
        root = xp.sqrt(reference.root_of_length(q, xp))
        return xp.matmul(q / root, xp.matrix_transpose(k / root))
    return xp.matmul(q * scale * 1.0, xp.matrix_transpose(k * 1.0))


def powers_in_steps(z: Array, mask: Array, xp: Any) -> Array:
    """``exp(z - max(z))`` as a product of as many exps as other keys are seen, each of a part of the distance.

    A key that is not seen leaves the largest score as it is, and exp(0) is 1.
    """
    if mask is not None:
        z = xp.where(mask, z, xp.full_like(z, -math.inf))
    largest, keys = xp.max(z, axis=-1, keepdims=True), np.asarray(z.shape[-1])
    if mask is not None:
        keys = np.sum(np.asarray(mask), axis=-1, keepdims=True)  # a count of steps, not a number of the formula
        largest = xp.where(keys > 0, largest, xp.zeros_like(largest))
    distance, doublings = z - largest, np.ceil(np.log2(np.maximum(keys - 1, 1)))  # of each query
    most = int(np.max(doublings, initial=0))
    e = xp.exp(distance * 2.0**-most)
    for step in reversed(range(most)):
        e = e * e
        if np.any(doublings <= step):
            e = xp.where(doublings <= step, xp.exp(distance * 2.0**-step), e)
    return e


def online(q: Array, k: Array, v: Array, mask: Any = None, *, causal: Any = False, scale: Any = None) -> Array:
    """Key by key, with what was summed rescaled at each, and divided at last."""
    xp = array_namespace(q, k, v)
    sizes = reference.checked(xp, q, k, v, mask, causal)
    k, v = (reference.in_each_head(each, sizes, xp) for each in (k, v))
    e = powers_in_steps(scores_in_parts(q, k, scale, xp), reference.seen_keys(q, mask, causal, sizes, xp), xp)
    return xp.matmul(e, v) / reference.totals(e, xp)


def queries_scaled(
    q: Array, k: Array, v: Array, mask: Any = None, *, causal: Any = False, scale: Any = None, xp: Any = None
) -> Array:
    """Queries are multiplied by the scale before they are by keys: in half precision each of them is rounded."""
    xp = xp or array_namespace(q, k, v)
    sizes = reference.checked(xp, q, k, v, mask, causal)
    k, v = (reference.in_each_head(each, sizes, xp) for each in (k, v))
    if scale is None:  # a number that is rounded once
        own = array_namespace(q)
        scale = own.astype(1 / reference.root_of_length(wide(q, own), own), q.dtype)
    z = xp.matmul(q * scale, xp.matrix_transpose(k))
    return xp.matmul(reference.weights(z, reference.seen_keys(q, mask, causal, sizes, xp), xp), v)


Hard = tuple[str, str, str, list[Any], dict[str, Any]]


def hard(dtype: np.dtype[Any]) -> Iterator[Hard]:
    """Labels, names and notes of cases, with q, k, v, a mask or None, and options: shapes of masks, large scores."""
    rng = np.random.default_rng(24)

    def drawn(*batch: int, sizes: tuple[int, int, int, int] = (4, 5, 3, 2)) -> list[Any]:
        queries, keys, d, e = sizes
        shapes = (queries, d), (keys, d), (keys, e)
        return [np.asarray(rng.normal(size=(*batch, *axes)), dtype) for axes in shapes]

    note = "a mask of this shape is taken for another"
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
        "of_queries": ((4,), (4, 1)),  # as many samples as queries
        "of_keys": ((2,), (1, 5)),
        "of_heads": ((3, 2), (2, 4, 5)),
        "square": ((2, 2), (2, 4, 5)),
        "of_samples": ((3, 2), (3, 1, 4, 5)),
        "of_one": ((3, 2), (1, 1, 1, 5)),
        "of_heads_in_each_sample": ((3, 2), (1, 2, 4, 5)),
    }
    for name, (batch, shape) in shapes.items():
        some = rng.random(shape) < 0.6
        some.flat[:2] = True, False
        some.flat[-1] &= name != "of_keys"  # the corner is that of the keys, seen or not
        long = 70 if shape[-1] == 1 else 5
        options = {"causal": "lower_right"} if name == "of_keys" else {}
        yield "mask", name, note, [*drawn(*batch, sizes=(4, long, 3, 2)), some], options
    some = np.arange(20) < np.array([20, 13])[:, None, None, None]
    note = "one mask for all queries is taken apart, as their blocks are"
    yield "mask", "of_keys_of_many_queries", note, [*drawn(2, 2, sizes=(140, 20, 4, 3)), some], {}
    for name, one in (("of_one_key", np.ones(1, np.bool_)), ("without_axes", np.array(True))):
        yield "mask", name, "a mask of this shape is refused, or filled up", [*drawn(sizes=(4, 5, 3, 2)), one], {}
    q, k, v = drawn(2, 4, sizes=(4, 7, 3, 2))
    few = np.arange(7) < np.array([7, 1])[:, None, None, None]
    note = "a mask of each sample, or how it is aligned, is another where heads are grouped"
    for name, seen, options in (("of_keys", few, {}), ("lower_right", None, {"causal": "lower_right"})):
        yield "heads", f"groups_{name}", note, [q, k[:, ::2], v[:, ::2], seen], options
    note = "a mask of each sample is another where there is one query"
    yield "mask", "of_samples_of_one_query", note, [*drawn(2, 4, sizes=(1, 7, 3, 2)), few], {}
    each = rng.random((4, 4, 7)) < 0.6
    note = "a mask of each head, for all samples, is another where heads are grouped"
    yield "heads", "groups_of_heads", note, [q, k[:, ::2], v[:, ::2], each], {}
    note = "of blocks of queries and keys another one than the first is left out"
    yield "causal", "blocks", note, [*drawn(sizes=(260, 260, 2, 1)), None], {"causal": True}
    tiles = np.arange(300) >= np.array([[16], [64], [128], [256], [300]])
    note = "NaN where the first keys of a row are masked, whole tiles of them, or all keys"
    yield "mask", "first_tiles", note, [*drawn(sizes=(5, 300, 3, 2)), tiles], {}
    yield "mask", "last_tiles", note, [*drawn(sizes=(5, 300, 3, 2)), tiles[:, ::-1]], {}
    q, *others = drawn()
    yield "scale", "large", "the scale is limited", [q / 8, *others, None], {"scale": 15.0}
    note = "where there is no mask, and queries and keys are many, weights have fewer bits"
    yield "value", "plain", note, [*drawn(sizes=(130, 70, 20, 9)), None], {}
    note = "of one query, the keys beyond whole blocks are left out"
    yield "value", "one_query", note, [*drawn(2, sizes=(1, 257, 3, 2)), None], {}
    beyond = int(1.25 * np.log(float(finfo(dtype).max)))
    low, far = np.full((3, 1), -beyond, dtype), np.full((200, 1), 1, dtype)
    note = "the largest score is 0 where the first tile that is read is masked"
    yield "causal", "low_scores", note, [low, far, drawn(sizes=(3, 200, 1, 2))[2], None], {"causal": True}
    same, large = np.zeros((2_500, 1), dtype), np.full((2_500, 2), 1_000, dtype)
    yield "value", "equal", "sums of few bits, or sums that overflow", [same[:2], same, large, None], {}
    note = "keys that are far behind are not seen"
    yield "causal", "far_behind", note, [*drawn(sizes=(1_100, 70, 2, 1)), None], {"causal": True}
    if dtype.itemsize < 4:
        return  # in which the errors of such scores leave nothing to be judged
    step = np.arange(5)[:, None]
    seen, key = np.arange(5) % 2 > 0 * step, np.asarray(-156 + step / 1024, dtype)
    note = "a number is added to the scores of masked keys"
    yield "mask", "low_scores", note, [np.full((5, 1), 128, dtype), key, drawn(sizes=(4, 5, 1, 2))[2], seen], {}
    scores = {"all_below": (128, -100), "all_above": (128, 100), "far_below": (512, -125), "far_above": (512, 125)}
    for name, (q, k) in scores.items():
        keys, values = k + np.sign(k) * step / 1024, np.abs(drawn(sizes=(4, 5, 1, 2))[2])
        yield "spread", name, "scores are limited", [np.full((4, 1), q, dtype), keys.astype(dtype), values, None], {}
    place, largest = np.array([0, 1_099, 1, 64, 1_030, 150]), 700 * 2.0 ** -np.arange(6)
    keys, towards = np.asarray(rng.normal(size=(1_100, 8)), dtype), np.zeros((8, 8), dtype)
    keys[place, np.arange(6)], keys[:, 6], keys[:, 7] = 4, 1 + keys[:, 6] / 128, np.arange(1_100) / 1_024
    np.fill_diagonal(towards, [*largest, -700, 2.0**-4])
    values = drawn(sizes=(1, 1_100, 1, 2))[2]
    values[550:, 1] += 3
    note = "the largest score is that of other keys or queries, or 0, or of an earlier block where it grows by little"
    yield "spread", "anywhere", note, [towards, keys, values, None], {}
    q, k, v = drawn(sizes=(70, 300, 2, 1))
    q[:, 0], k[:, 0] = 2, 4 * np.arange(300)
    note = (
        "keys that are not seen are in the largest score, which is not that of the products where the scale is negative"
    )
    every: list[dict[str, Any]] = [{"causal": "lower_right"}, {"causal": "upper_left", "scale": -1.0}]
    for options in every:
        keys = options.get("scale", 1.0) * k  # so that the scores grow
        yield "causal", f"ahead_{options['causal']}", note, [q, keys, v, None], options
    q, k, v = drawn(2, sizes=(5, 1_100, 2, 1))
    q[..., 0], k[..., 0] = 2, 4 * np.arange(1_100)
    note = "a few queries behind many keys see the keys after them too"
    yield "causal", "few_queries", note, [q, k, v, None], {"causal": "lower_right"}
    keys, values = np.full((600, 1), -5, dtype), np.full((600, 1), 1e12, dtype)
    keys[:2, 0], values[:2, 0] = (0, -1), (1, -2)
    note = "small weights are left out, or blocks of them"
    yield "spread", "small_weight", note, [np.full((3, 1), 5, dtype), keys, values, None], {}


def made(dtype: np.dtype[Any]) -> Iterator[Case]:
    """The hard cases, as a call each."""
    name = "scaled_dot_product_attention"
    for label, which, note, given, options in hard(dtype):
        arguments = (each for each in given if each is not None)
        yield any_case(name, f"{name}.{label}", which, note, *arguments, **options)


# Three heads of queries for each of keys; and one mask for all samples and queries.
GROUPED = "(..., 3h, l, d), (..., h, s, d), (..., h, s, e), (..., 3h, l, s) -> (..., 3h, l, e)"
OF_KEYS = "(..., l, d), (..., s, d), (..., s, e), (s) -> (..., l, e)"
OF_ALL = "(..., l, d), (..., s, d), (..., s, e), (l, s) -> (..., l, e)"


def variants(formula: Formula) -> Iterator[Formula]:
    """With grouped heads, and with masks that are broadcast."""
    yield variant(formula, GROUPED, formula.domain)
    yield variant(formula, OF_KEYS, formula.domain)
    yield variant(formula, OF_ALL, formula.domain)


DETAILS = {
    "scaled_dot_product_attention": {
        "variants": variants,
        "made": made,
        "scale": scale_of,
        "forms": {"online": online, "queries_scaled": queries_scaled},
        "open": open_elements,
    },
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(21)
    nan, half = np.nan, dtype.itemsize < 4  # in which the errors of large scores leave nothing to be judged
    reach = 1.0 if half else 4 * float(np.log(finfo(dtype).max))

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def drawn(generator: np.random.Generator, *batch: int, sizes: tuple[int, ...] = (4, 5, 3, 2)) -> list[Any]:
        """Normal q, k and v, with scores of at most a few units."""
        queries, keys, d, e = sizes
        q, k, v = (generator.normal(size=(*batch, *axes)) for axes in ((queries, d), (keys, d), (keys, e)))
        return [array(q / 4), array(k), array(v)]

    def case(requirement: str, name: str, note: str, *arguments: Any, **options: Any) -> Case:
        function = "scaled_dot_product_attention"
        return any_case(function, f"{function}.{requirement}", name, note, *arguments, **options)

    for name, random in seeded(dtype, seed, 1):
        yield case("value", name, "any mistake", *drawn(random, 2))
    yield case("value", "square", "an axis taken for another", *drawn(rng, 3, sizes=(3, 3, 3, 3)))
    yield case("value", "odd_length", "the last s % 8 keys left out", *drawn(rng, sizes=(2, 33, 3, 2)))
    few = drawn(rng, sizes=(2, 3, 4, 3))
    yield case("value", "close", "weights or values of fewer bits", few[0] / 16, few[1], 1 + few[2] / 64)

    q, k, v = drawn(rng, sizes=(4, 7, 4, 3))
    large = array(np.concatenate([reach + 0 * q[:, :1], q[:, 1:]], axis=-1))
    towards = array(np.concatenate([0.5 + np.arange(7)[:, None] / 4, k[:, 1:]], axis=-1))
    v = np.abs(v)  # so that the mean does not cancel
    yield case("spread", "large", "exp of a score that is not shifted overflows", large, towards, v)
    yield case("spread", "far_below", "exp of a score that is not shifted is 0", large, -towards, v)

    mask = rng.random((4, 5)) < 0.5
    mask[:, 3] = True
    yield case("mask", "shared", "a mask without a batch fails, or is taken the other way round", *drawn(rng, 2), mask)
    each = rng.random((2, 4, 5)) < 0.5
    each[..., 2] = True
    yield case("mask", "of_each", "one mask for all", *drawn(rng, 2), each)
    q, k, v = drawn(rng, sizes=(4, 7, 4, 3))
    k[:2], k[2:] = k[:2] / 256, 150
    some = np.arange(7) < 2 + 0 * np.arange(4)[:, None]
    yield case("mask", "large_scores", "-1e4 is added to the score of a masked key", array(q * 0 + 64), k, v, some)
    blocks = np.arange(16) % 8 >= 5 + 0 * np.arange(3)[:, None]
    blocks[1, :8], blocks[2, 8:] = False, False
    yield case("mask", "whole_blocks", "a block of masked keys makes NaN", *drawn(rng, sizes=(3, 16, 4, 3)), blocks)

    none = rng.random((4, 5)) < 0.5
    none[[0, 3]] = False
    yield case("no_keys", "some", "the mean of all values, or NaN", *drawn(rng, 2), none)
    yield case("no_keys", "all", "NaN where a mask leaves nothing", *drawn(rng), np.zeros((4, 5), np.bool_))

    yield case("causal", "square", "a query sees keys after it", *drawn(rng, 2, sizes=(4, 4, 3, 2)), causal=True)
    for name, queries, keys in (("more_keys", 4, 7), ("more_queries", 7, 4)):
        for alignment in ("upper_left", "lower_right"):
            given = drawn(rng, sizes=(queries, keys, 4, 3))
            yield case("causal", f"{name}_{alignment}", "aligned to the other corner", *given, causal=alignment)
    given = drawn(rng, 2)
    yield case("causal", "with_mask", "of two masks one is left out", *given, mask, causal=True)

    given = drawn(rng, 2)
    yield case("scale", "scale_0.3", "the default, or both", *given, scale=0.3)
    yield case("scale", "scale_0", "0 taken for 'not given'", *given, scale=0.0)

    q, k, v = drawn(rng, 1, 4)
    yield case("heads", "groups", "heads taken in turns, or the first for all", q, k[:, :2], v[:, :2])
    yield case("heads", "one", "one head of keys fails", q, k[:, :1], v[:, :1], mask)

    q, k, v = drawn(rng, 3)
    q[0, 1, 2], k[1, 2, 0], v[2, 3, 1] = nan, nan, nan
    yield case("nan", "in_each", "NaN lost, or in another row or column", q, k, v)
    q, k, v = drawn(rng, 2, sizes=(4, 4, 3, 2))
    q[0, 0, 0] = nan
    yield case("batch", "nan_in_one", "NaN reaches another sample", q, k, v)
    yield case("batch", "two_axes", "one batch axis taken for granted", *drawn(rng, 2, 2))
    yield case("empty", "no_batch", "a batch of 0 fails", *drawn(rng, 0))
    yield case("empty", "no_queries", "no queries fail", *drawn(rng, sizes=(0, 5, 3, 2)))
    yield case("layout", "mask", "memory order taken for granted", *drawn(rng, 2), each)
