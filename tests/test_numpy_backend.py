"""The NumPy backend: the same results in blocks of any size and layout, and memory that is not touched."""

import tracemalloc
from functools import partial
from itertools import product

import numpy as np
import pytest

from gaugeblock import AdamState, reference
from gaugeblock.backends import _numpy_blocks, _numpy_steps
from gaugeblock.backends import numpy as gb
from gaugeblock.conformance import assert_conforms
from gaugeblock.conformance.formulas import FUNCTIONS, cases, declared

SHAPES = [((7, 11), -1), ((7, 11), 0), ((3, 5, 8), 1), ((3, 5, 8), -3), ((200,), 0), ((1, 1, 90), 2), ((90, 1), 1)]


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(_numpy_blocks, "BLOCK", 16)
    monkeypatch.setattr(_numpy_blocks, "WIDTH", 8)
    monkeypatch.setattr(_numpy_steps, "SMALL", 6)


def numbers(seed, *shape, dtype=np.float32):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


LAYOUTS = {
    "as it is": lambda array: array,
    **gb.layouts,
    "broadcast": lambda array: np.broadcast_to(array, array.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_blocks_cover_every_element_once_and_keep_the_axis_whole(small_blocks, shape, axis, layout):
    counted = np.zeros(shape, int)
    array = LAYOUTS[layout](np.zeros(shape))
    for _, part in _numpy_blocks.blocks(axis, array, counted):
        assert part.shape[axis] == shape[axis]
        assert part.size <= max(_numpy_blocks.BLOCK, shape[axis])
        part += 1
    assert np.all(counted == 1)


@pytest.mark.parametrize("dtype", gb.dtypes)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_the_formulas_conform_in_small_blocks(small_blocks, shape, axis, layout, dtype):
    x, y = (LAYOUTS[layout](numbers(seed, *shape, dtype=dtype)) for seed in range(2))
    labels = np.random.default_rng(2).integers(shape[axis], size=np.delete(shape, axis))
    assert_conforms(gb.softmax(x, axis=axis), "softmax", x, axis=axis)
    assert_conforms(gb.log_softmax(x, axis=axis), "log_softmax", x, axis=axis)
    name = "categorical_cross_entropy_from_logits"
    assert_conforms(getattr(gb, name)(abs(y), x, axis=axis), name, abs(y), x, axis=axis)
    assert_conforms(getattr(gb, f"sparse_{name}")(labels, x, axis=axis), f"sparse_{name}", labels, x, axis=axis)


def test_a_masked_class_counts_nothing_in_its_row_alone(small_blocks):
    x, y = numbers(0, 9, 11), np.zeros((9, 11), np.float32)
    x[3, 4], x[5, 6], y[:, 2], y[5, 6] = -np.inf, -np.inf, 1, 1
    for axis, (a, b) in {1: (x, y), 0: (x.T, y.T)}.items():
        with np.errstate(invalid="ignore"):
            own = gb.categorical_cross_entropy_from_logits(b, a, axis=axis)
            free = reference.categorical_cross_entropy_from_logits(b, a, axis=axis)
        np.testing.assert_allclose(own, free, rtol=1e-6)
        assert np.isinf(own).tolist() == [row == 5 for row in range(9)]


def a_tree(seed):
    return {
        "rows": [numbers(seed, 2, 3), numbers(seed, 8, 9), numbers(seed, 5)],
        "one": numbers(seed),
        "none": numbers(seed, 0, 2),
    }


def leaves(tree):
    return [*tree["rows"], tree["one"], tree["none"]]


@pytest.mark.parametrize("donate", [False, True])
def test_a_tree_of_small_and_large_leaves_conforms_over_several_steps(small_blocks, donate):
    theta, state = a_tree(0), gb.adam_init(a_tree(0))
    for step in range(3):
        grad = a_tree(step + 1)
        before = [[leaf.copy() for leaf in leaves(tree)] for tree in (theta, grad, state.m, state.v)]
        given = [leaves(tree) for tree in (theta, grad, state.m, state.v)]
        theta, state = gb.adam_step(theta, grad, state, donate=donate)
        for i, row in enumerate(zip(*before, strict=True)):
            result = leaves(theta)[i], AdamState(state.step, leaves(state.m)[i], leaves(state.v)[i])
            assert_conforms(result, "adam_step", *row[:2], AdamState(step, *row[2:]))
        kept = given[1:2] if donate else given
        for arrays, copies in zip(kept, before[1:2] if donate else before, strict=True):
            for array, copy in zip(arrays, copies, strict=True):
                np.testing.assert_array_equal(array, copy)


def test_donated_arrays_are_written_over_where_that_is_safe(small_blocks):
    def step(theta, m, v):
        wanted = reference.adam_step(theta.copy(), grad, AdamState(2, m.copy(), v.copy()), xp=np)
        new, state = gb.adam_step(theta, grad, AdamState(2, m, v), donate=True)
        for own, free in zip((new, state.m, state.v), (wanted[0], *wanted[1][1:]), strict=True):
            np.testing.assert_allclose(own, free, rtol=1e-5)
        return new is theta, state.m is m, state.v is v

    grad = numbers(1, 9, 7)
    assert step(numbers(0, 9, 7), numbers(2, 9, 7), numbers(3, 9, 7) ** 2) == (True, True, True)
    assert step(numbers(0, 7, 9).T, numbers(2, 9, 14)[:, ::2], numbers(3, 9, 7)[::-1] ** 2) == (True, True, True)
    assert step(gb.read_only(numbers(0, 9, 7)), numbers(2, 9, 7), numbers(3, 9, 7) ** 2) == (False, True, True)
    zeros = np.zeros((9, 7), np.float32)
    assert step(numbers(0, 9, 7), zeros, zeros) == (False, False, False)  # one array, for m and v
    shared = np.lib.stride_tricks.as_strided(np.zeros(15, np.float32), (9, 7), (4, 4))  # windows that overlap
    repeated = np.lib.stride_tricks.as_strided(np.zeros(7, np.float32), (9, 7), (0, 4))
    assert step(numbers(0, 9, 7), shared, repeated) == (True, False, False)
    tied, rows = numbers(0, 9, 7), [grad, 2 * grad]
    state = gb.adam_init([tied, tied])
    (first, second), _ = gb.adam_step([tied, tied], rows, state, donate=True)
    assert_conforms(
        gb.adam_step(numbers(0, 9, 7), rows[1], gb.adam_init(tied)), "adam_step", tied, rows[1], gb.adam_init(tied)
    )
    np.testing.assert_allclose(first, second, rtol=1e-5)  # the first step is as large for each gradient


def peak(function):
    """The most memory that a call has at a time, in MiB."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def test_how_much_memory_is_touched():
    x = numbers(0, 2048, 2048)  # 16 MiB
    labels, state = np.zeros(2048, int), AdamState(0, np.zeros_like(x), np.zeros_like(x))
    assert peak(lambda: gb.softmax(x)) < 16 + 1.5  # the result and a block
    assert peak(lambda: gb.categorical_cross_entropy_from_logits(x, x)) < 3.5
    assert peak(lambda: gb.sparse_categorical_cross_entropy_from_logits(labels, x)) < 2.5
    assert peak(lambda: gb.adam_step(x, x, state, donate=False)) < 3 * 16 + 1.5
    grad = x.copy()
    assert peak(lambda: gb.adam_step(x, grad, state, donate=True)) < 1.5


STRANGE = {
    "got a masked array, whose mask would be ignored; wanted a plain array, as .filled": np.ma.masked_array,
    "got a numpy.matrix, whose products": lambda value: np.zeros((2, 2), value.dtype).view(np.matrix),
}


@pytest.mark.parametrize("given", [{}, {"xp": np}], ids=["reference", "reference on numpy"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_no_plain_array_is_refused_in_every_argument(name, given):
    known = cases(declared(name).formula, np.dtype("float32"))
    first = next(each for each in known if each.function == name and not each.steps)
    functions = getattr(gb, name), partial(getattr(reference, name), **given)
    arrays = [number for number, value in enumerate(first.arguments) if isinstance(value, np.ndarray)]
    for number, (words, strange), function in product(arrays, STRANGE.items(), functions):
        wrong = [*first.arguments]
        wrong[number] = strange(wrong[number])
        with pytest.raises(TypeError, match=words):
            function(*wrong, **first.options)
    wide = [a.astype(np.longdouble) if getattr(a, "dtype", None) == np.float32 else a for a in first.arguments]
    for function in functions:
        with pytest.raises(
            TypeError, match=r"got an array of dtype .*; wanted an array of a real floating dtype of at most 64"
        ):
            function(*wide, **first.options)
