"""Adam over many steps: its carried bounds, and its state saved, loaded and continued."""

import pickle
import types
from functools import partial

import numpy as np
import pytest

import gaugeblock
from gaugeblock import AdamState
from gaugeblock.conformance import check
from gaugeblock.conformance.arithmetic import bounded
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.formulas import call, cases
from gaugeblock.conformance.judging import oracle

STEPS, SAVED_AFTER = 60, (1, 7, 50)
DTYPES = ["float32", "float64"]
NAMES = ("theta", "m", "v")


def numbers(seed, dtype, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


# The carried bounds.


def pushed(theta, grads, state, dtype, signs):
    """A run in which each step makes the largest error that one step may make, always in the same direction."""
    lift = partial(bounded.lift, model=MODELS[dtype.name], dtype=dtype)  # between the numbers of the dtype too
    for grad in grads:
        arguments = lift(theta), grad, AdamState(state.step, lift(state.m), lift(state.v))
        found = oracle.bounded_run(call("adam_step", arguments, {}), dtype, MODELS[dtype.name])
        theta, m, v = (found[name].value + sign * found[name].bound for name, sign in zip(NAMES, signs, strict=True))
        state = AdamState(state.step + 1, m, v)
    return {"theta": theta, "m": m, "v": v}


@pytest.mark.parametrize("signs", [(-1, 1, -1), (1, -1, 1)], ids=["faster", "slower"])
def test_errors_that_all_point_one_way_are_within_the_carried_bound_and_near_it(signs):
    dtype, zeros = np.dtype("float32"), np.zeros(4)
    start = AdamState(0, zeros, zeros)
    grads = np.abs(numbers(0, dtype, 100, 4)) + 0.5
    run = call("adam_step", (zeros, grads, start), {})._replace(steps=(1, 10, 100))
    carried = oracle.bounded_run(run, dtype, MODELS["float32"])
    for count, when in ((1, "1 step"), (10, "10 steps"), (100, "100 steps")):
        for name, values in pushed(zeros, grads[:count], start, dtype, signs).items():
            wanted = carried[f"{name} after {when}"]
            ratio = np.abs(values - wanted.value) / wanted.bound
            assert np.all(ratio <= 1), (name, when)
            assert np.all(ratio > 0.9), (name, when)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_carried_bounds_are_far_below_what_they_judge(dtype):
    long_run = next(case for case in cases("adam", np.dtype(dtype)) if 1000 in case.steps)
    assert long_run.arguments[0].size <= 10
    found = oracle.expect(long_run, np.dtype(dtype))
    for name in ("theta", "v"):
        each = found[f"{name} after 1000 steps"]
        assert np.all(each.bound < 0.01 * np.abs(each.value)), name


def test_one_step_of_1000_that_is_left_out_is_found():
    def skips(theta, grad, state, **options):
        new, after = gaugeblock.adam_step(theta, grad, state, **options)
        return theta.copy() if after.step == 500 else new, after

    report = check(types.SimpleNamespace(__name__="skips", adam_step=skips))
    failed = {(r.requirement, r.worst.output) for r in report.results if r.status == "fail"}
    assert failed == {("adam.trajectory", "theta after 1000 steps")}


def test_a_history_that_a_copy_lacks_is_found_and_said():
    last = {}

    def compensated(theta, grad, state, **options):
        moved, after = gaugeblock.adam_step(np.zeros_like(theta), grad, state, **options)
        moved = moved + (last["lost"] if last.get("theta") is theta else 0)
        last.update(theta=theta + moved, lost=moved - ((theta + moved) - theta))
        return last["theta"], after

    report = check(types.SimpleNamespace(__name__="compensated", adam_step=compensated))
    failed = {(r.requirement, r.worst.reason) for r in report.results if r.status == "fail"}
    assert ("adam.resumed", "other bits in theta where the steps go on from copies") in failed
    assert {requirement for requirement, _ in failed} <= {"adam.resumed", "adam.pure"}  # threads share the history too


# Saving and loading.


def through_npz(gb, path, theta, state):
    np.savez(path, step=state.step, theta=gb.to_numpy(theta), m=gb.to_numpy(state.m), v=gb.to_numpy(state.v))
    with np.load(path) as file:
        theta, m, v = (gb.asarray(file[name]) for name in NAMES)
        return theta, AdamState(int(file["step"]), m, v)


def through_pickle(gb, path, theta, state):
    path.write_bytes(pickle.dumps((theta, state)))
    return pickle.loads(path.read_bytes())


def through_torch_save(gb, path, theta, state):
    import torch

    torch.save({"theta": theta, "state": state._asdict()}, path)
    loaded = torch.load(path)
    return loaded["theta"], AdamState(**loaded["state"])


def array(gb, dtype, seed):
    return gb.asarray(numbers(seed, dtype, 5))


def tree(gb, dtype, seed):
    return {"layers": [array(gb, dtype, seed), gb.asarray(numbers(seed, dtype, 2, 3))], "scale": array(gb, dtype, seed)}


def leaves(gb, tree):
    """The bytes of the arrays of a tree."""
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves(gb, value)]
    if isinstance(tree, list):
        return [leaf for value in tree for leaf in leaves(gb, value)]
    return [gb.to_numpy(tree).tobytes()]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "variant", "save", "parameters"),
    [
        ("numpy", "", through_npz, array),
        ("numpy", "", through_pickle, tree),
        ("strict", "", through_npz, array),
        ("torch", "", through_npz, array),
        ("torch", "", through_pickle, tree),
        ("torch", "", through_torch_save, array),
        ("torch", "", through_torch_save, tree),
        ("jax", "", through_npz, array),
        ("jax", "", through_pickle, tree),
        ("jax", "jit", through_npz, array),
        ("jax", "jit", through_pickle, tree),
    ],
)
def test_a_state_that_is_saved_and_loaded_goes_on_to_the_same_bits(tmp_path, name, variant, save, parameters, dtype):
    gb = pytest.importorskip(f"gaugeblock.backends.{name}")
    adam_step = gb.variants[variant].adam_step if variant else gb.adam_step

    def run(theta, saved_after):
        state = gb.adam_init(theta)
        for done in range(1, STEPS + 1):
            theta, state = adam_step(theta, parameters(gb, dtype, done), state)
            if done in saved_after:
                theta, state = save(gb, tmp_path / "state.npz", theta, state)
        assert int(state.step) == STEPS
        return [leaf for each in (theta, state.m, state.v) for leaf in leaves(gb, each)]

    with gb.settings(dtype):
        straight = run(parameters(gb, dtype, 0), ())
        assert run(parameters(gb, dtype, 0), SAVED_AFTER) == straight
        for after in SAVED_AFTER:
            assert run(parameters(gb, dtype, 0), (after,)) == straight
