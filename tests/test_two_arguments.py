"""The sampled sweeps of functions of two numbers: what is planted is found, and the published results hold."""

import json

import numpy as np
import two_arguments


def test_what_is_planted_is_found():
    x, y = (np.concatenate(each)[::499] for each in zip(*two_arguments.drawn(np.random.default_rng(0)), strict=True))

    def planted(x, y):
        right = np.hypot(x, y)
        right[7] += 20 * np.spacing(right[7])
        right[9] = np.nan
        return right

    clean = two_arguments.found("hypot", "numpy", np.hypot, False, x, y, 4)
    assert (clean["over"], clean["beyond"]) == (0, 0)
    assert clean["ulp"] <= 0.5001
    dirty = two_arguments.found("hypot", "numpy", planted, False, x, y, 4)
    assert (dirty["over"], dirty["beyond"]) == (2, 2)
    assert 19 <= dirty["ulp"] <= 21
    assert (dirty["x"], dirty["y"]) == (str(x[7]), str(y[7]))


def test_flushed_results_are_counted_apart():
    x, y = np.float32([1e-38, 1]), np.float32([1e-39, 1])
    zeros = two_arguments.found("hypot", "jax", lambda x, y: np.where(x < 1, 0, np.hypot(x, y)), True, x, y, 4)
    assert (zeros["flushed"], zeros["over"]) == (1, 0)
    assert two_arguments.found("hypot", "jax", lambda x, y: 0 * x, False, x, y, 4)["over"] == 2


def test_pairs_reach_all_binades_and_powers_both_ends():
    rng = np.random.default_rng(0)
    x, y = next(two_arguments.drawn(rng))
    assert np.unique(np.frexp(x)[1]).size > 250
    for x, y in list(two_arguments.of_powers(rng))[::3]:
        with np.errstate(all="ignore"):
            power = np.power(x.astype(float), y.astype(float))
        assert np.min(power) < 2.0**-140
        assert np.max(power) > 2.0**127


def test_nothing_published_is_beyond_the_bound():
    for each in json.loads(two_arguments.RESULTS.read_text())["found"]:
        assert (each["over"], each["beyond"]) == (0, 0)
        assert each["ulp"] <= each["limit"]
