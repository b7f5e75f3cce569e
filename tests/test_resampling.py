"""Interpolation and order statistics of PyTorch: what it gives conforms, and coarse or other results do not."""

from functools import partial

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from gaugeblock.conformance import assert_conforms, expected
from gaugeblock.conformance.arithmetic.namespace import MissingError
from gaugeblock.conformance.mutants.rounding import to_tf32

torch.manual_seed(0)
PLANES = torch.randn(2, 3, 9, 14)
HOW = [
    ("linear", {"scale_factor": 2.0}, PLANES[0]),
    ("linear", {"size": 23, "align_corners": True}, PLANES[0]),
    ("bilinear", {"scale_factor": 1.7}, PLANES),
    ("bilinear", {"size": (5, 31)}, PLANES),
    ("bicubic", {"size": (20, 9), "align_corners": True}, PLANES),
    ("bicubic", {"scale_factor": (3.0, 0.6)}, PLANES),
    ("trilinear", {"size": (3, 12, 7)}, PLANES[None]),
]


@pytest.mark.parametrize(("mode", "options", "x"), HOW)
def test_interpolation(mode, options, x):
    function = partial(interpolate, mode=mode, **options)
    y = function(x)
    assert_conforms(y, function, x)
    with pytest.raises(AssertionError):
        assert_conforms(function(torch.tensor(to_tf32(x.numpy()))), function, x)
    shifted = torch.roll(y, 1, -1)
    with pytest.raises(AssertionError):
        assert_conforms(shifted, function, x)
    other = {"size": y.shape[2:], "align_corners": not options.get("align_corners", False)}
    with pytest.raises(AssertionError):
        assert_conforms(interpolate(x, mode=mode, **other), function, x)


def test_interpolation_in_half_precision_and_in_float64():
    function = partial(interpolate, mode="bilinear", scale_factor=2.0)
    assert_conforms(function(PLANES.half()), function, PLANES.half())
    with pytest.raises(MissingError, match="no error bound for interpolation in float64"):
        expected(function, PLANES.double())
    with pytest.raises(MissingError, match="not finite"):
        expected(function, PLANES / 0)


ROWS = torch.randn(5, 8)


@pytest.mark.parametrize(
    "function",
    [
        torch.median,
        lambda x: torch.median(x, -1)[0],
        lambda x: torch.median(x, 0, keepdim=True)[0],
        lambda x: torch.kthvalue(x, 3, 0)[0],
        lambda x: torch.kthvalue(x * 1.1, 8)[0],
    ],
)
def test_order_statistics(function):
    for x in (ROWS, torch.where(ROWS > 1, torch.nan, ROWS), torch.round(ROWS)):
        y = function(x)
        assert_conforms(y, function, x)
        if not torch.isnan(y).any():
            with pytest.raises(AssertionError):
                assert_conforms(y + 1e-3, function, x)


def test_the_place_of_a_median_is_judged():
    assert_conforms(torch.median(ROWS, -1), lambda x: torch.median(x, -1), ROWS)
    value, bound = expected(lambda x: torch.median(x, -1)[0], ROWS)
    np.testing.assert_array_equal(value, np.sort(ROWS.numpy(), -1)[:, 3])
    assert not bound.any()
