"""The numbers that the source prints for its formulas."""

import numpy as np
import pytest

from gaugeblock import backends

ROW = [0.13949236, 0.49890119, 0.28791965, 0.07368679]

# The row is printed to 8 digits, so each p is known to 5e-9; d(-log p) = dp / p: the loss is known to 5e-9 / 0.4989.
LOSS_TOLERANCE = 5e-9 / ROW[1]


@pytest.fixture(params=backends.NAMES)
def gb(request):
    backend = backends.load(request.param)
    with backend.settings("float64"):
        yield backend


def array(gb, values, dtype=np.float64):
    return gb.asarray(np.asarray(values, dtype))


def test_neuron(gb):
    y = gb.neuron(array(gb, 0.67378), array(gb, 0.54623), array(gb, 0.64272))
    assert float(y) == pytest.approx(1.0107588494, rel=0, abs=2**-52)


def test_dense_and_relu(gb):
    x, w, b = array(gb, [[0.34, 0.45, 0.69]]), array(gb, [[0.24], [0.53], [0.78]]), array(gb, [0.72])
    y = gb.dense(x, w, b)
    assert float(y[0, 0]) == pytest.approx(1.5783, rel=0, abs=2**-51)
    assert float(gb.relu(y)[0, 0]) == float(y[0, 0])


def test_loss(gb):
    labels = array(gb, [0, 1, 0, 0], np.int64)
    loss = float(gb.categorical_cross_entropy(labels, array(gb, ROW)))
    assert abs(loss - 0.6953472154376993) <= LOSS_TOLERANCE
    wrong = float(gb.categorical_cross_entropy(labels, array(gb, [0.13949236, 0.49890121, 0.28791965, 0.07368679])))
    assert abs(wrong - 0.6953472154376993) > LOSS_TOLERANCE
