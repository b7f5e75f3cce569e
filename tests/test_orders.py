"""The theorem of random orders: its constants and its probabilities, by simulation and by trying every tree."""

import math

import numpy as np
import pytest

from gaugeblock.conformance.arithmetic.orders import Terms, confidence, lean_limit, order_bound, widest
from gaugeblock.conformance.arithmetic.rounding import MODELS

FLOAT32 = MODELS["float32"]


def most_of_any_tree(count, of_node):
    """The largest sum over the nodes of a binary tree with so many leaves."""
    best = [0.0, 0.0]
    for k in range(2, count + 1):
        best.append(of_node(k) + max(best[i] + best[k - i] for i in range(1, k // 2 + 1)))
    return best[count]


@pytest.mark.parametrize("count", [2, 3, 8, 33, 100])
def test_no_tree_has_more_than_the_constants_say(count):
    found = most_of_any_tree(count, lambda k: math.sqrt(min(k, count - k)))
    assert found <= widest(count)
    assert found > 0.7 * widest(count) or count < 10
    assert most_of_any_tree(count, lambda k: k) <= count * (count + 1) / 2


def test_the_constants_are_those_of_the_page():
    assert [round(confidence(calls), 2) for calls in (1, 4, 16, 64)] == [8.72, 4.48, 2.46, 1.60]
    assert widest(10**6) / 10**9 == pytest.approx(0.4714, rel=2e-3)
    assert [round(lean_limit(rows), 2) for rows in (512, 1024)] == [0.44, 0.35]


def data(name, count, rng):
    x = rng.normal(size=count)
    return {
        "normal": x,
        "uniform": rng.random(count),
        "heavy": x * np.exp(2 * rng.normal(size=count)),
        "one_large": np.where(np.arange(count) == 0, 50.0, x),
        "signs": np.sign(x),
    }[name]


@pytest.mark.parametrize("name", ["normal", "uniform", "heavy", "one_large", "signs"])
def test_partial_sums_exceed_their_limits_no_more_often_than_stated(name):
    """Of 100 000 random orders, for one node of a tree and for the mean over all nodes of a chain."""
    count, draws, rng = 16, 100_000, np.random.default_rng(3)
    p = data(name, count, rng)
    orders = rng.permuted(np.tile(p, (draws, 1)), axis=1)
    sizes = np.arange(1, count + 1)
    apart = np.abs(np.cumsum(orders, axis=1) - sizes * p.mean())[:, 1:]  # |Y_v| of each addition
    spread = p.std() * np.sqrt(np.minimum(sizes, count - sizes))[1:]
    reach = np.abs(p - p.mean()).max()

    def often(level, shrunk=1.0):
        limits = shrunk * (spread + level * reach / 3)
        node = np.mean(apart[:, count // 2 - 2] > level * limits[count // 2 - 2])
        return max(node, np.mean(apart.sum(axis=1) > level * limits.sum()))

    for level in (1.25, 1.5, 2.0, 2.5, 3.0):
        assert often(level) <= 2 * math.exp(-(level**2) / 2)
    assert often(2.0, shrunk=0.2) > 2 * math.exp(-2)  # so narrow a limit would be seen


def chain(p):
    return np.abs(np.cumsum(p, axis=0))[1:].sum(axis=0)


def pairs(p):
    total = np.zeros(p.shape[1])
    while len(p) > 1:
        p = p[0::2] + p[1::2]
        total += np.abs(p).sum(axis=0)
    return total


def blocks(p):
    return sum(map(chain, np.split(p, 8))) + chain(np.stack([part.sum(axis=0) for part in np.split(p, 8)]))


@pytest.mark.parametrize("name", ["normal", "uniform", "heavy", "one_large"])
def test_the_worst_roundings_stay_within_the_bound_and_come_near_it(name):
    """Each rounding at its worst: u times the magnitudes of the partial sums and of the products."""
    count, outputs, calls, rng = 64, 24, 16, np.random.default_rng(5)
    p = np.stack([data(name, count, rng) for _ in range(outputs)], axis=1)
    sums = p.sum(axis=0), np.abs(p).sum(axis=0), np.square(p).sum(axis=0), np.abs(p).max(axis=0)
    terms = Terms(count, 1, *sums, np.zeros(()))
    once, many = (order_bound(terms, each, FLOAT32, sums[0]) for each in (1, calls))
    worst = 0.0
    for tree in (chain, pairs, blocks):
        found = np.array([tree(p[rng.permutation(count)]) for _ in range(20 * calls)]) + sums[1]
        assert np.all(FLOAT32.unit * found <= once)
        mean = FLOAT32.unit * found.reshape(20, calls, outputs).mean(axis=1)
        worst = max(worst, float(np.max(mean / many)))
    assert 0.2 < worst < 1
    assert np.all(many < once)


def test_half_precision_adds_the_rounding_of_the_result():
    one = np.ones(1)
    terms = Terms(100, 1, 0 * one, 100 * one, 100 * one, one, 0 * one)
    sums = order_bound(terms, 16, FLOAT32, one)
    half = order_bound(terms, 16, MODELS["bfloat16"], one)
    assert half == pytest.approx(sums + 2.0**-8 * (1 + sums), rel=1e-5)
    # A bias is rounded along with every partial sum that has it.
    assert order_bound(terms._replace(bias=one), 16, FLOAT32, one) == pytest.approx(sums + 100 * 2.0**-24, rel=1e-3)
