# ruff: noqa: SIM300  the left operand is NumPy's own
"""NumPy's functions, operators and methods on arrays that carry an error: what NumPy itself gives, with a bound."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.special

from gaugeblock import formula
from gaugeblock.conformance import assert_conforms, check, expected
from gaugeblock.conformance.arithmetic import bounded, exact
from gaugeblock.conformance.arithmetic.first_order import Tape, made
from gaugeblock.conformance.arithmetic.namespace import MissingError
from gaugeblock.conformance.arithmetic.numpy_calls import (
    JOINS,
    KNOWN,
    MANY,
    METHODS,
    MOVES,
    OF_CONDITIONS,
    OPERATORS,
    OWN,
    RENAMED,
)
from gaugeblock.conformance.arithmetic.rounding import MODELS

RNG = np.random.default_rng(0)
X, Y, V = RNG.uniform(0.1, 0.9, (3, 4)), RNG.uniform(0.1, 0.9, (4, 3)), RNG.uniform(0.1, 0.9, 4)
WHOLE = np.array([2.0, 3.0, 1.0, 2.0])
PLACES = np.array([2, 0, 1])
DEEP = np.arange(24.0).reshape(2, 4, 3)

# What is called on x, by the name of NumPy's function.
CALLS = {
    "sum": lambda x: np.sum(x, -1),
    "prod": lambda x: np.prod(x, axis=0),
    "max": lambda x: np.max(x, 1, keepdims=True),
    "amax": lambda x: np.amax(x),
    "min": lambda x: np.min(x, axis=(0, 1)),
    "amin": lambda x: np.amin(x, 0),
    "mean": lambda x: np.mean(x, -1, dtype=np.float64),
    "std": lambda x: np.std(x, 0, ddof=1),
    "var": lambda x: np.var(x, axis=1, ddof=1),
    "any": lambda x: np.any(x > 0.5, 0),
    "all": lambda x: np.all(x > 0.2, 1),
    "argmax": lambda x: np.argmax(x, 1),
    "argmin": lambda x: np.argmin(x),
    "sort": lambda x: np.sort(x, None),
    "argsort": lambda x: np.argsort(x, 0),
    "count_nonzero": lambda x: np.count_nonzero(x - x[0], 0),
    "expand_dims": lambda x: np.expand_dims(x, 1),
    "flip": lambda x: np.flip(x, 1),
    "concatenate": lambda x: np.concatenate([x, 2 * x], 1),
    "stack": lambda x: np.stack((x, x), -1),
    "unstack": lambda x: np.unstack(x, axis=1)[2],
    "diff": lambda x: np.diff(x, 2, 1),
    "tril": lambda x: np.tril(x, -1),
    "triu": lambda x: np.triu(x, 1),
    "matrix_transpose": lambda x: np.matrix_transpose(x),
    "transpose": lambda x: np.transpose(DEEP * x[0, 0], (2, 0, 1)) + np.transpose(x)[:3, :2, None],
    "diagonal": lambda x: np.diagonal(x, 1),
    "round": lambda x: np.round(3 * x),
    "around": lambda x: np.around(3 * x, 0),
    "zeros_like": lambda x: np.zeros_like(x) + x,
    "ones_like": lambda x: np.ones_like(x, dtype=np.float64) * x,
    "cumsum": lambda x: np.cumsum(x),
    "cumprod": lambda x: np.cumprod(x, 1),
    "cumulative_sum": lambda x: np.cumulative_sum(x, axis=0),
    "cumulative_prod": lambda x: np.cumulative_prod(x, axis=1),
    "reshape": lambda x: np.reshape(x, (2, 6)),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 3, 4)),
    "take": lambda x: np.take(x, PLACES) + np.take(x, PLACES, -1),
    "take_along_axis": lambda x: np.take_along_axis(x, PLACES[:, None], 1),
    "tile": lambda x: np.tile(x, (1, 2)),
    "repeat": lambda x: np.repeat(x, 2, 1),
    "roll": lambda x: np.roll(x, 1, 0),
    "split": lambda x: np.split(x, 2, 1)[1],
    "pad": lambda x: np.pad(x, ((0, 1), (2, 0)), constant_values=1),
    "tensordot": lambda x: np.tensordot(x, Y, 1),
    "full_like": lambda x: np.full_like(x, 2) * x,
    "astype": lambda x: np.astype(x, np.float64),
    "where": lambda x: np.where(x > 0.5, x, 0),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "squeeze": lambda x: np.squeeze(x[None, :, :1]),
    "clip": lambda x: np.clip(x, 0.3, None) + np.clip(x, max=0.5),
    "dot": lambda x: np.dot(x, DEEP) + np.dot(2, x[0, 0]),
    "inner": lambda x: np.inner(x, x),
    "trace": lambda x: np.trace(x, 1),
    "norm": lambda x: np.linalg.norm(x, 1, axis=-1),
    "einsum": lambda x: np.einsum("ij,jk->ik", x, Y, optimize=True),
    "average": lambda x: np.average(x, -1, weights=V) + np.average(x, axis=1),
    "median": lambda x: np.median(x, axis=0)[:3] + np.median(x, axis=-1) + np.median(x),
    "nan_to_num": lambda x: np.nan_to_num(np.where(x > 0.6, np.nan, np.where(x < 0.3, -np.inf, x)), neginf=2),
    "diag": lambda x: np.diag(x[0], -1)[1:, 1:] + np.diag(x, 1)[0] + np.diag(V, 1)[1:, 1:] * x[0],
    "outer": lambda x: np.outer(x, V),
    "vector_norm": lambda x: np.linalg.vector_norm(x, axis=0),
    "ravel": lambda x: np.ravel(x),
    "copy": np.copy,
    "shape": lambda x: np.array(np.shape(x)) * x[0, :2],
    "ndim": lambda x: np.ndim(x) * x,
    "size": lambda x: np.size(x) * x,
    "result_type": lambda x: x + np.zeros(4, np.result_type(x, np.float64)),
    "absolute": lambda x: np.abs(-x),
    "fabs": lambda x: np.fabs(-x),
    "rint": lambda x: np.rint(3 * x),
    "invert": lambda x: np.where(~(x > 0.5), x, 0),
    "convolve": lambda x: np.convolve(x[0], Y[:, 0]) + np.convolve(x[0, :3], V)[:1],
    "expit": scipy.special.expit,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "arctan2": lambda x: np.arctan2(x, V),
    "arcsinh": np.arcsinh,
    "arccosh": lambda x: np.arccosh(x + 2),
    "arctanh": np.arctanh,
    "add": lambda x: np.add(V, x) + np.add(x, V),
    "subtract": lambda x: V - x,
    "multiply": lambda x: V * x,
    "divide": lambda x: V / x,
    "power": lambda x: WHOLE**x + np.power(x, 2),
    "floor_divide": lambda x: WHOLE // x,
    "remainder": lambda x: WHOLE % x,
    "matmul": lambda x: np.ones((2, 3)) @ x,
    "bitwise_and": lambda x: np.where((V > 0.5) & (x > 0.5), x, 0),
    "bitwise_or": lambda x: np.where((V > 0.5) | (x > 0.5), x, 0),
    "less": lambda x: np.where(V < x, x, 0),
    "bitwise_xor": lambda x: np.where((V > 0.5) ^ (x > 0.5), x, 0),
    "less_equal": lambda x: np.where(V <= x, x, 0),
    "greater": lambda x: np.where(V > x, x, 0),
    "greater_equal": lambda x: np.where(V >= x, x, 0),
    "equal": lambda x: np.where(V == x, 0, x),
    "not_equal": lambda x: np.where(V != x, x, 0),
}
# Some more: what has no entry of its own, but the name of the standard's function; methods; other axes.
MORE = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "maximum": lambda x: np.maximum(0.5, x),
    "erf": scipy.special.erf,
    "minimum": lambda x: np.minimum(x, V),
    "logaddexp": lambda x: np.logaddexp(x, 0),
    "sign": lambda x: np.sign(x - 0.5),
    "vecdot": lambda x: np.vecdot(x, V, axis=-1),
    "logical_not": lambda x: np.where(np.logical_not(x > 0.5), x, 0),
    "triangles of a vector": lambda x: np.tril(x[0]) + np.triu(x[1], 1),
    "einsum of one": lambda x: np.einsum("ij->j", x) + np.einsum("ii->i", x[:, :3])[:1] + np.einsum("ji", x)[:, :1],
    "einsum with dots": lambda x: np.einsum("...ij,jk->...ik", DEEP, x) + np.einsum("i...->...", x),
    "einsum of both dots": lambda x: np.einsum("...i,...i", DEEP, x[:, 1:].mT[:1]),
    "xlogy": lambda x: scipy.special.xlogy(x, 2 * x) + scipy.special.xlogy(0 * x, x),
    "rel_entr": lambda x: scipy.special.rel_entr(x, x[:1]) + scipy.special.rel_entr(0 * x, x),
    "entr": scipy.special.entr,
    "logit": scipy.special.logit,
    "log_expit": lambda x: scipy.special.log_expit(20 * x) + scipy.special.log_expit(-600 * x),
    "convolve same": lambda x: np.convolve(x[0], x[1, :3], "same") + np.convolve(V[:2], x[0], "same"),
    "convolve valid": lambda x: np.convolve(x[0, :2], x[1], mode="valid"),
    "einsum of three": lambda x: (
        np.einsum("ij,jk,...ik->...i", x, Y, x @ Y) + np.einsum("ii,j,i->i", x[:, :3], x[0], x[:, 0])
    ),
    "einsum without an arrow": lambda x: np.einsum("ij,ik", x, x) + np.einsum("ij", x)[:1],
    "frobenius": lambda x: np.linalg.norm(x),
    "meshgrid": lambda x: np.meshgrid(x[0], V)[0],
    "T": lambda x: (DEEP * x[0, 0]).T,
    "reshaped": lambda x: x.reshape(2, -1) * x.flatten()[0],
    "transposed": lambda x: x.transpose() + x.transpose(1, 0),
    "cast": lambda x: x.astype("float64"),
    "of one": lambda x: x[0].T,
    "length": lambda x: x / len(x),
    "rows": lambda x: sum(row * row for row in x),
    "in place": lambda x: (x / x.sum(axis=-1, keepdims=True)).round(),
}
# Those that are called by one rule: what moves elements, and what a ufunc makes of many numbers.
MANY_OF = {
    "fliplr": np.fliplr,
    "flipud": np.flipud,
    "rot90": lambda x: np.rot90(x, 1, (0, 1)),
    "rollaxis": lambda x: np.rollaxis(x, 1),
    "atleast_1d": lambda x: np.atleast_1d(x[0, 0]),
    "atleast_2d": lambda x: np.atleast_2d(x[0]),
    "atleast_3d": np.atleast_3d,
    "array_split": lambda x: np.array_split(x, 3, axis=1)[0],
    "hsplit": lambda x: np.hsplit(x, 2)[1],
    "vsplit": lambda x: np.vsplit(x, 3)[1],
    "dsplit": lambda x: np.dsplit(x[None], 2)[0],
    "delete": lambda x: np.delete(x, 1, axis=1),
    "sliding_window_view": lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=-1).max(-1),
    "hstack": lambda x: np.hstack([x, 2 * x]),
    "vstack": lambda x: np.vstack((x, V)),
    "dstack": lambda x: np.dstack([x, x]),
    "column_stack": lambda x: np.column_stack([x[:, 0], x[:, 1]]),
    "add.reduce": lambda x: np.add.reduce(x),
    "multiply.reduce": lambda x: np.multiply.reduce(x, axis=-1, keepdims=True),
    "maximum.reduce": lambda x: np.maximum.reduce(x, axis=None),
    "minimum.reduce": lambda x: np.minimum.reduce(x, 1),
    "logical_and.reduce": lambda x: np.where(np.logical_and.reduce(x > 0.2), x, 0),
    "logical_or.reduce": lambda x: np.where(np.logical_or.reduce(x > 0.8, axis=1)[:, None], x, 0),
    "add.accumulate": lambda x: np.add.accumulate(x),
    "multiply.accumulate": lambda x: np.multiply.accumulate(x, axis=1),
    "subtract.outer": lambda x: np.subtract.outer(x, V),
    "constants": lambda x: np.concatenate([np.zeros((1, 4)), np.where(x > 0.5, np.ones((3, 4)), x)]),
    "concatenate flat": lambda x: np.concatenate([x, V[None]], axis=None),
    "take_along_axis flat": lambda x: np.take_along_axis(x, np.argsort(x, axis=None, kind="stable"), None),
}
MORE |= MANY_OF
OF_METHODS = {"clip": (0.2, 0.5), "swapaxes": (0, 1), "take": (PLACES,), "repeat": (2,), "dot": (Y,)}


def of_method(name):
    return lambda x: getattr(x, name)(*OF_METHODS.get(name, ()))


MORE |= {f"x.{name}": of_method(name) for name in METHODS.split()}
# What rounds nothing, here.
WHOLE_NUMBERS = "round", "around", "rint", "floor_divide", "sign", "in place", "x.round"


def lifted(kind):
    """X as an array of a kind: bounded ones have an error."""
    if kind == "exact":
        return exact.lift(X, X.dtype)
    x = bounded.Bounded(X, 1e-12, MODELS["float64"], X.dtype)
    return made(x, Tape(), x.error, ()) if kind == "followed" else x


def centres(value):
    """What a result is near to."""
    if isinstance(value, exact.Exact):
        return np.array([float(ball) for ball in value.balls.flat]).reshape(value.shape)
    return getattr(value, "value", value)


@pytest.mark.parametrize("kind", ["bounded", "exact", "followed"])
@pytest.mark.parametrize("name", [*CALLS, *MORE])
def test_numpys_function_gives_what_it_gives_on_arrays_of_its_own(kind, name):
    call = {**CALLS, **MORE}[name]
    found = call(lifted(kind))
    assert centres(found).shape == call(X).shape
    assert np.allclose(centres(found), call(X), rtol=1e-12, atol=0)
    if kind == "bounded" and np.asarray(call(X)).dtype.kind == "f":
        assert np.any(found.error > 0) or name in WHOLE_NUMBERS


def test_every_function_is_called_here():
    assert {*KNOWN, *OWN, *OPERATORS, *RENAMED} == {*CALLS}
    assert {*OF_CONDITIONS.split()} <= {*KNOWN, *OWN}
    of_many = {f"{name}.{method}" for method, names in MANY.items() for name in names}
    assert {*MOVES.split(), *JOINS.split()} | of_many <= {*MANY_OF}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(
    "call",
    [
        lambda x, mask: x * mask.astype(x.dtype).sum(-1, keepdims=True),
        lambda x, mask: np.multiply(mask, x) + mask * x,
        lambda x, mask: mask.astype(x.dtype) @ x.T,
        lambda x, mask: mask.astype(x.dtype).max(-1) * x[:, 0],
        lambda x, mask: x * np.mean(mask.astype(x.dtype), axis=0) + mask.astype(x.dtype).std(-1, keepdims=True),
        lambda x, mask: x.astype(np.float64) * np.mean(mask),
    ],
)
def test_a_mask_is_counted_and_multiplied_as_in_numpy(call, dtype):
    x, mask = RNG.normal(size=(3, 4)).astype(dtype), np.arange(12).reshape(3, 4) % 3 > 0
    assert_conforms(call(x, mask), call, x, mask)
    value, bound = expected(call, x, mask)
    assert np.max(bound) <= 32 * np.finfo(dtype).eps * np.max(np.abs(value))


@pytest.mark.parametrize("call", [lambda x: np.pad(x, 1), np.tril, lambda x: np.pad(x, 1, "edge"), np.triu])
def test_padding_keeps_the_arithmetic(call):
    """The constant was of float64, and made the bound one of float64."""
    x = X.astype(np.float32)
    _, bound = expected(lambda x: call(x) * x[0, 0], x)
    assert np.max(bound) >= 2**-26
    assert_conforms(call(x) * x[0, 0], lambda x: call(x) * x[0, 0], x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_is_expected_where_numpy_has_it(dtype):
    x = np.array([[np.nan, 0.5, -1.0, 0.25]], dtype)
    for function in (np.sort, np.sign, np.arcsin, np.arccos):
        value, bound = expected(lambda x, f=function: f(x), x)
        right = np.isnan(function(x))
        assert np.array_equal(np.isnan(value), right)
        assert np.all(np.isfinite(bound))


def softmax(x, mask, axis=-1):
    e = np.exp(np.where(mask, x - x.max(axis=axis, keepdims=True), -np.inf))
    return e / e.sum(axis=axis, keepdims=True)


def of_the_standard(x, mask, axis=-1):
    xp = x.__array_namespace__()
    e = xp.exp(xp.where(mask, x - xp.max(x, axis=axis, keepdims=True), -xp.inf))
    return e / xp.sum(e, axis=axis, keepdims=True)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_bounds_are_those_of_the_standards_functions(dtype):
    x, mask = RNG.normal(size=(5, 9)).astype(dtype), RNG.random((5, 9)) > 0.1
    of_numpy, wanted = expected(softmax, x, mask), expected(of_the_standard, x, mask)
    assert all(np.array_equal(a, b) for a, b in zip(of_numpy, wanted, strict=True))
    assert_conforms(softmax(x, mask), softmax, x, mask)
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(softmax(x, mask) * x.dtype.type(1.02), softmax, x, mask)


def test_what_errors_may_turn_is_undecided():
    x = np.array([1.0, 2.0, 3.0], np.float32)
    _, bound = expected(lambda x: np.where(x / 3 * 3 > 2, x + 0.01, x), x)
    assert bound[1] >= 0.01 > bound[2]
    with pytest.raises(ValueError, match=r"rounding errors may turn \(1 of 3\)"):
        expected(lambda x: x * np.sum(x / 3 * 3 > 2), x)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: np.exp(x, out=x), r"numpy.exp: out: gaugeblock has no error bound for that; write it"),
        (lambda x: np.logaddexp.reduce(x), r"numpy.logaddexp: reduce: gaugeblock has no"),
        (lambda x: np.add.reduce(x, where=x > 0), r"numpy.sum: where: gaugeblock has no"),
        (lambda x: np.max(np.array([x, 2 * x])), r"as np.array makes .*forgets the bounds; np.stack joins several"),
        (lambda x: np.sum(x, where=x > 0), r"numpy.sum: got an unexpected keyword argument 'where': gaugeblock"),
        (
            lambda x: np.pad(x, 1, "mean"),
            r"pad: got mode='mean', constant_values=0; wanted one number, or \('constant'",
        ),
        (lambda x: np.round(x, 2), r"numpy.round: got an unexpected keyword argument 'decimals'"),
        (lambda x: np.linalg.norm(x, 2), r"numpy.linalg.norm: ord=2 of 2 axes: gaugeblock has no error bound"),
        (lambda x: np.einsum(x, [0, 1], [0]), r"numpy.einsum: subscripts that are no text before the arrays"),
    ],
)
def test_what_has_no_bound_is_an_error_of_one_line(call, words):
    with pytest.raises(ValueError, match=words) as raised:
        expected(call, X)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("call", [np.ptp, np.cbrt, np.linalg.inv])
def test_a_function_that_is_missing_is_named(call):
    with pytest.raises(MissingError, match=rf"^xp.{call.__name__}: gaugeblock has no error bound for it yet"):
        expected(lambda x: call(x[:, :3]), X)


def layer_norm(x, w, epsilon=1e-5):
    centred = x - np.mean(x, axis=-1, keepdims=True)
    return centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + epsilon) * w


@pytest.mark.whole
def test_a_formula_of_numpys_functions_judges_like_any_other():
    declared = formula("(..., n), (n) -> (..., n)")(layer_norm)

    def of_var(x, w, epsilon=1e-5):
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + x.dtype.type(epsilon)) * w

    def outside(x, w, epsilon=1e-5):
        return (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + x.dtype.type(epsilon)) * w

    assert check(SimpleNamespace(layer_norm=of_var), [declared], ["float32", "float64"]).passed
    assert not check(SimpleNamespace(layer_norm=outside), [declared], ["float32"]).passed


@pytest.mark.parametrize("dtype", [np.dtype("float32"), np.dtype("float64")])
def test_products_of_three_arrays_may_be_summed_in_any_order(dtype):
    rng = np.random.default_rng(0)
    x, w, y = (rng.normal(size=shape).astype(dtype) for shape in ((5, 30), (30, 20), (5, 20)))

    def bilinear(x, w, y):
        return np.einsum("bn,nm,bm->b", x, w, y)

    for right in (np.vecdot(x @ w, y), np.vecdot(x, y @ w.T), bilinear(x, w, y)):
        assert_conforms(right, bilinear, x, w, y)
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(np.vecdot(x @ w, y) * dtype.type(1.002), bilinear, x, w, y)
    y[0, 3] = np.inf  # two orders give NaN, and infinity
    assert np.isnan(bilinear(x, w, y)[0])
    assert np.isinf(np.vecdot(x @ w, y)[0])
    bound = expected(bilinear, x, w, y)[1]
    assert np.isinf(bound[0])  # which nobody judges
    assert np.all(np.isfinite(bound[1:]))
    with pytest.raises(ValueError, match="the derived tolerance is infinite"):
        expected(bilinear, x[:1], w, y[:1])
