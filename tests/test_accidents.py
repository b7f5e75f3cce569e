"""NaN and infinities that come of how a formula is written: code that computes it in another right way has others."""

import types

import numpy as np
import pytest

from gaugeblock.conformance import assert_conforms, check
from gaugeblock.reference.declaration import formula

pytestmark = pytest.mark.whole


@formula("(..., n), (3) -> (..., n)")
def smoothed(x, w):
    nothing, n = np.zeros_like(x[..., :1]), x.shape[-1]
    padded = np.concatenate([nothing, x, nothing], axis=-1)
    return np.sum(np.stack([w[i] * padded[..., i : i + n] for i in range(3)], axis=-1), axis=-1)


def without_padding(x, w):
    y = x * w[1]
    y[..., 1:] += x[..., :-1] * w[0]
    y[..., :-1] += x[..., 1:] * w[2]
    return y


def without_zeros(x, w):
    """A term of a number that is 0 is skipped, whatever it is multiplied by."""
    y = np.where(x == 0, 0, x * w[1])
    y[..., 1:] += np.where(x[..., :-1] == 0, 0, x[..., :-1] * w[0])
    y[..., :-1] += np.where(x[..., 1:] == 0, 0, x[..., 1:] * w[2])
    return y


def average(a, x, decay=0.999):
    return decay * a + (1 - decay) * x


def lerp(a, x, decay=0.999):
    return a + (1 - decay) * (x - a)


@pytest.mark.parametrize(("kernel", "passes"), [(without_padding, True), (without_zeros, False)])
def test_what_is_padded_need_not_meet_an_infinite_weight(kernel, passes):
    with np.errstate(all="ignore"):
        assert check(types.SimpleNamespace(smoothed=kernel), [smoothed], ["float32"]).passed == passes


def test_only_the_elements_that_do_not_depend_on_a_special_number_are_open():
    x, w = np.asarray([1, 2, np.inf, 3], np.float32), np.asarray([np.nan, 1, 2], np.float32)
    right = np.asarray([5, np.nan, np.nan, np.nan], np.float32)
    assert_conforms(right, smoothed, x, w)
    assert_conforms(smoothed(x, w), smoothed, x, w)
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(np.asarray([5, np.inf, np.nan, np.nan], np.float32), smoothed, x, w)


def test_a_declared_form_may_give_nan_where_the_formula_gives_infinity():
    with_form = formula("(...), (...) -> (...)", forms={"lerp": lerp})(average)

    def kernel(a, x, decay=0.999):
        return a + a.dtype.type(1 - decay) * (x - a)

    def without_nan(a, x, decay=0.999):
        return np.nan_to_num(kernel(a, x, decay), nan=0)

    with np.errstate(all="ignore"):
        assert check(types.SimpleNamespace(average=kernel), [with_form], ["float32"]).passed
        assert not check(types.SimpleNamespace(average=without_nan), [with_form], ["float32"]).passed
