"""A call that is judged block by block gives what it gives as a whole, in little memory."""

import tracemalloc

import numpy as np
import pytest

from gaugeblock import reference, spec
from gaugeblock.conformance import assert_conforms, expected
from gaugeblock.conformance.cases.draw import unpack
from gaugeblock.conformance.formulas import FUNCTIONS, call, cases, declared
from gaugeblock.conformance.judging import blocks, oracle, tolerance
from gaugeblock.reference import AdamState
from gaugeblock.reference.declaration import formula

FLOAT32 = np.dtype("float32")


def small_cases():
    every = [case for name in spec.formulas() for case in cases(name, FLOAT32)]
    return [case for case in every if not case.steps and sum(np.size(a) for a in unpack(case.arguments)) < 120]


def gathered(call):
    """What the blocks of a call give, put together; and their number."""
    found, every = {}, list(blocks.blocks(call))
    for block in every:
        part = oracle.expect(block.call, FLOAT32)
        for name in block.places or part:
            if not block.places:
                found[name] = part[name][:3]
                continue
            whole = found.setdefault(name, tuple(np.full(block.shapes[name], 7e77) for _ in range(3)))
            for array, each in zip(whole, part[name][:3], strict=True):
                array[block.places[name]] = each
    return found, len(every)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_blocks_give_what_the_whole_gives(function, monkeypatch):
    several = 0
    for case in small_cases():
        if case.function != function:
            continue
        monkeypatch.setattr(blocks, "BLOCK", 1 << 40)
        with np.errstate(all="ignore"):
            whole, one = gathered(case)
            monkeypatch.setattr(blocks, "BLOCK", 64)
            found, number = gathered(case)
        assert one == 1
        assert found.keys() == whole.keys()
        several += number > 1
        for name, arrays in whole.items():
            for got, wanted in zip(found[name], arrays, strict=True):
                scale = 1e-12 * np.max(np.abs(wanted), initial=0, where=np.isfinite(wanted))
                assert got.shape == wanted.shape
                # Beside a negative number the whole array loses the knowledge that none is; a block does not.
                close = np.isclose(got, wanted, rtol=1e-6, atol=scale, equal_nan=True) | np.isinf(wanted)
                assert np.all(close), (case.id, name)
    assert several > 0 or declared(function).rows_together


def test_the_axis_of_the_classes_stays_whole(monkeypatch):
    x = np.random.default_rng(0).normal(size=(5, 6, 7)).astype(np.float32)
    for axis in (0, 1, -1):
        whole = expected("softmax", x, axis=axis)
        monkeypatch.setattr(blocks, "BLOCK", 80)
        for got, wanted in zip(expected("softmax", x, axis=axis), whole, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-9)
        monkeypatch.undo()


@formula("(..., n) -> (..., n)")
def by_the_batch(x):
    """What the signature does not say: an element depends on how many rows there are."""
    return x / x.shape[0]


@formula("(..., n) -> (..., n)")
def by_the_first_row(x):
    """Nor that it depends on another row, whatever that is where it is NaN."""
    xp = x.__array_namespace__()
    return xp.where(x[:1, :1] > 0, x, x * 3)


@formula("(...) -> (...)")
def elementwise(x):
    return x * x


@formula("(..., n) -> (..., n)")
def by_the_row(x):
    xp = x.__array_namespace__()
    return x / xp.sqrt(xp.sum(x * x, axis=-1, keepdims=True))


def test_an_axis_of_one_hides_no_dependence_along_another(monkeypatch):
    x = np.random.default_rng(0).normal(size=(1, 64, 8)).astype(np.float32)
    monkeypatch.setattr(blocks, "BLOCK", 64)

    @formula("(..., n) -> (..., n)")
    def shared(x):
        return x / x.shape[-2]

    assert len(list(blocks.blocks(call(shared, (x,), {})))) == 1
    assert_conforms(shared(x), shared, x)


@pytest.mark.parametrize(
    ("function", "count"), [(by_the_batch, 1), (by_the_first_row, 1), (by_the_row, 8), (elementwise, 8)]
)
def test_what_depends_on_other_rows_is_not_cut(function, count, monkeypatch):
    x = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    x[0, 0], x[2, 0] = 1, -1
    monkeypatch.setattr(blocks, "BLOCK", 64)
    assert len(list(blocks.blocks(call(function, (x,), {})))) == count
    assert_conforms(function(x), function, x)


def test_the_worst_element_is_found_in_its_block(monkeypatch):
    x = np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32)
    y = reference.softmax(x)
    y[3, 1], y[50, 2] = y[3, 1] * 1.5, np.nan
    messages = []
    for limit in (1 << 20, 256):
        monkeypatch.setattr(blocks, "BLOCK", limit)
        with pytest.raises(
            AssertionError, match=r"softmax: y\[50, 2\] is nan; .* 2 of 512 elements are outside"
        ) as error:
            assert_conforms(y, "softmax", x)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_a_mistake_has_the_words_of_the_whole_call(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 64)
    x, w, b = np.ones((40, 8), np.float32), np.ones((8, 9), np.float32), np.ones(9)
    with pytest.raises(TypeError, match=r"b: got an array of dtype float64 and shape \(9,\)"):
        expected("dense", x, w, b)
    with pytest.raises(ValueError, match=r"w: got shape \(8, 9\); wanted \(7, 9\)"):
        expected("dense", x[:, 1:], w, b.astype(np.float32))
    with pytest.raises(IndexError, match="wanted 0 to 7"):
        expected("sparse_categorical_cross_entropy_from_logits", np.arange(40), x)
    x[33, :2], w[1] = 3e38, -0.9
    _, bound = expected("dense", x, w, b.astype(np.float32))
    assert np.isinf(bound[33]).all()  # which nobody is judged by
    assert np.isfinite(np.delete(bound, 33, axis=0)).all()
    x[:, :2] = 3e38
    with pytest.raises(tolerance.EmptyToleranceError, match="may overflow"):
        expected("dense", x, w, b.astype(np.float32))


def softmax_of(dtype, rows):
    x = np.random.default_rng(0).normal(size=(rows, 1000)).astype(dtype)
    return (reference.softmax(x), "softmax", x)


def adam_of(dtype, count):
    theta, grad, m, v = np.abs(np.random.default_rng(0).normal(size=(4, count)).astype(dtype))
    state = AdamState(3, m, v)
    return (reference.adam_step(theta, grad, state), "adam_step", theta, grad, state)


def dense_of(dtype, n):
    rng = np.random.default_rng(0)
    x, w, b = (rng.normal(size=shape).astype(dtype) for shape in ((n, n), (n, n), n))
    return (reference.dense(x, w, b), "dense", x, w, b)


def peak_of(*arguments):
    tracemalloc.start()
    assert_conforms(*arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.one_in(2)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("make", "count"), [(softmax_of, 50), (adam_of, 8000), (dense_of, 100)])
def test_memory_does_not_grow_with_the_arrays(make, count, dtype, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 1 << 17)
    few, many = (peak_of(*make(dtype, n)) for n in (count, 4 * count))
    assert many < 2 * few
    monkeypatch.setattr(blocks, "BLOCK", 1 << 40)
    assert peak_of(*make(dtype, 4 * count)) > 3 * many


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_block_needs_little_memory(dtype):
    """64 MB at most; 4096 rows of 50 257 classes took 20 GB in float32 and 75 GB in float64 as a whole."""
    assert peak_of(*softmax_of(dtype, 300)) < 64e6
