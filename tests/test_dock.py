"""Outputs that were computed elsewhere: the verdict as JSON, and the bounds as rtol and atol."""

import json

import numpy as np
import pytest

import gaugeblock as gb
from gaugeblock.conformance import expected, judge_outputs, tolerances

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 40)).astype(np.float32)


def verdict(*arguments, **options):
    found = judge_outputs(*arguments, **options)
    return json.loads(json.dumps(found, allow_nan=False))


def test_a_verdict_has_the_worst_element_and_how_many_are_outside():
    y = gb.softmax(X)
    right = verdict("softmax", [X], y)
    assert right["conforms"]
    assert 0 < right["results"][0]["ratio"] <= 1
    y[1, 7] += 1e-5
    wrong = verdict("softmax", {"x": X}, {"y": y}, axis=-1)
    (result,) = wrong["results"]
    assert (wrong["conforms"], result["outside"], result["worst"]["index"]) == (False, 1, [1, 7])
    value, bound = expected("softmax", X)
    assert result["worst"]["got"] == float(y[1, 7])
    assert (result["worst"]["expected"], result["worst"]["bound"]) == (value[1, 7], bound[1, 7])


def test_infinities_and_nan_are_strings():
    y = gb.relu(X)
    y[0, 0], y[0, 1] = np.nan, np.inf
    (result,) = verdict("relu", [X], y)["results"]
    assert (result["ratio"], result["worst"]["got"], result["outside"]) == ("inf", "nan", 2)


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        (gb.softmax(X.astype(np.float64)), "got float64 of shape (3, 40); expected float32 of shape (3, 40)"),
        (gb.softmax(X)[0], "got float32 of shape (40,); expected float32 of shape (3, 40)"),
        ({"z": gb.softmax(X)}, "y: it is missing"),
        (object(), "got object"),
    ],
)
def test_what_cannot_be_compared_does_not_conform_and_says_why(outputs, reason):
    found = verdict("softmax", [X], outputs)
    assert not found["conforms"]
    assert reason in found["results"][0]["reason"]


def test_several_results_a_state_and_a_count():
    theta, state = X[0], gb.adam_init(X[0])
    new, after = gb.adam_step(theta, X[1], state)
    assert verdict("adam_step", [theta, X[1], state], (new, after))["conforms"]
    assert verdict("adam_step", {"theta": theta, "grad": X[1], "state": state}, {"theta": new, **after._asdict()})[
        "conforms"
    ]
    stopped = verdict("adam_step", [theta, X[1], state], (new, after._replace(step=0)))
    assert [each["reason"] for each in stopped["results"]] == ["", "", "", "step is 0, not 1"]
    assert not stopped["conforms"]
    assert not verdict("adam_step", [theta, X[1], state], new)["conforms"]


def test_a_long_sum_says_what_it_cannot_tell():
    x, w, b = RNG.normal(size=(2, 4096)), RNG.normal(size=(4096, 2)), np.zeros(2)
    arrays = [each.astype(np.float32) for each in (x, w, b)]
    assert "tf32" in verdict("dense", arrays, gb.dense(*arrays))["note"]


def test_anybody_s_function_is_a_reference_and_wrong_inputs_are_an_error():
    def double(x):
        return x + x

    assert verdict(double, [X], X * 2)["conforms"]
    assert not verdict(double, {"x": X}, X * 2.0000005)["conforms"]
    with pytest.raises(TypeError, match="inputs: got 'z'; wanted some of x, axis"):
        judge_outputs("softmax", {"z": X}, X)
    with pytest.raises(ValueError, match="axis"):
        judge_outputs("softmax", [X], X, axis=5)
    with pytest.raises(TypeError, match=r"inputs: got an array; wanted a list of the arguments, such as \[x\]"):
        judge_outputs("softmax", X, X)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_arrays_of_tolerances_decide_as_the_judge_does(dtype):
    x = X.astype(dtype)
    x[2, 3] = np.nan
    desired, rtol, atol = tolerances("softmax", [x])["y"]
    value, bound = expected("softmax", x)
    assert np.array_equal(desired, value, equal_nan=True)
    assert not np.any(rtol)
    assert np.all(atol[:2] >= bound[:2])
    assert np.all(atol[:2] <= bound[:2] * 1.001 + 2e-16 * (dtype == np.float64))
    y = gb.softmax(x)
    assert np.isclose(y, desired, rtol, atol, equal_nan=True).all()
    off = (value + 2 * atol)[:2]
    assert not np.isclose(off, desired[:2], rtol[:2], atol[:2]).any()


def test_arrays_of_tolerances_of_exact_and_of_large_results():
    desired, _, atol = tolerances("relu", [X])["y"]
    assert not np.any(atol)
    assert np.array_equal(desired, np.maximum(X, 0))
    x = np.zeros((700, 700), np.float32)  # judged in blocks
    assert tolerances("softmax", [x])["y"][0].shape == x.shape
