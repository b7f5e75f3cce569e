"""The example that learns: how well, how it complains, and how far the backends part."""

import os
import re
import subprocess
import sys
from functools import partial
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import ml_dtypes
import numpy as np
import pytest
import train
import train_together

from gaugeblock import backends, reference
from gaugeblock.conformance.arithmetic import bounded
from gaugeblock.conformance.arithmetic.bounded import Bounded
from gaugeblock.conformance.arithmetic.rounding import MODELS

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "examples/train.py"
PAGE = (ROOT / "docs/training.md").read_text()
DTYPES = pytest.mark.parametrize("dtype", train_together.DTYPES)

pytestmark = pytest.mark.thorough


def start(*arguments, without=None, **options):
    """Run the script, as if the module `without` were not installed."""
    code = f"import runpy, sys; sys.modules[{without!r}] = None; runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    command = [sys.executable, *(["-c", code] if without else [str(SCRIPT)]), *map(str, arguments)]
    return subprocess.run(command, timeout=120, check=False, **{"capture_output": True, "text": True, **options})


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_it_learns_and_says_one_line_in_a_pipe(backend, tmp_path):
    done = start("--backend", backend, "--plot", tmp_path / "loss.svg")
    assert (done.returncode, done.stderr) == (0, "")
    line = re.fullmatch(rf"test accuracy (\d+\.\d)%, (\d+\.\d) s, 1320 steps, {backend}\n", done.stdout)
    assert line
    assert float(line[1]) >= 97
    assert float(line[2]) < 30 or backend != "numpy"
    assert (
        abs(float(re.search(r"all reach\n(\d+\.\d) %", PAGE)[1]) - float(line[1])) < 1
    )  # the last bits are a machine's
    assert "cross-entropy" in (tmp_path / "loss.svg").read_text()


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal")
def test_it_shows_progress_in_a_terminal():
    ours, theirs = os.openpty()
    run = subprocess.Popen([sys.executable, SCRIPT], stdout=theirs, env={**os.environ, "TERM": "xterm"})
    try:
        shown = b""
        while b"learning" not in shown:
            shown += os.read(ours, 4096)
            assert b"accuracy" not in shown
    finally:
        run.kill()
        run.wait()
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    ("arguments", "without", "message"),
    [
        (["--backend", "cupy"], None, "backend: got 'cupy'; wanted one of dask, jax, numpy, strict, torch"),
        (["--backend", "torch"], "torch", "pip install '.[torch]'"),
        ([], "sklearn", "sklearn is not installed; `pip install scikit-learn"),
        (["--plot", "loss.txt"], None, "--plot: got 'loss.txt'; wanted a file.svg, .png or .pdf"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(arguments, without, message):
    done = start(*arguments, without=without)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("train.py: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr


@pytest.fixture(scope="module")
def runs():
    return {dtype: train_together.run(dtype) for dtype in train_together.DTYPES}


@DTYPES
def test_the_losses_lie_in_the_bounds_that_say_something(runs, dtype):
    run = runs[dtype]
    assert run.said >= 2
    for losses in run.losses.values():
        assert np.all(np.abs(losses - run.value)[: run.said] <= run.bound[: run.said])


def test_the_page_says_how_far_the_backends_part(runs):
    def rows(text):
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]

    shown = rows(PAGE.partition(train_together.START)[2].partition(train_together.END)[0])
    measured = rows(train_together.summary(runs))
    assert shown[:2] == measured[:2]
    for said, found in zip(shown[2:], measured[2:], strict=True):
        assert (said[0], said[1], said[3]) == (found[0], found[1], found[3])
        # Differences are those of a machine's order of summation.
        assert all(float(found[i]) <= 10 * float(said[i]) for i in (2, 4))


@DTYPES
def test_the_strict_backend_lies_in_them_too(runs, dtype):
    run = runs[dtype]
    steps = islice(train_together.losses(backends.load("strict"), dtype), run.said)
    assert np.all(np.abs([float(loss) for loss in steps] - run.value[: run.said]) <= run.bound[: run.said])


@DTYPES
def test_another_order_of_operations_stays_in_the_bounds(runs, dtype):
    run, gb = runs[dtype], backends.load("numpy")
    reverse = SimpleNamespace(**vars(gb))
    reverse.dense = lambda x, w, b: b + sum(x[:, [i]] * w[i] for i in reversed(range(len(w))))
    losses = np.array([float(loss) for loss in islice(train_together.losses(reverse, dtype), 20)])
    assert np.any(losses != run.losses["numpy"][:20])  # the first ones may have the same bits
    assert np.all(np.abs(losses - run.value[:20])[: run.said] <= run.bound[: run.said])


@pytest.mark.parametrize("wrong", ["epsilon", "beta2", "relu_vjp", "bfloat16 products"])
def test_a_wrong_step_leaves_the_bounds(runs, wrong):
    run, gb = runs["float64"], SimpleNamespace(**vars(backends.load("numpy")))
    if wrong == "epsilon":
        gb.adam_step = partial(gb.adam_step, epsilon=1e-7)
    elif wrong == "beta2":
        gb.adam_step = partial(gb.adam_step, beta2=0.99)
    elif wrong == "relu_vjp":
        gb.relu_vjp = lambda x, g: g
    else:
        exact = gb.dense_vjp
        gb.dense_vjp = lambda *a: exact(*(each.astype(ml_dtypes.bfloat16).astype("float64") for each in a))
    losses = np.array([float(loss) for loss in train_together.losses(gb, "float64")])
    assert np.any(np.abs(losses - run.value)[: run.said] > run.bound[: run.said])


def test_relu_and_its_gradient_admit_all_that_the_errors_leave_open():
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(2, 1000))
    e, f = rng.uniform(0, 1, size=(2, 1000))
    lifted = [Bounded(a, b, MODELS["float64"], np.dtype("float64")) for a, b in ((x, e), (g, f))]
    y, gx = train_together.relu(lifted[0]), train_together.relu_vjp(*lifted)
    for s in (-1, -0.5, 0, 0.5, 1):
        assert np.all(np.abs(reference.relu(x + s * e) - y.value) <= y.error)
        for t in (-1, 1):
            assert np.all(np.abs(reference.relu_vjp(x + s * e, g + t * f) - gx.value) <= gx.error * (1 + 1e-12))


@pytest.mark.parametrize("steps", [1, 2, 10, 50])
def test_no_step_is_longer_than_the_longest(steps):
    # Cauchy and Schwarz: the longest step is that of gradients in proportion to the weights in m over those in v.
    ages = np.arange(steps)[::-1]
    worst = 0.9**ages / 0.999**ages
    grads = np.concatenate([worst[:, None], np.random.default_rng(0).normal(size=(steps, 100))], axis=1)
    theta = np.zeros(101)
    state = reference.adam_init(theta)
    for grad in grads:
        before = theta
        theta, state = reference.adam_step(theta, grad, state, learning_rate=train.LEARNING_RATE)
    moved = np.abs(theta - before)
    assert np.all(moved <= train_together.longest(steps))
    assert np.max(moved) > 0.98 * train_together.longest(steps)


def test_a_gradient_lost_in_its_error_moves_a_parameter_by_a_step_at_most():
    model, dtype = MODELS["float32"], np.dtype("float32")
    theta = {"w1": bounded.lift(np.ones(1), model, dtype)}
    grad = {"w1": Bounded(np.full(1, 1e-3), np.full(1, 2e-3), model, dtype)}
    after, state = train_together.adam_step(theta, grad, reference.adam_init(theta))
    assert 2 * train.LEARNING_RATE <= after["w1"].error[0] <= 2.1 * train.LEARNING_RATE
    assert int(state.step.value) == 1
